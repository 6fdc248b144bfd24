// When a segment belongs to another connection between the same ports than the one that was followed.

import * as layout from './layout.ts';
import { coldAt } from './layout.ts';
import type { FlowTable } from './table.ts';
import { isOdd, tcpState } from './tcp-state.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  ACK,
  C_ISN,
  E_ASIDE,
  E_OTHER_SYN,
  F_SEQUENCE_A,
  F_STATE,
  H_FLAGS,
  H_FLAG_SYN_MOVED,
  RST,
  SYN,
  S_INITIATOR_B,
  S_OTHER_SYN,
  S_RESET_LAST,
  S_SEEN_A,
  S_SEQUENCE_A,
  S_WATCH,
  TCP_CLOSED,
  TCP_PARTIAL,
  TCP_REJECTED,
  TCP_RESET,
  TCP_SYN_RECEIVED,
  TCP_SYN_SENT,
} = layout;

/** Sequence numbers that are no farther apart belong together. */
const NEAR = 1 << 16;
/**
 * Does this segment begin another connection between the same ports? A SYN does where the old connection is over and its number is
 * beyond the old ones (RFC 6191). Elsewhere its receiver would not obey it: it is remembered, and whoever answers it or goes on behind
 * it shows that the old connection was over after all.
 */
export function reusesPorts(
  table: FlowTable,
  base: number,
  side: number,
  flags: number,
  view: DataView,
  t: number,
): boolean {
  const { words, cold } = table;
  const state = words[base + F_STATE];
  if (isOdd(flags)) return false;
  const sequence = view.getInt32(t + 4);
  if ((flags & (SYN | ACK)) !== SYN)
    return (state & S_OTHER_SYN) !== 0 && isForOtherSyn(table, base, side, flags, view, t);
  const fromInitiator = (state & S_INITIATOR_B) === side;
  const tcp = tcpState(state);
  const isKnown = (state & (S_SEQUENCE_A << side)) !== 0;
  switch (tcp) {
    case TCP_REJECTED:
    case TCP_RESET:
      return !fromInitiator || cold[coldAt(base) + C_ISN] !== sequence;
    case TCP_CLOSED:
      if (!isKnown || ((sequence - words[base + F_SEQUENCE_A + side]) | 0) > 0) return true;
      break;
    case TCP_SYN_SENT:
      return fromInitiator && isAnotherAttempt(table, base, sequence);
    case TCP_SYN_RECEIVED:
      if (!fromInitiator) return false;
  }
  if (fromInitiator && cold[coldAt(base) + C_ISN] === sequence && tcp !== TCP_PARTIAL) return false;
  const e = table.extensions.of(base);
  const x = table.extensions.words;
  x[e + E_OTHER_SYN] = sequence;
  x[e + E_ASIDE] = (x[e + E_ASIDE] & ~1) | side;
  words[base + F_STATE] = state | S_OTHER_SYN | S_WATCH;
  return false;
}

/**
 * A SYN that nobody answered, and now one with another number. Which of the two counts is for the answer to say (`moveSyn`). A third
 * number, or another one behind a reset that asked for nothing better, is no copy that was changed on its way: the sender tries anew.
 */
function isAnotherAttempt(table: FlowTable, base: number, sequence: number): boolean {
  if (table.cold[coldAt(base) + C_ISN] === sequence) return false;
  if ((table.words[base + F_STATE] & S_RESET_LAST) !== 0) return true;
  const h = table.handshakes.find(base);
  if (h < 0 || (table.handshakes.words[h + H_FLAGS] & H_FLAG_SYN_MOVED) === 0) return false;
  const e = table.extensions.of(base);
  return table.extensions.words[e + E_OTHER_SYN] !== sequence;
}

function isForOtherSyn(
  table: FlowTable,
  base: number,
  side: number,
  flags: number,
  view: DataView,
  t: number,
): boolean {
  const e = table.extensions.of(base);
  const x = table.extensions.words;
  const next = (x[e + E_OTHER_SYN] + 1) | 0;
  const fromSyn = (x[e + E_ASIDE] & 1) === side;
  if ((flags & SYN) !== 0) return !fromSyn && view.getInt32(t + 8) === next;
  const { words } = table;
  if (!fromSyn) {
    // Its SYN-ACK was not captured.
    const acknowledgment = view.getInt32(t + 8);
    const isNew = (acknowledgment - next) >>> 0 < NEAR;
    const isOld = (acknowledgment - words[base + F_SEQUENCE_A + 1 - side] + NEAR) >>> 0 < 2 * NEAR;
    return (flags & (RST | ACK)) === ACK && isNew && !isOld;
  }
  // Who receives it is not seen at all.
  if ((words[base + F_STATE] & (S_SEEN_A << (1 - side))) !== 0) return false;
  return (flags & RST) === 0 && view.getInt32(t + 4) === next && words[base + F_SEQUENCE_A + side] !== next;
}
