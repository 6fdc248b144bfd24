// What the tracker says to whoever looks into flows and writes them: the contract between counting and analysis.

import type { PacketBatch } from '../sources/source.ts';
import type { Extra, Stage } from './stage.ts';
import type { FlowTable } from './table.ts';

/** Why a flow ended. */
export type FlowEnd = 'fin' | 'rst' | 'timeout' | 'evicted' | 'reused' | 'end-of-input' | 'epoch';

/** Where a packet of a flow stands, for whoever looks into it. One object, reused. */
export interface PacketPlace {
  batch: PacketBatch;
  stage: Stage;
  /** Offset of the row in `stage.rows`. */
  row: number;
  /** The reassembled datagram when the packet is one, else null: offsets are in the batch's bytes. */
  extra: Extra | null;
  number: number;
  seconds: number;
  nanos: number;
  /** What each side was expected to send next before the packet was counted, and whether that was known: where reassembly begins. */
  readonly sequenceBefore: [number, number];
  readonly sequenceBeforeKnown: [boolean, boolean];
  /** Number of the packet that completed a handshake last. */
  establishedBy: number;
}

/** A place before the first packet. */
export const noPlace = (): PacketPlace => ({
  batch: null as never,
  stage: null as never,
  row: 0,
  extra: null,
  number: 0,
  seconds: 0,
  nanos: 0,
  sequenceBefore: [0, 0],
  sequenceBeforeKnown: [false, false],
  establishedBy: -1,
});

export interface FlowHandler {
  /** A packet was counted in this flow. `side`: 0 when the lower endpoint sent it. Called only when `wantsPackets`. */
  packet(table: FlowTable, slot: number, side: 0 | 1, place: PacketPlace): void;
  readonly wantsPackets: boolean;
  /** The flow is over; it is gone when this returns. */
  ended(table: FlowTable, slot: number, reason: FlowEnd): void;
  /** The interval is over; counters are set to zero when this returns. */
  report(table: FlowTable, slot: number): void;
  /** What happens from here on was caused by packet `number`: by itself, or by time passing just before it. */
  cause(number: number, phase: 'fragments' | 'timeout' | 'interval' | 'packet'): void;
  /** Time moved on just before packet `number`: deadlines of analyzers. Called after flows that ended. */
  tick(number: number, seconds: number): void;
  /** Output is waiting to be taken: pause. */
  full(): boolean;
  /** Packets could not be counted because the table is full of flows that cannot go. */
  refused(packets: number, frameBytes: number): void;
}
