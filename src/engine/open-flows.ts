// A look at the flows that are open: it changes nothing.

import { fillRecord, fillView } from '../flow/document.ts';
import { C_LINK, COLD_WORDS, F_PACKETS_A, F_PACKETS_B, HOT_SHIFT } from '../flow/layout.ts';
import type { Links } from '../flow/links.ts';
import { type FlowRecord, flowRecord } from '../flow/record.ts';
import type { FlowTracker } from '../flow/tracker.ts';
import { FlowView } from '../protocols/flow-view.ts';
import { blankRecord } from '../records/record.ts';
import type { Applications } from './applications.ts';

/** Open flows by the interface that saw their first packet; '' where it has no name. */
export function flowsByInterface(tracker: FlowTracker, links: Links): Record<string, number> {
  const byLink = new Map<number, number>();
  for (const table of [tracker.v4, tracker.v6]) {
    table.forEach((slot) => {
      const link = table.cold[slot * COLD_WORDS + C_LINK];
      byLink.set(link, (byLink.get(link) ?? 0) + 1);
    });
  }
  const flows: Record<string, number> = {};
  for (const [link, n] of byLink) {
    const name = links.get(link).interfaceName ?? '';
    flows[name] = (flows[name] ?? 0) + n;
  }
  return flows;
}

/** Gives what open flows saw since their last document, up to packet `number`, to `put`, until that says that it has enough. */
export function lookAtFlows(
  tracker: FlowTracker,
  links: Links,
  applications: Applications,
  number: number,
  put: (record: FlowRecord, view: FlowView) => boolean,
): void {
  const record = blankRecord(flowRecord);
  const flowView = new FlowView();
  for (const table of [tracker.v4, tracker.v6]) {
    let isEnough = false;
    table.forEach((slot) => {
      const base = slot << HOT_SHIFT;
      if (isEnough || (table.words[base + F_PACKETS_A] === 0 && table.words[base + F_PACKETS_B] === 0)) return;
      const view = fillView(flowView, table, slot, links, number);
      fillRecord(record, table, slot, links, number, 'interval', applications.of(table, slot));
      isEnough = !put(record, view);
    });
    if (isEnough) return;
  }
}
