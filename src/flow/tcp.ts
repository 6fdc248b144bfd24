// What a bystander can tell of a TCP connection from its headers alone (RFC 9293): state, handshake times, retransmissions, holes,
// zero windows. Reassembly knows more, but costs more; flows have this much always. What a receiver would not obey (RFC 5961: resets
// and SYNs that are not where they must be) changes nothing here either, as far as headers tell.

import { isTcpChecksumWrong, sumWords } from '../wire/tcp-checksum.ts';
import { TcpOptions } from '../wire/tcp-options.ts';
import * as layout from './layout.ts';
import { coldAt } from './layout.ts';
import { SYN_FACTS_OFFLOADED, synFacts } from './syn-facts.ts';
import type { FlowTable } from './table.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  ACK,
  C_FIRST_NANOS,
  C_FIRST_SECONDS,
  C_ISN,
  C_SYN_A,
  E_ASIDE,
  E_GAPS_A,
  E_HOLE_A,
  E_OTHER_SYN,
  E_RESET_SEQUENCE,
  E_RETRANSMITS_A,
  E_ZERO_WINDOWS_A,
  FIN,
  F_SEQUENCE_A,
  F_STATE,
  H_FLAGS,
  H_FLAG_HANDSHAKE,
  H_FLAG_SERVER,
  H_FLAG_SYNACK_MOVED,
  H_FLAG_SYN_AGAIN,
  H_FLAG_SYN_MOVED,
  H_HANDSHAKE_RTT,
  H_SERVER_RTT,
  RST,
  SYN,
  S_FIN_A,
  S_FIN_B,
  S_INITIATOR_B,
  S_OTHER_SYN,
  S_RESET_LAST,
  S_SEEN_A,
  S_SEQUENCE_A,
  S_TCP_MASK,
  S_TCP_SHIFT,
  S_WATCH,
  TCP_CLOSED,
  TCP_CLOSING,
  TCP_ESTABLISHED,
  TCP_PARTIAL,
  TCP_REJECTED,
  TCP_RESET,
  TCP_SYN_RECEIVED,
  TCP_SYN_SENT,
} = layout;

const HEADER = 20;
/** Sequence numbers that are no farther apart belong together. */
const NEAR = 1 << 16;
/** Flags without which a segment of a connection is dropped: one of them is always there (RFC 9293 section 3.10.7.4). */
const SOME = SYN | RST | ACK;

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
function isOdd(flags: number): boolean {
  return (flags & SOME) === 0 || ((flags & SYN) !== 0 && (flags & (FIN | RST)) !== 0);
}

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
      return false;
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

const options = new TcpOptions();

