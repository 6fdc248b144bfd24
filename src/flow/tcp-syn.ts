// SYNs of a connection: what they say, which of several counts, and which are none of its own (RFC 9293 section 3.10.7, RFC 5961 section 4).

import { isTcpChecksumWrong, sumWords } from '../wire/tcp-checksum.ts';
import { TcpOptions } from '../wire/tcp-options.ts';
import * as layout from './layout.ts';
import { coldAt } from './layout.ts';
import { SYN_FACTS_OFFLOADED, synFacts } from './syn-facts.ts';
import type { FlowTable } from './table.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  ACK,
  C_ISN,
  C_SYN_A,
  E_ASIDE,
  E_OTHER_SYN,
  F_SEQUENCE_A,
  F_STATE,
  H_FLAGS,
  H_FLAG_SYNACK_MOVED,
  H_FLAG_SYN_AGAIN,
  H_FLAG_SYN_MOVED,
  S_OTHER_SYN,
  S_SEQUENCE_A,
  TCP_REJECTED,
  TCP_SYN_RECEIVED,
  TCP_SYN_SENT,
} = layout;

const HEADER = 20;
const options = new TcpOptions();

/** In place of the network header's offset: the options were not all captured. */
export const NO_OPTIONS = -2;

/** Notes what a SYN says. `network` -1: checksums do not matter; `NO_OPTIONS`: what it says is not known. */
export function noteSyn(
  table: FlowTable,
  base: number,
  side: number,
  bytes: Uint8Array,
  view: DataView,
  network: number,
  t: number,
  length: number,
  ttl: number,
): void {
  if (network === NO_OPTIONS) return;
  const data = t + ((bytes[t + 12] >> 4) << 2);
  options.readOptions(bytes, view, t + HEADER, data);
  if (options.isBroken) table.note(base, 'bad_options');
  const { cold } = table;
  const at = coldAt(base) + C_SYN_A + side;
  let facts = synFacts(options, view.getUint16(t + 14), ttl);
  // Only when no copy had a right one: else the wrong one was never taken.
  if (network >= 0 && (cold[at] === 0 || (cold[at] & SYN_FACTS_OFFLOADED) !== 0)) {
    const end = data + length;
    if (end <= bytes.length && isTcpChecksumWrong(view, network, t, data, length, sumWords(view, data, end)))
      facts |= SYN_FACTS_OFFLOADED;
  }
  cold[at] = facts;
}

/** A SYN, with ACK or without, that is not part of the connection's handshake. */
export function isForeignSyn(
  table: FlowTable,
  base: number,
  side: number,
  flags: number,
  sequence: number,
  tcp: number,
): boolean {
  const state = table.words[base + F_STATE];
  if ((flags & ACK) === 0 && (state & S_OTHER_SYN) !== 0) {
    const e = table.extensions.of(base);
    const x = table.extensions.words;
    if ((x[e + E_ASIDE] & 1) === side && x[e + E_OTHER_SYN] === (sequence | 0)) return true;
  }
  if (tcp === TCP_SYN_SENT || tcp === TCP_SYN_RECEIVED || tcp === TCP_REJECTED) return false;
  if ((state & (S_SEQUENCE_A << side)) === 0) return false;
  // One that was sent again is behind what was sent since.
  return ((sequence + 1 - table.words[base + F_SEQUENCE_A + side]) | 0) > 0;
}

/** A SYN or SYN-ACK with another number than the one before: the later one counts until an acknowledgment decides. */
export function moveSyn(
  table: FlowTable,
  base: number,
  side: number,
  flags: number,
  sequence: number,
  consumed: number,
  tcp: number,
): boolean {
  if (tcp !== TCP_SYN_SENT && tcp !== TCP_SYN_RECEIVED) return false;
  const { words, cold } = table;
  const isAnswer = (flags & ACK) !== 0;
  if (!isAnswer && cold[coldAt(base) + C_ISN] === (sequence | 0)) return false;
  if (isAnswer && (sequence + 1) >>> 0 === words[base + F_SEQUENCE_A + side] >>> 0) return false;
  const isn = cold[coldAt(base) + C_ISN];
  words[base + F_SEQUENCE_A + side] = sequence + consumed;
  if (!isAnswer) cold[coldAt(base) + C_ISN] = sequence;
  if (!isAnswer) {
    const e = table.extensions.of(base);
    table.extensions.words[e + E_OTHER_SYN] = isn;
  }
  const h = table.handshakes.of(base);
  table.handshakes.words[h + H_FLAGS] |= isAnswer ? H_FLAG_SYNACK_MOVED : H_FLAG_SYN_MOVED | H_FLAG_SYN_AGAIN;
  table.note(base, isAnswer ? 'synack_moved' : 'syn_moved');
  return true;
}

/** The responder refuses the other one of two SYNs: it has given up the connection (RFC 9293 section 3.10.7.4). */
export function isForMovedSyn(table: FlowTable, base: number, flags: number, view: DataView, t: number): boolean {
  const h = table.handshakes.find(base);
  if (h < 0 || (table.handshakes.words[h + H_FLAGS] & H_FLAG_SYN_MOVED) === 0 || (flags & ACK) === 0) return false;
  const e = table.extensions.of(base);
  return view.getInt32(t + 8) === ((table.extensions.words[e + E_OTHER_SYN] + 1) | 0);
}
