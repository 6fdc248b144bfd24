// The states of a connection as far as flags alone tell them.

import * as layout from './layout.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  ACK,
  FIN,
  F_STATE,
  RST,
  SYN,
  S_FIN_A,
  S_FIN_B,
  S_SEEN_A,
  S_TCP_MASK,
  S_TCP_SHIFT,
  TCP_CLOSED,
  TCP_CLOSING,
  TCP_ESTABLISHED,
  TCP_PARTIAL,
  TCP_REJECTED,
  TCP_RESET,
  TCP_SYN_RECEIVED,
  TCP_SYN_SENT,
} = layout;

/** Flags without which a segment of a connection is dropped: one of them is always there (RFC 9293 section 3.10.7.4). */
export const SOME = SYN | RST | ACK;

/** First packet of a connection: its state from its flags. */
export function firstTcpState(flags: number): number {
  if (isOdd(flags)) return TCP_PARTIAL;
  if ((flags & SYN) !== 0) return (flags & ACK) !== 0 ? TCP_SYN_RECEIVED : TCP_SYN_SENT;
  return (flags & RST) !== 0 ? TCP_RESET : TCP_PARTIAL;
}

/** What flags alone tell, when the packets themselves were counted elsewhere: `flags` of all packets of one side together. */
export function countedTcp(words: Int32Array, base: number, side: number, flags: number): number {
  let state = words[base + F_STATE];
  if ((flags & FIN) !== 0) state |= side === 0 ? S_FIN_A : S_FIN_B;
  const both = (state & (3 * S_SEEN_A)) === 3 * S_SEEN_A;
  let tcp = tcpState(state);
  if ((flags & RST) !== 0) tcp = (flags & SYN) === 0 && !both ? TCP_REJECTED : TCP_RESET;
  else if (tcp !== TCP_RESET && tcp !== TCP_REJECTED) {
    if ((state & S_FIN_A) !== 0 && (state & S_FIN_B) !== 0) tcp = TCP_CLOSED;
    else if ((state & (S_FIN_A | S_FIN_B)) !== 0) tcp = TCP_CLOSING;
    else if (both) tcp = TCP_ESTABLISHED;
    else tcp = (flags & (SYN | ACK)) === SYN ? TCP_SYN_SENT : TCP_PARTIAL;
  }
  words[base + F_STATE] = (state & ~S_TCP_MASK) | (tcp << S_TCP_SHIFT);
  return tcp;
}

export function tcpState(state: number): number {
  return (state & S_TCP_MASK) >>> S_TCP_SHIFT;
}

/** No flag that means anything, or some that contradict each other: every receiver drops it. */
export function isOdd(flags: number): boolean {
  return (flags & SOME) === 0 || ((flags & SYN) !== 0 && (flags & (FIN | RST)) !== 0);
}