/** Notes what a SYN says. `network` -1: checksums do not matter. */
function noteSyn(
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

/** Follows one segment of side `side` (0: A, 1: B); returns the new state. The TCP header is at `t`, `network` as in `noteSyn`. */
export function trackTcp(
  table: FlowTable,
  base: number,
  side: number,
  bytes: Uint8Array,
  view: DataView,
  network: number,
  t: number,
  flags: number,
  ttl: number,
  length: number,
  seconds: number,
  nanos: number,
): number {
  const { words, cold } = table;
  let state = words[base + F_STATE];
  let tcp = (state & S_TCP_MASK) >>> S_TCP_SHIFT;
  const sequence = view.getUint32(t + 4);
  if (isOdd(flags)) {
    table.note(base, (flags & (SOME | FIN)) === FIN ? 'fin_no_ack' : 'odd_flags');
    return tcp;
  }
  const isSyn = (flags & SYN) !== 0;
  const known = S_SEQUENCE_A << side;
  const next = base + F_SEQUENCE_A + side;
  const fromInitiator = (state & S_INITIATOR_B) === side;
  if (isSyn && isForeignSyn(table, base, side, flags, sequence, tcp)) {
    table.note(base, 'syn_ignored');
    return tcp;
  }
  // Nothing ends before it began (RFC 9293 section 3.10.7.3).
  if ((flags & FIN) !== 0 && !fromInitiator && (tcp === TCP_SYN_SENT || tcp === TCP_REJECTED)) {
    table.note(base, 'odd_flags');
    return tcp;
  }
  const consumed = length + (isSyn ? 1 : 0) + (flags & FIN ? 1 : 0);
  const before = words[next];
  if ((flags & RST) === 0) {
    if ((state & known) === 0) {
      words[next] = sequence + consumed;
      state |= known;
    } else if (consumed !== 0) {
      const ahead = (sequence - before) | 0;
      if (ahead === 0) words[next] = sequence + consumed;
      else if (!isSyn || !moveSyn(table, base, side, flags, sequence, consumed, tcp))
        trackDisorder(table, base, side, ahead, sequence, consumed, flags);
    }
    if (isSyn) noteSyn(table, base, side, bytes, view, network, t, length, ttl);
    if (!isSyn && view.getUint16(t + 14) === 0) {
      const e = table.extensions.of(base);
      table.extensions.words[e + E_ZERO_WINDOWS_A + side]++;
    }
    if ((state & S_RESET_LAST) !== 0) {
      state &= ~S_RESET_LAST;
      const e = table.extensions.of(base);
      if (words[next] === table.extensions.words[e + E_RESET_SEQUENCE] && consumed !== 0) tcp = TCP_RESET;
      else table.note(base, 'rst_ignored');
    }
  }

  if ((flags & RST) !== 0) {
    const e = table.extensions.of(base);
    const x = table.extensions.words;
    // RFC 9293 section 3.10.7.3: a SYN is refused by acknowledging it; else RFC 5961 section 3.2: exactly the next number. A reset
    // that answers what came before the FIN was seen has the FIN's.
    const isSound =
      tcp === TCP_SYN_SENT && !fromInitiator
        ? (flags & ACK) !== 0 && view.getInt32(t + 8) === words[base + F_SEQUENCE_A + 1 - side]
        : (tcp === TCP_SYN_RECEIVED && !fromInitiator && isForMovedSyn(table, base, flags, view, t)) ||
          (state & known) === 0 ||
          sequence === before >>> 0 ||
          ((state & (side === 0 ? S_FIN_A : S_FIN_B)) !== 0 && sequence === (before - 1) >>> 0);
    const isOver = tcp === TCP_CLOSED || tcp === TCP_RESET || tcp === TCP_REJECTED;
    if (isSound && !isOver) {
      x[e + E_ASIDE] = (x[e + E_ASIDE] & 1) | (tcp << 4);
      tcp = tcp === TCP_SYN_SENT && !fromInitiator ? TCP_REJECTED : TCP_RESET;
      state &= ~S_RESET_LAST;
    } else if (!isOver) {
      x[e + E_RESET_SEQUENCE] = sequence;
      state |= S_RESET_LAST;
    }
  } else if (isSyn) {
    if ((flags & ACK) !== 0) {
      // A refusal that is taken back was forged.
      if ((tcp === TCP_SYN_SENT || tcp === TCP_REJECTED) && !fromInitiator) {
        const h = table.handshakes.of(base);
        const x = table.handshakes.words;
        if (tcp === TCP_REJECTED) {
          table.note(base, 'refusal_ignored');
          // Which SYN it answers is not known then, and what the forger sent is no part of the stream.
          x[h + H_FLAGS] |= H_FLAG_SYN_AGAIN;
          words[next] = sequence + consumed;
        }
        tcp = TCP_SYN_RECEIVED;
        if ((x[h + H_FLAGS] & H_FLAG_SYN_MOVED) !== 0) {
          // It says which of the SYNs counts.
          const isn = (view.getInt32(t + 8) - 1) | 0;
          const e = table.extensions.of(base);
          const others = table.extensions.words;
          if (isn === others[e + E_OTHER_SYN]) others[e + E_OTHER_SYN] = cold[coldAt(base) + C_ISN];
          cold[coldAt(base) + C_ISN] = isn;
          words[base + F_SEQUENCE_A + 1 - side] = isn + 1;
        }
        if ((x[h + H_FLAGS] & H_FLAG_SYN_AGAIN) === 0) {
          putNanos(
            x,
            h + H_SERVER_RTT,
            seconds - (cold[coldAt(base) + C_FIRST_SECONDS] >>> 0),
            nanos - cold[coldAt(base) + C_FIRST_NANOS],
          );
          x[h + H_FLAGS] |= H_FLAG_SERVER;
        }
      }
    } else if (
      fromInitiator &&
      tcp === TCP_SYN_SENT &&
      (state & known) !== 0 &&
      cold[coldAt(base) + C_FIRST_SECONDS] !== 0
    ) {
      const first =
        cold[coldAt(base) + C_FIRST_SECONDS] >>> 0 === seconds && cold[coldAt(base) + C_FIRST_NANOS] === nanos;
      if (!first) {
        const h = table.handshakes.of(base);
        table.handshakes.words[h + H_FLAGS] |= H_FLAG_SYN_AGAIN;
      }
    } else if (!fromInitiator && tcp === TCP_SYN_SENT) {
      tcp = TCP_SYN_RECEIVED; // Simultaneous open, split handshake.
      table.note(base, 'both_syn');
    }
  } else {
    if (tcp === TCP_SYN_RECEIVED && (flags & ACK) !== 0 && fromInitiator) {
      tcp = TCP_ESTABLISHED;
      const h = table.handshakes.find(base);
      if (h >= 0) {
        const x = table.handshakes.words;
        // Of several SYN-ACKs the acknowledged one counts.
        if ((x[h + H_FLAGS] & H_FLAG_SYNACK_MOVED) !== 0) words[base + F_SEQUENCE_A + 1 - side] = view.getInt32(t + 8);
        if ((x[h + H_FLAGS] & (H_FLAG_SERVER | H_FLAG_SYN_AGAIN)) === H_FLAG_SERVER) {
          putNanos(
            x,
            h + H_HANDSHAKE_RTT,
            seconds - (cold[coldAt(base) + C_FIRST_SECONDS] >>> 0),
            nanos - cold[coldAt(base) + C_FIRST_NANOS],
          );
          x[h + H_FLAGS] |= H_FLAG_HANDSHAKE;
        }
      }
    }
    if ((flags & FIN) !== 0) {
      state |= side === 0 ? S_FIN_A : S_FIN_B;
      if (tcp !== TCP_RESET && tcp !== TCP_REJECTED)
        tcp = (state & (S_FIN_A | S_FIN_B)) === (S_FIN_A | S_FIN_B) ? TCP_CLOSED : TCP_CLOSING;
    }
  }
  state = (state & ~(S_TCP_MASK | S_WATCH)) | (tcp << S_TCP_SHIFT);
  if (tcp === TCP_SYN_RECEIVED || (state & (S_RESET_LAST | S_OTHER_SYN)) !== 0) state |= S_WATCH;
  words[base + F_STATE] = state;
  return tcp;
}

/** The responder refuses the other one of two SYNs: it has given up the connection (RFC 9293 section 3.10.7.4). */
function isForMovedSyn(table: FlowTable, base: number, flags: number, view: DataView, t: number): boolean {
  const h = table.handshakes.find(base);
  if (h < 0 || (table.handshakes.words[h + H_FLAGS] & H_FLAG_SYN_MOVED) === 0 || (flags & ACK) === 0) return false;
  const e = table.extensions.of(base);
  return view.getInt32(t + 8) === ((table.extensions.words[e + E_OTHER_SYN] + 1) | 0);
}

/** The reset that came last is not obeyed after all: reassembly knows better. */
export function takeBackReset(table: FlowTable, base: number): void {
  const { words } = table;
  if (tcpState(words[base + F_STATE]) !== TCP_RESET) return;
  const e = table.extensions.of(base);
  const was = (table.extensions.words[e + E_ASIDE] >>> 4) & 15;
  if (was === 0) return;
  words[base + F_STATE] = (words[base + F_STATE] & ~S_TCP_MASK) | (was << S_TCP_SHIFT) | S_RESET_LAST | S_WATCH;
  table.extensions.words[e + E_RESET_SEQUENCE] = words[base + F_SEQUENCE_A] - 1;
}

/** A SYN, with ACK or without, that is not part of the connection's handshake. */
function isForeignSyn(
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
function moveSyn(
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

/** A segment that is not the next one: ahead of a hole, late into one, or sent again. */
function trackDisorder(
  table: FlowTable,
  base: number,
  side: number,
  ahead: number,
  sequence: number,
  consumed: number,
  flags: number,
): void {
  const words = table.words;
  const next = base + F_SEQUENCE_A + side;
  const e = table.extensions.of(base);
  const x = table.extensions.words;
  const hole = e + E_HOLE_A + 2 * side;
  if (ahead > 0) {
    x[e + E_GAPS_A + side]++;
    x[hole] = words[next];
    x[hole + 1] = sequence;
    words[next] = sequence + consumed;
    return;
  }
  const beyond = (sequence + consumed - words[next]) | 0;
  if (beyond > 0) {
    words[next] = sequence + consumed;
    return;
  }
  // A keep-alive repeats the byte before the next one, or no byte at all.
  if (ahead === -1 && consumed <= 1 && (flags & (SYN | FIN)) === 0) return;
  if (x[hole] !== x[hole + 1] && ((sequence - x[hole]) | 0) >= 0 && ((x[hole + 1] - (sequence + consumed)) | 0) >= 0) {
    if (sequence === x[hole]) x[hole] = sequence + consumed;
    return;
  }
  x[e + E_RETRANSMITS_A + side]++;
}

function putNanos(words: Int32Array, at: number, seconds: number, nanos: number): void {
  const total = Math.max(0, seconds * 1e9 + nanos);
  words[at] = total | 0;
  words[at + 1] = Math.floor(total / 0x100000000);
}
