// What only packets can tell: with it, flows can not be left to the kernel.

import type { RunPlan } from '../engine/plan.ts';
import { isHeadersOnly } from '../engine/run.ts';
import type { Wanted } from './messages.ts';

/** Why counts alone do not do; undefined when they do. */
export function whyPacketsAreNeeded(plan: RunPlan, wanted: Wanted): string | undefined {
  if (!isHeadersOnly(plan)) return 'capture.records has more than flows';
  if (!('interfaces' in wanted)) return undefined;
  for (const [name, { filter = '', ignore_vlans = false, snap_length }] of Object.entries(wanted.interfaces)) {
    const setting =
      filter !== '' ? 'filter' : ignore_vlans ? 'ignore_vlans' : snap_length !== undefined ? 'snap_length' : '';
    if (setting !== '') return `${name} has ${setting}, which looks at packets`;
  }
  return undefined;
}
