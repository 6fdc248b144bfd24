// Who counts flows: the kernel, where flows are all that is asked for and it can; else this process, from packets that come through rings.

import type { FlowSource } from '../config/daemon-schema.ts';
import type { Delivery } from '../engine/delivery.ts';
import type { RunPlan } from '../engine/plan.ts';
import { TcxSource } from '../sources/tcx/tcx-source.ts';
import { MissingError } from '../system/errors.ts';
import { CountUnit, NO_INTERFACE } from './count-unit.ts';
import type { ChosenFlowSource, Wanted } from './messages.ts';
import { whyPacketsAreNeeded } from './packets-needed.ts';

export interface FlowSourceRequest {
  asked: FlowSource;
  plan: RunPlan;
  wanted: Wanted;
  workers: number;
  /** Room of the kernel's map. */
  entries: number;
  delivery: () => Delivery;
  note: (text: string) => void;
}

/** The kernel's counts, or undefined with the reason. Rejects with a MissingError when exactly that was asked for and can not be. */
export async function countedByKernel(
  request: FlowSourceRequest,
): Promise<{ unit: CountUnit | undefined; chosen: ChosenFlowSource }> {
  const { asked, plan, wanted, workers, entries, delivery, note } = request;
  const ring = (why: string) => ({ unit: undefined, chosen: { used: 'ring' as const, why } });
  if (asked === 'ring') return ring('capture.flow_source says so');
  const needed =
    whyPacketsAreNeeded(plan, wanted) ?? (workers > 1 ? 'workers asks for threads that capture' : undefined);
  if (needed !== undefined) {
    if (asked === 'tcx') throw new MissingError(`capture.flow_source: the kernel can not count flows here: ${needed}`);
    return ring(needed);
  }
  let isOpen = false;
  const source = new TcxSource({
    selection: NO_INTERFACE,
    tell: (words) => {
      if (isOpen) note(words);
    },
    entries: { v4: entries, v6: Math.ceil(entries / 2) },
  });
  try {
    await source.open();
    isOpen = true;
    return {
      unit: new CountUnit(source, plan, delivery),
      chosen: { used: 'tcx', why: asked === 'tcx' ? 'capture.flow_source says so' : 'flows are all that is asked for' },
    };
  } catch (error) {
    await source.close();
    if (asked === 'tcx') throw error;
    return ring((error as Error).message);
  }
}
