// Flows summed up, as they are written out and asked for: by source, destination, service port and protocol, without the client's port.

import { Address } from '../records/address.ts';
import type { Flow, FlowKey } from './flow.ts';
import { BYTES_RCVD, BYTES_SENT, COUNTERS, KeyTable, PACKETS_RCVD, PACKETS_SENT } from './key-table.ts';

export type AggregatedFlow = Omit<FlowKey, 'sport'> & Flow;

export class AggFlowMap {
  /** IPv4 flows. */
  readonly primaryMap = new KeyTable(true);
  /** IPv6 flows. */
  readonly secondaryMap = new KeyTable(false);
  readonly #key = new Int32Array(10);

  get size(): number {
    return this.primaryMap.size + this.secondaryMap.size;
  }

  /** Adds a row of a flow log. */
  add(from: KeyTable, row: number): void {
    const to = from.isV4 ? this.primaryMap : this.secondaryMap;
    const { width } = from;
    const key = this.#key;
    for (let i = 0; i < width; i++) key[i] = from.words[row * width + i];
    key[width - 2] &= 0xffff;
    let at = to.find(key, 0, false);
    if (at < 0) at = to.insert(key, 0, false);
    for (let i = 0; i < COUNTERS; i++) to.counters[at * COUNTERS + i] += from.counters[row * COUNTERS + i];
  }

  /** Those for which `wanted` says true. */
  filter(wanted: (flow: Omit<FlowKey, 'sport'>) => boolean): AggFlowMap {
    const some = new AggFlowMap();
    for (const table of [this.primaryMap, this.secondaryMap]) {
      for (let row = 0; row < table.rows; row++) if (wanted(keyAt(table, row))) some.add(table, row);
    }
    return some;
  }

  /** Every flow, IPv4 first. */
  *[Symbol.iterator](): Iterator<AggregatedFlow> {
    for (const table of [this.primaryMap, this.secondaryMap]) {
      for (let row = 0; row < table.rows; row++) {
        const { sport: _, ...key } = keyAt(table, row);
        yield { ...key, ...flowAt(table, row) };
      }
    }
  }

  toJSON(): AggregatedFlow[] {
    return [...this];
  }
}

/** The names of a row's flow. */
export function keyAt(table: KeyTable, row: number): FlowKey {
  const { words, width, isV4 } = table;
  const at = row * width;
  const ports = words[at + width - 2];
  return {
    sip: addressAt(words, at, isV4),
    dip: addressAt(words, at + (isV4 ? 1 : 4), isV4),
    sport: ports >>> 16,
    dport: ports & 0xffff,
    proto: words[at + width - 1],
  };
}

/** The counters of a row's flow. */
export function flowAt(table: KeyTable, row: number): Flow {
  const at = row * COUNTERS;
  const { counters } = table;
  return {
    bytesRcvd: counters[at + BYTES_RCVD],
    bytesSent: counters[at + BYTES_SENT],
    packetsRcvd: counters[at + PACKETS_RCVD],
    packetsSent: counters[at + PACKETS_SENT],
  };
}

function addressAt(words: Int32Array, at: number, isV4: boolean): string {
  const address = new Address();
  if (isV4) address.setV4(words[at]);
  else address.setV6(words[at], words[at + 1], words[at + 2], words[at + 3]);
  return String(address);
}
