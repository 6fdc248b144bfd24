// What a bystander can tell of a TCP connection from its headers alone (RFC 9293): state, handshake times, retransmissions, holes,
// zero windows. Reassembly knows more, but costs more; flows have this much always. What a receiver would not obey (RFC 5961: resets
// and SYNs that are not where they must be) changes nothing here either, as far as headers tell.

import * as layout from './layout.ts';
import { coldAt } from './layout.ts';
import type { FlowTable } from './table.ts';
import { trackDisorder } from './tcp-disorder.ts';
import { isOdd, SOME, tcpState } from './tcp-state.ts';
import { isForeignSyn, isForMovedSyn, moveSyn, noteSyn } from './tcp-syn.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  ACK,
  C_FIRST_NANOS,
  C_FIRST_SECONDS,
  C_ISN,
  E_ASIDE,
  E_OTHER_SYN,
  E_RESET_SEQUENCE,
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
  S_SEQUENCE_A,
  S_TCP_MASK,
  S_TCP_SHIFT,
  S_WATCH,
  TCP_CLOSED,
  TCP_CLOSING,
  TCP_ESTABLISHED,
  TCP_REJECTED,
  TCP_RESET,
  TCP_SYN_RECEIVED,
  TCP_SYN_SENT,
} = layout;

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

function putNanos(words: Int32Array, at: number, seconds: number, nanos: number): void {
  const total = Math.max(0, seconds * 1e9 + nanos);
  words[at] = total | 0;
  words[at + 1] = Math.floor(total / 0x100000000);
}
