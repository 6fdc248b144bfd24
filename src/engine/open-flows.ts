// A look at the flows that are open: it changes nothing.

import { fillRecord, fillView } from '../flow/document.ts';
import { C_LINK, COLD_WORDS, F_PACKETS_A, F_PACKETS_B, HOT_SHIFT } from '../flow/layout.ts';
import type { Links } from '../flow/links.ts';
import { type FlowRecord, flowRecord } from '../flow/record.ts';
import type { FlowTracker } from '../flow/tracker.ts';
import { FlowView } from '../protocols/flow-view.ts';
import { blankRecord } from '../records/record.ts';
import type { Applications } from './applications.ts';

/** Counts open flows by the interface that saw their first packet, a shard at a time: a million of them take a tenth of a second. */
export class FlowsByInterface {
  readonly #tracker: FlowTracker;
  readonly #links: Links;
  readonly #byLink = new Map<number, number>();

  constructor(tracker: FlowTracker, links: Links) {
    this.#tracker = tracker;
    this.#links = links;
  }

  add(shard: number): void {
    // Most flows come after one of the same link: a map is asked for the others.
    let last = -1;
    let run = 0;
    const note = () => this.#byLink.set(last, (this.#byLink.get(last) ?? 0) + run);
    for (const table of [this.#tracker.v4, this.#tracker.v6]) {
      table.forEachOf(shard, (slot) => {
        const link = table.cold[slot * COLD_WORDS + C_LINK];
        if (link === last) {
          run++;
          return;
        }
        if (run > 0) note();
        last = link;
        run = 1;
      });
    }
    if (run > 0) note();
  }

  /** By name; '' where an interface has none. */
  counts(): Record<string, number> {
    const flows: Record<string, number> = {};
    for (const [link, n] of this.#byLink) {
      const name = this.#links.get(link).interfaceName ?? '';
      flows[name] = (flows[name] ?? 0) + n;
    }
    return flows;
  }
}

/**
 * Gives what open flows of a shard saw since their last document, up to packet `number`, to `put`, until that says that it has enough; then
 * this is false.
 */
export function lookAtFlows(
  tracker: FlowTracker,
  links: Links,
  applications: Applications,
  number: number,
  shard: number,
  put: (record: FlowRecord, view: FlowView) => boolean,
): boolean {
  const record = blankRecord(flowRecord);
  const flowView = new FlowView();
  let wantsMore = true;
  for (const table of [tracker.v4, tracker.v6]) {
    table.forEachOf(shard, (slot) => {
      const base = slot << HOT_SHIFT;
      if (!wantsMore || (table.words[base + F_PACKETS_A] === 0 && table.words[base + F_PACKETS_B] === 0)) return;
      const view = fillView(flowView, table, slot, links, number);
      fillRecord(record, table, slot, links, number, 'interval', applications.of(table, slot));
      wantsMore = put(record, view);
    });
  }
  return wantsMore;
}
