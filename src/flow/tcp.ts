// What a bystander can tell of a TCP connection from its headers alone (RFC 9293): state, handshake times, retransmissions, holes,
// zero windows. Reassembly knows more, but costs more; flows have this much always.

import {
  ACK,
  C_EXTENSION,
  C_FIRST_NANOS,
  C_FIRST_SECONDS,
  C_ISN,
  E_FLAG_HANDSHAKE,
  E_FLAG_SERVER,
  E_FLAG_SYN_AGAIN,
  E_FLAGS,
  E_GAPS_A,
  E_HANDSHAKE_RTT,
  E_HOLE_A,
  E_RETRANSMITS_A,
  E_SERVER_RTT,
  E_SYNACK_NANOS,
  E_SYNACK_SECONDS,
  E_ZERO_WINDOWS_A,
  F_SEQUENCE_A,
  F_STATE,
  FIN,
  RST,
  S_FIN_A,
  S_FIN_B,
  S_INITIATOR_B,
  S_SEQUENCE_A,
  S_TCP_MASK,
  S_TCP_SHIFT,
  SYN,
  TCP_CLOSED,
  TCP_CLOSING,
  TCP_ESTABLISHED,
  TCP_PARTIAL,
  TCP_REJECTED,
  TCP_RESET,
  TCP_SYN_RECEIVED,
  TCP_SYN_SENT,
} from './layout.ts';
import { coldAt, type FlowTable } from './table.ts';

/** First packet of a connection: its state from its flags. */
export function firstTcpState(flags: number): number {
  if ((flags & SYN) !== 0) return (flags & ACK) !== 0 ? TCP_SYN_RECEIVED : TCP_SYN_SENT;
  return (flags & RST) !== 0 ? TCP_RESET : TCP_PARTIAL;
}

export function tcpState(state: number): number {
  return (state & S_TCP_MASK) >>> S_TCP_SHIFT;
}

/**
 * Is a SYN the begin of another connection between the same ports? It is when it does not repeat the one that began this flow and
 * is not the other side's half of a simultaneous open.
 */
export function reusesPorts(table: FlowTable, base: number, side: number, sequence: number): boolean {
  const { words, cold } = table;
  const state = words[base + F_STATE];
  const fromInitiator = (state & S_INITIATOR_B) === side;
  const tcp = tcpState(state);
  if (tcp === TCP_PARTIAL) return true;
  if (fromInitiator) return cold[coldAt(base) + C_ISN] !== (sequence | 0);
  return tcp !== TCP_SYN_SENT && tcp !== TCP_SYN_RECEIVED;
}

/** Follows one segment of side `side` (0: A, 1: B); returns the new state. `sequence`, `window` are the header's. */
export function trackTcp(
  table: FlowTable,
  base: number,
  side: number,
  flags: number,
  sequence: number,
  window: number,
  length: number,
  seconds: number,
  nanos: number,
): number {
  const { words, cold } = table;
  let state = words[base + F_STATE];
  let tcp = (state & S_TCP_MASK) >>> S_TCP_SHIFT;
  const consumed = length + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);
  const known = S_SEQUENCE_A << side;
  const next = base + F_SEQUENCE_A + side;
  if ((state & known) === 0) {
    if ((flags & RST) === 0) {
      words[next] = sequence + consumed;
      state |= known;
    }
  } else if (consumed !== 0) {
    const ahead = (sequence - words[next]) | 0;
    if (ahead === 0) words[next] = sequence + consumed;
    else trackDisorder(table, base, side, ahead, sequence, consumed, flags);
  }
  if (window === 0 && (flags & (RST | SYN)) === 0) {
    // First the extension, then its memory: making one may move all of them.
    const e = table.extension(base);
    table.extensions[e + E_ZERO_WINDOWS_A + side]++;
  }

  if ((flags & RST) !== 0) {
    const fromInitiator = (state & S_INITIATOR_B) === side;
    if (tcp !== TCP_CLOSED) tcp = tcp === TCP_SYN_SENT && !fromInitiator ? TCP_REJECTED : TCP_RESET;
  } else if ((flags & SYN) !== 0) {
    const fromInitiator = (state & S_INITIATOR_B) === side;
    if ((flags & ACK) !== 0) {
      // A refusal that is taken back was forged.
      if ((tcp === TCP_SYN_SENT || tcp === TCP_REJECTED) && !fromInitiator) {
        const was = tcp;
        tcp = TCP_SYN_RECEIVED;
        const e = table.extension(base);
        const x = table.extensions;
        if (was === TCP_REJECTED) {
          // Which SYN it answers is not known then, and what the forger sent is no part of the stream.
          x[e + E_FLAGS] |= E_FLAG_SYN_AGAIN;
          words[next] = sequence + consumed;
        }
        x[e + E_SYNACK_SECONDS] = seconds;
        x[e + E_SYNACK_NANOS] = nanos;
        if ((x[e + E_FLAGS] & E_FLAG_SYN_AGAIN) === 0) {
          putNanos(
            x,
            e + E_SERVER_RTT,
            seconds - (cold[coldAt(base) + C_FIRST_SECONDS] >>> 0),
            nanos - cold[coldAt(base) + C_FIRST_NANOS],
          );
          x[e + E_FLAGS] |= E_FLAG_SERVER;
        }
      }
    } else if (
      fromInitiator &&
      tcp === TCP_SYN_SENT &&
      (state & known) !== 0 &&
      sequence === cold[coldAt(base) + C_ISN] >>> 0 &&
      cold[coldAt(base) + C_FIRST_SECONDS] !== 0
    ) {
      const first =
        cold[coldAt(base) + C_FIRST_SECONDS] >>> 0 === seconds && cold[coldAt(base) + C_FIRST_NANOS] === nanos;
      if (!first) {
        const e = table.extension(base);
        table.extensions[e + E_FLAGS] |= E_FLAG_SYN_AGAIN;
      }
    } else if (!fromInitiator && tcp === TCP_SYN_SENT) tcp = TCP_SYN_RECEIVED; // Simultaneous open, split handshake.
  } else {
    if (tcp === TCP_SYN_RECEIVED && (flags & ACK) !== 0 && (state & S_INITIATOR_B) === side) {
      tcp = TCP_ESTABLISHED;
      if (cold[coldAt(base) + C_EXTENSION] !== 0) {
        const e = table.extension(base);
        const x = table.extensions;
        if ((x[e + E_FLAGS] & (E_FLAG_SERVER | E_FLAG_SYN_AGAIN)) === E_FLAG_SERVER) {
          putNanos(
            x,
            e + E_HANDSHAKE_RTT,
            seconds - (cold[coldAt(base) + C_FIRST_SECONDS] >>> 0),
            nanos - cold[coldAt(base) + C_FIRST_NANOS],
          );
          x[e + E_FLAGS] |= E_FLAG_HANDSHAKE;
        }
      }
    }
    if ((flags & FIN) !== 0) {
      state |= side === 0 ? S_FIN_A : S_FIN_B;
      if (tcp !== TCP_RESET && tcp !== TCP_REJECTED)
        tcp = (state & (S_FIN_A | S_FIN_B)) === (S_FIN_A | S_FIN_B) ? TCP_CLOSED : TCP_CLOSING;
    }
  }
  words[base + F_STATE] = (state & ~S_TCP_MASK) | (tcp << S_TCP_SHIFT);
  return tcp;
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
  const e = table.extension(base);
  const x = table.extensions;
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
