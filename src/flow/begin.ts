// The row of a new flow: who began it, what its first packet says of its state, where and when that came.

import type { PacketBatch } from '../sources/source.ts';
import { GUESS, senderBegan } from './initiator.ts';
import * as layout from './layout.ts';
import { coldAt } from './layout.ts';
import type { Links } from './links.ts';
import type { Stage } from './stage.ts';
import * as stageWords from './stage.ts';
import { viewOfExtra } from './stage.ts';
import type { FlowTable } from './table.ts';
import { firstTcpState } from './tcp-state.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  ACK,
  C_FIRST_NANOS,
  C_FIRST_PACKET,
  C_FIRST_SECONDS,
  C_ISN,
  C_LINK,
  F_LAST_NANOS,
  F_LAST_SECONDS,
  F_STATE,
  HOT_SHIFT,
  S_CONFIDENCE_SHIFT,
  S_INITIATOR_B,
  S_PORTS,
  S_TCP_SHIFT,
  SYN,
} = layout;
const {
  INFO_BARE,
  INFO_COUNTED,
  INFO_EXTRA,
  INFO_PORTS,
  INFO_REVERSE,
  INFO_TCP,
  INFO_TUNNEL,
  ROW,
  ROW_EXTRA,
  ROW_INFO,
  ROW_MARKS,
  ROW_PACKET,
  ROW_PORTS,
  ROW_PROTOCOL,
  ROW_TRANSPORT,
} = stageWords;

const PROTOCOL_TCP = 6;

/** Fills the row in `slot` for staged row `r`; number and time are those of the packet that began it. */
export function beginFlow(
  table: FlowTable,
  slot: number,
  stage: Stage,
  batch: PacketBatch,
  r: number,
  links: Links,
  number: number,
  seconds: number,
  nanos: number,
): void {
  const { rows } = stage;
  const row = r * ROW;
  const info = rows[row + ROW_INFO];
  const packet = rows[row + ROW_PACKET];
  const { words, cold } = table;
  const base = slot << HOT_SHIFT;
  const marks = rows[row + ROW_MARKS];
  const flags = marks & 0xff;
  const side = (info & INFO_REVERSE) !== 0 ? 1 : 0;
  const ports = rows[row + ROW_PORTS];
  const low = ports >>> 16;
  const high = ports & 0xffff;
  const counted = (info & INFO_COUNTED) !== 0 ? stage.extras[rows[row + ROW_EXTRA]].counted : undefined;
  const isCountedTcp = counted !== undefined && (rows[row + ROW_PROTOCOL] & 0xff) === PROTOCOL_TCP;
  const answer =
    (info & INFO_BARE) !== 0
      ? (GUESS << 1) | 1
      : senderBegan(
          isCountedTcp ? info | INFO_TCP : info,
          counted?.firstTcpFlags ?? flags,
          side === 0 ? low : high,
          side === 0 ? high : low,
        );
  const initiatorB = (answer & 1) === 1 ? side : 1 - side;
  let state = (initiatorB === 1 ? S_INITIATOR_B : 0) | ((answer >> 1) << S_CONFIDENCE_SHIFT);
  if ((info & INFO_PORTS) !== 0) state |= S_PORTS;
  if ((info & INFO_TCP) !== 0) {
    state |= firstTcpState(flags) << S_TCP_SHIFT;
    if ((flags & SYN) !== 0) {
      const t = rows[row + ROW_TRANSPORT];
      const view = (info & INFO_EXTRA) !== 0 ? viewOfExtra(stage.extras[rows[row + ROW_EXTRA]].bytes!) : batch.view;
      // The SYN-ACK acknowledges the initial sequence number + 1.
      cold[coldAt(base) + C_ISN] = (flags & ACK) === 0 ? view.getInt32(t + 4) : (view.getInt32(t + 8) - 1) | 0;
    }
  }
  words[base + F_STATE] = state;
  cold[coldAt(base) + C_FIRST_PACKET] = number;
  cold[coldAt(base) + C_FIRST_SECONDS] = seconds;
  cold[coldAt(base) + C_FIRST_NANOS] = nanos;
  words[base + F_LAST_SECONDS] = seconds;
  words[base + F_LAST_NANOS] = nanos;
  if (packet >= 0) {
    const extra = (info & INFO_EXTRA) !== 0 ? stage.extras[rows[row + ROW_EXTRA]] : undefined;
    const isTunnelled = (info & INFO_TUNNEL) !== 0;
    cold[coldAt(base) + C_LINK] = links.of(batch, packet, side === 1, isTunnelled, extra?.bytes, extra?.tunnels);
  } else if (counted !== undefined) cold[coldAt(base) + C_LINK] = links.ofCounted(counted.interfaceId, counted.vlan);
}
