// TCP reassembly (RFC 9293), the way in: what each segment of a connection means for its two directions - where it lies, what it
// acknowledges, whether its receiver will take it. What comes out is `delivery.ts`.

import * as layout from '../flow/layout.ts';
import { offloadedOf, SYN_FACTS_SCALED, scaleOf, signedOf, synFacts, ttlOf, windowOf } from '../flow/syn-facts.ts';
import { Delivery } from './delivery.ts';
import { digest, payloadSum } from './digest.ts';
import * as doubts from './doubt.ts';
import { doubtOf } from './doubt.ts';
import { type HalfStream, NO_EDGE } from './half-stream.ts';
import { TCP_NEW_WINS } from './overlap.ts';
import type { Segment } from './segment.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const { ACK, FIN, RST, SYN } = layout;
const { DOUBT_CHECKSUM, DOUBT_NAMES, DOUBT_SIGNED, DOUBT_SYN, DOUBT_TTL, DOUBT_WHOLE } = doubts;

/** A segment may lie at most this far ahead of the next byte: the largest window (RFC 7323), and some. */
const MAX_AHEAD = 1 << 30;
/** Of a side whose SYN was not captured, at most so many bytes are taken for lost before the first that was. */
const MAX_UNSEEN_START = 1 << 20;

export class TcpStream extends Delivery {
  /** A reset came that its receiver will have believed. */
  isReset = false;
  /** The last segment was a reset that its receiver will not have believed. */
  ignoredReset = false;

  /** Begins a side in the middle: its next byte has this sequence number. */
  begin(side: 0 | 1, sequence: number): void {
    const half = this.from(side);
    half.known = true;
    half.next = sequence | 0;
  }

  /** What the SYNs of both sides said (`flow/syn-facts.ts`); 0 for one that was not seen. */
  handshake(factsA: number, factsB: number): void {
    this.a.facts = factsA;
    this.b.facts = factsB;
    this.#agree();
  }

  #agree(): void {
    for (const half of [this.a, this.b]) {
      const { facts } = half;
      if (facts === 0) continue;
      if (this.options.ttl) half.ttl = ttlOf(facts);
      half.isSigned = signedOf(facts);
      half.isOffloaded = offloadedOf(facts);
      const peer = half === this.a ? this.b : this.a;
      if (peer.facts === 0) continue;
      // Windows are scaled when both offered it, and never in a SYN.
      half.scale = (facts & peer.facts & SYN_FACTS_SCALED) !== 0 ? scaleOf(facts) : 0;
      if (peer.edge === NO_EDGE) peer.edge = windowOf(facts);
    }
  }

  /** One segment of `side`. It is read during the call only. */
  segment(side: 0 | 1, s: Segment): void {
    const half = this.from(side);
    const other = this.from(1 - side);
    const { flags, length } = s;
    this.packets++;
    this.ignoredReset = false;
    if (s.isBroken) this.receiver.event('bad_options', 1);
    let start = s.sequence;
    let doubt = 0;
    if ((flags & SYN) !== 0) {
      start = (start + 1) | 0;
      if (!half.known || (!half.begun && half.position === 0)) {
        half.known = true;
        half.next = start;
        half.facts = synFacts(s, s.window, s.ttl);
        this.#agree();
      } else if (((start - half.next) | 0) !== -half.position) {
        // A SYN on a connection that goes on is answered, not obeyed (RFC 5961 section 4.2).
        this.receiver.event('syn_ignored', 1);
        return;
      }
      if (length > 0) {
        doubt = DOUBT_SYN;
        this.receiver.event('syn_data', 1);
      }
    } else if (!half.known) {
      if (length === 0 && (flags & ACK) === 0) return;
      half.known = true;
      const unseen = (start - half.next) | 0;
      if (!half.isAnnounced || unseen < 0 || unseen > MAX_UNSEEN_START) half.next = start;
      else if (other.facts === 0) {
        // They may have passed before the capture began: no gap, but it is known where these are.
        half.position = unseen;
        half.next = start;
      }
    }
    let ahead = (start - half.next) | 0;
    const position = half.position + ahead;
    const hash = length > 0 ? digest(s.bytes, s.from, s.to) : 0;
    if ((flags & SYN) === 0) {
      half.begun = true;
      doubt |= doubtOf(s, position, half, other);
      // Who goes on behind what came with its SYN knows that it was taken.
      if (!other.known && half.pieces.list.length > 0 && (half.pieces.list[0].doubt & DOUBT_SYN) !== 0)
        half.acked = Math.max(half.acked, position);
    }
    // The checksum of a bare acknowledgment matters only where it could settle a doubt.
    if (this.options.checksums && !half.isOffloaded && other.known)
      if (length > 0 || (flags & (FIN | RST)) !== 0 || other.pieces.list.length > 0)
        if (s.hasWrongChecksum(length > 0 ? payloadSum : 0)) doubt |= DOUBT_CHECKSUM;
    if ((flags & RST) !== 0) {
      // It said something: what it did not take by now it refused.
      other.ackPacket = s.packet;
      this.#reset(half, ahead, length, doubt);
      if (!this.ignoredReset && (flags & ACK) !== 0) this.#tookLast(other, s.acknowledgment);
      return;
    }
    let acknowledged = -1;
    if ((doubt & DOUBT_WHOLE) === 0) {
      if ((flags & ACK) !== 0) acknowledged = this.#acknowledged(half, other, s);
      if (
        s.hasTimestamp &&
        (doubt & DOUBT_CHECKSUM) === 0 &&
        position <= half.acked &&
        (!half.hasRecent || ((s.timestamp - half.recent) | 0) > 0)
      ) {
        half.recent = s.timestamp;
        half.hasRecent = true;
      }
    }
    // What waited for this acknowledgment goes first.
    if (other.pieces.list.length > 0 && other.isReady) {
      this.settleReady(false);
      ahead = position - half.position;
    }
    if (s.urgent >= 0 && doubt === 0) this.#urgent(half, position, s.urgent);
    if (length > 0) {
      if (ahead === 0 && doubt === 0 && half.pieces.list.length === 0 && !other.hasHole && half.finAt < 0) {
        half.acknowledged = acknowledged;
        this.deliver(side, half, s.bytes, s.from, s.to, length, hash, s.ttl, s.seconds, s.nanos, s.packet);
      } else this.#outOfOrder(half, ahead, doubt, s, acknowledged);
    } else if (ahead === -1 && (flags & (FIN | SYN)) === 0 && half.finAt < 0) this.receiver.event('keepalive', 1);
    if ((flags & FIN) !== 0 && ahead > -MAX_AHEAD && ahead < MAX_AHEAD)
      this.#fin(half, position + length, flags, doubt);
    if (half.isUnsettled || other.isUnsettled) this.settleReady(false);
    if (half.finAt >= 0 && half.position >= half.finAt) this.finish(side, half);
    if (other.finAt >= 0 && other.position >= other.finAt) this.finish((1 - side) as 0 | 1, other);
  }

  /** Answers how many bytes of `other` it acknowledges; -1: that makes no sense. */
  #acknowledged(half: HalfStream, other: HalfStream, s: Segment): number {
    // The first acknowledgment tells where the peer begins, whose SYN was lost; of who was not seen to begin, where we begin to know the peer.
    const isFirst = !other.known && !other.isAnnounced;
    if (isFirst) {
      other.isAnnounced = true;
      other.next = s.acknowledgment;
    }
    const window = (s.flags & SYN) !== 0 ? s.window : s.window * (1 << half.scale);
    if (window > half.maxWindow) half.maxWindow = window;
    if (!other.known) return isFirst ? -1 : Math.max((s.acknowledgment - other.next) | 0, 0);
    other.ackPacket = s.packet;
    const beyond = (s.acknowledgment - other.next) | 0;
    if (beyond > MAX_AHEAD || beyond < -MAX_AHEAD) return -1;
    const position = other.position + beyond;
    const edge = position + window;
    if (edge > other.edge) other.edge = edge;
    if (position <= other.acked) {
      other.unseenAck = -1;
      return Math.max(position, 0);
    }
    const had = other.hasHole;
    if (other.doubtedFinAt >= 0 && position > other.doubtedFinAt) other.finAt = other.doubtedFinAt;
    if (position <= other.sent) {
      other.acked = other.bytesBefore(position);
      // What it acknowledged before anything of it was seen had been sent.
      if (other.unseenAck >= 0) this.trustAck(other, half);
    }
    // Whoever acknowledges less in the next segment did not mean it.
    other.unseenAck = position > other.sent && position > other.conceded ? position : -1;
    if (!had) other.holeAt = this.packets;
    return position;
  }

  #reset(half: HalfStream, ahead: number, length: number, doubt: number): void {
    // What a reset carries is a diagnosis (RFC 9293 section 3.10.7.4 allows it), not stream data.
    if (length > 0) this.receiver.event('rst_data', 1);
    // Time stamps and acknowledgments do not matter for a reset, its place does.
    if ((doubt & (DOUBT_CHECKSUM | DOUBT_TTL | DOUBT_SIGNED)) === 0 && half.mayEndAt(ahead)) this.isReset = true;
    else {
      this.ignoredReset = true;
      this.receiver.event('rst_ignored', 1);
    }
  }

  /** The receiver of `half` ends the connection, and says how far it took what we saw. */
  #tookLast(half: HalfStream, acknowledgment: number): void {
    if (!half.known) return;
    const position = half.position + ((acknowledgment - half.next) | 0);
    if (position <= half.sent) half.acked = Math.max(half.acked, half.bytesBefore(position));
  }

  /** The byte before the urgent pointer is out of band (RFC 6093 section 3.1); a pointer of zero says the first one. */
  #urgent(half: HalfStream, position: number, pointer: number): void {
    this.receiver.event('urgent', 1);
    if (this.options.urgent !== 'out-of-band') return;
    const at = position + (pointer > 0 ? pointer - 1 : 0);
    if (at >= half.position && at > half.urgentAt) half.urgentAt = at;
  }

  #fin(half: HalfStream, finAt: number, flags: number, doubt: number): void {
    if ((flags & ACK) === 0) {
      // RFC 9293 section 3.10.7.4: a segment without ACK is dropped.
      this.receiver.event('fin_no_ack', 1);
      return;
    }
    if (half.finAt >= 0) {
      if (finAt !== half.finAt) this.receiver.event('fin_moved', 1);
    } else if (finAt < half.position) this.receiver.event('out_of_window', 1);
    else if (doubt !== 0) half.doubtedFinAt = finAt;
    else {
      half.finAt = finAt;
      if (half.acked > finAt) half.acked = finAt;
      // The acknowledgment of a FIN counts one more than there are bytes.
      if (half.unseenAck > finAt) half.unseenAck = -1;
    }
  }

  #outOfOrder(half: HalfStream, ahead: number, doubt: number, s: Segment, acknowledged: number): void {
    const { bytes, from, to, length } = s;
    if (ahead > MAX_AHEAD || ahead < -MAX_AHEAD) {
      this.receiver.event('out_of_window', 1);
      return;
    }
    if (half.finished && ahead >= 0) {
      this.receiver.event('beyond_fin', 1);
      return;
    }
    let position = half.position + ahead;
    let begin = from;
    if (ahead < 0) {
      if (length <= 1 && ahead === -1) {
        this.receiver.event('keepalive', 1);
        return;
      }
      const ttl = half.differs(position, bytes, from, to, this.recent);
      if (ttl >= 0) this.#conflict(ttl !== s.ttl);
      const old = Math.min(-ahead, to - from);
      begin += old;
      position += old;
    }
    // Nothing follows a FIN.
    const end = half.finAt < 0 ? to : Math.min(to, begin + half.finAt - position);
    if (end < to) this.receiver.event('beyond_fin', 1);
    if (begin >= end) return;
    if (doubt !== 0) this.#doubted(doubt);
    const pieces = half.pile;
    pieces.doubt = doubt;
    pieces.ttl = s.ttl;
    pieces.seconds = s.seconds;
    pieces.nanos = s.nanos;
    pieces.packet = s.packet;
    pieces.acknowledged = acknowledged;
    const before = pieces.cost;
    const result = pieces.insert(position, bytes, begin, end, TCP_NEW_WINS[this.options.policy]);
    if (result.conflict) this.#conflict(result.ttlDiffers);
    if (pieces.cost === before) return;
    const room = this.receiver.wait(pieces.cost - before);
    if (!room || this.waiting > this.options.maxWaitingBytes) {
      this.receiver.event('limit', 1);
      this.#shed();
    }
  }

  #conflict(ttlDiffers: boolean): void {
    this.receiver.event('overlap_conflict', 1);
    if (ttlDiffers) this.receiver.event('ttl_mismatch', 1);
  }

  #doubted(doubt: number): void {
    for (let bit = 0; bit < DOUBT_NAMES.length; bit++)
      if ((doubt & (1 << bit)) !== 0) this.receiver.event(`doubt_${DOUBT_NAMES[bit]}`, 1);
  }

  /** Too much waits: first goes what is doubted, then holes are given up. */
  #shed(): void {
    for (const half of [this.a, this.b]) this.drop(half, (piece) => piece.doubt !== 0 && piece.end > half.acked);
    if (this.waiting > this.options.maxWaitingBytes / 2 || !this.receiver.wait(0)) this.settle(true);
  }
}
