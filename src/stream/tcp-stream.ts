// TCP reassembly (RFC 9293): both directions of one connection, delivered in order, each byte once. A segment that is the next one is
// delivered where it lies; others wait as copies. A hole is declared a gap when what came behind it was acknowledged and it still
// did not come, when too much waits behind it, or when the connection ends. A direction also waits while the other one has an
// acknowledged hole: an answer is never delivered before the question that the capture shows a little later. What the receiver may
// refuse waits until it acknowledges it (`doubt.ts`).

import * as layout from '../flow/layout.ts';
import { offloadedOf, SYN_FACTS_SCALED, scaleOf, signedOf, synFacts, ttlOf, windowOf } from '../flow/syn-facts.ts';
import type { TcpEvent } from '../flow/tcp-events.ts';
import { digest, payloadSum } from './digest.ts';
import * as doubts from './doubt.ts';
import { doubtOf } from './doubt.ts';
import { HalfStream } from './half-stream.ts';
import { TCP_NEW_WINS, type TcpPolicy } from './overlap.ts';
import type { Piece } from './pieces.ts';
import type { RecentBytes } from './recent-bytes.ts';
import type { Segment } from './segment.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const { ACK, FIN, RST, SYN } = layout;
const {
  DOUBT_CHECKSUM,
  DOUBT_NAMES,
  DOUBT_PAWS,
  DOUBT_SIGNED,
  DOUBT_SYN,
  DOUBT_TTL,
  DOUBT_UNSENT_ACK,
  DOUBT_WHOLE,
  DOUBT_WINDOW,
} = doubts;

export const URGENT_POLICIES = ['out-of-band', 'inline'] as const;
export type UrgentPolicy = (typeof URGENT_POLICIES)[number];

export interface StreamOptions {
  policy: TcpPolicy;
  /** What becomes of an urgent byte: left out, as sockets do it, or left in. */
  urgent: UrgentPolicy;
  /** Doubt segments with a wrong checksum. */
  checksums: boolean;
  /** Doubt segments whose TTL is not that of the handshake. */
  ttl: boolean;
  /** Bytes that may wait behind a hole, per connection. */
  maxWaitingBytes: number;
  /** Bytes that may wait behind holes in all connections of a shard. */
  maxShardBytes: number;
  /** Packets of the connection that an acknowledged hole may stay open: captures reorder a little. */
  patience: number;
}

export const STREAM_DEFAULTS: StreamOptions = {
  policy: 'first',
  urgent: 'out-of-band',
  checksums: true,
  ttl: false,
  maxWaitingBytes: 4 * 1024 * 1024,
  maxShardBytes: 16 * 1024 * 1024,
  patience: 12,
};

/** A segment may lie at most this far ahead of the next byte: the largest window (RFC 7323), and some. */
const MAX_AHEAD = 1 << 30;

export interface StreamReceiver {
  /** In-order bytes of a direction (0: side A of the flow's key), with time and number of the packet that brought them. */
  deliver(
    side: 0 | 1,
    bytes: Uint8Array,
    from: number,
    to: number,
    seconds: number,
    nanos: number,
    packet: number,
  ): void;
  /** `missing` bytes will never come. */
  missing(side: 0 | 1, missing: number): void;
  /** No more bytes of this direction. */
  finished(side: 0 | 1): void;
  event(event: TcpEvent, n: number): void;
  /** Asks for room: `bytes` more (negative: fewer) wait. False when the shard's limit is reached. */
  wait(bytes: number): boolean;
}

export class TcpStream {
  readonly sides: readonly [HalfStream, HalfStream] = [new HalfStream(), new HalfStream()];
  readonly #receiver: StreamReceiver;
  readonly #options: StreamOptions;
  readonly #recent: RecentBytes;
  #packets = 0;
  /** A reset came that its receiver will have believed. */
  isReset = false;
  /** The last segment was a reset that its receiver will not have believed. */
  ignoredReset = false;

  /** `recent`: of the shard. */
  constructor(receiver: StreamReceiver, options: StreamOptions, recent: RecentBytes) {
    this.#receiver = receiver;
    this.#options = options;
    this.#recent = recent;
  }

  /** Memory of what waits, in bytes. */
  get waiting(): number {
    return this.sides[0].pieces.cost + this.sides[1].pieces.cost;
  }

  /** Begins a side in the middle: its next byte has this sequence number. */
  begin(side: 0 | 1, sequence: number): void {
    const half = this.sides[side];
    half.known = true;
    half.next = sequence | 0;
  }

  /** What the SYNs of both sides said (`flow/syn-facts.ts`); 0 for one that was not seen. */
  handshake(factsA: number, factsB: number): void {
    this.sides[0].facts = factsA;
    this.sides[1].facts = factsB;
    this.#agree();
  }

  #agree(): void {
    for (const [side, half] of this.sides.entries()) {
      const { facts } = half;
      if (facts === 0) continue;
      if (this.#options.ttl) half.ttl = ttlOf(facts);
      half.isSigned = signedOf(facts);
      half.isOffloaded = offloadedOf(facts);
      const peer = this.sides[1 - side];
      if (peer.facts === 0) continue;
      // Windows are scaled when both offered it, and never in a SYN.
      half.scale = (facts & peer.facts & SYN_FACTS_SCALED) !== 0 ? scaleOf(facts) : 0;
      if (peer.edge === Number.POSITIVE_INFINITY) peer.edge = windowOf(facts);
    }
  }

  /** One segment of `side`. It is read during the call only. */
  segment(side: 0 | 1, s: Segment): void {
    const half = this.sides[side];
    const other = this.sides[1 - side];
    const { flags, length } = s;
    this.#packets++;
    this.ignoredReset = false;
    if (s.isBroken) this.#receiver.event('bad_options', 1);
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
        this.#receiver.event('syn_ignored', 1);
        return;
      }
      if (length > 0) {
        doubt = DOUBT_SYN;
        this.#receiver.event('syn_data', 1);
      }
    } else if (!half.known) {
      if (length === 0 && (flags & ACK) === 0) return;
      half.known = true;
      half.next = start;
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
    if (this.#options.checksums && !half.isOffloaded && other.known)
      if (length > 0 || (flags & (FIN | RST)) !== 0 || other.pieces.list.length > 0)
        if (s.hasWrongChecksum(length > 0 ? payloadSum : 0)) doubt |= DOUBT_CHECKSUM;
    if ((flags & RST) !== 0) {
      // It said something, and acknowledged nothing of what is doubted.
      other.ackPacket = s.packet;
      this.#reset(half, ahead, length, doubt);
      return;
    }
    if ((doubt & DOUBT_WHOLE) === 0) {
      if ((flags & ACK) !== 0) this.#acknowledged(half, other, s);
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
      this.#settle(false);
      ahead = position - half.position;
    }
    if (s.urgent >= 0 && doubt === 0) this.#urgent(half, position, s.urgent);
    if (length > 0) {
      if (ahead === 0 && doubt === 0 && half.pieces.list.length === 0 && !other.hasHole && half.finAt < 0) {
        this.#deliver(side, half, s.bytes, s.from, s.to, length, hash, s.ttl, s.seconds, s.nanos, s.packet);
      } else this.#outOfOrder(half, ahead, doubt, s);
    } else if (ahead === -1 && (flags & (FIN | SYN)) === 0 && half.finAt < 0) this.#receiver.event('keepalive', 1);
    if ((flags & FIN) !== 0 && ahead > -MAX_AHEAD && ahead < MAX_AHEAD)
      this.#fin(half, position + length, flags, doubt);
    if (half.isUnsettled || other.isUnsettled) this.#settle(false);
    if (half.finAt >= 0 && half.position >= half.finAt) this.#finish(side, half);
    if (other.finAt >= 0 && other.position >= other.finAt) this.#finish((1 - side) as 0 | 1, other);
  }

  /** Gives up open holes: those whose bytes were acknowledged, or (`all`) every one. */
  settle(all: boolean): void {
    if (all) {
      this.#judge(0);
      this.#judge(1);
    }
    this.#settle(true);
    if (!all) return;
    for (let side = this.#firstWaiting(false); side >= 0; side = this.#firstWaiting(false)) {
      const half = this.sides[side];
      this.#gap(side as 0 | 1, half, half.pieces.list[0].start);
      this.#settle(true);
    }
    for (const side of [0, 1] as const) {
      const half = this.sides[side];
      if (half.finAt > half.position) this.#gap(side, half, half.finAt);
      if (half.finAt >= 0) this.#finish(side, half);
    }
  }

  /** The connection is over: nothing comes any more. */
  end(): void {
    this.settle(true);
    for (const side of [0, 1] as const) {
      const half = this.sides[side];
      // One byte more than there are is a FIN that was not captured.
      if (half.conceded > half.position + 1) this.#gap(side, half, half.conceded);
    }
  }

  #acknowledged(half: HalfStream, other: HalfStream, s: Segment): void {
    const window = (s.flags & SYN) !== 0 ? s.window : s.window * (1 << half.scale);
    if (window > half.maxWindow) half.maxWindow = window;
    if (!other.known) return;
    other.ackPacket = s.packet;
    const beyond = (s.acknowledgment - other.next) | 0;
    if (beyond > MAX_AHEAD || beyond < -MAX_AHEAD) return;
    const position = other.position + beyond;
    const edge = position + window;
    if (edge > other.edge || other.edge === Number.POSITIVE_INFINITY) other.edge = edge;
    if (position <= other.acked) {
      other.unseenAck = -1;
      return;
    }
    const had = other.hasHole;
    if (other.doubtedFinAt >= 0 && position > other.doubtedFinAt) other.finAt = other.doubtedFinAt;
    if (position <= other.sent) {
      // The FIN takes a sequence number without being a byte.
      other.acked = other.finAt >= 0 && position > other.finAt ? other.finAt : position;
    }
    // Whoever acknowledges less in the next segment did not mean it.
    other.unseenAck = position > other.sent && position > other.conceded ? position : -1;
    if (!had) other.holeAt = this.#packets;
  }

  #reset(half: HalfStream, ahead: number, length: number, doubt: number): void {
    // What a reset carries is a diagnosis (RFC 9293 section 3.10.7.4 allows it), not stream data.
    if (length > 0) this.#receiver.event('rst_data', 1);
    // Time stamps and acknowledgments do not matter for a reset, its place does.
    if ((doubt & (DOUBT_CHECKSUM | DOUBT_TTL | DOUBT_SIGNED)) === 0 && half.mayEndAt(ahead)) this.isReset = true;
    else {
      this.ignoredReset = true;
      this.#receiver.event('rst_ignored', 1);
    }
  }

  /** The byte before the urgent pointer is out of band (RFC 6093 section 3.1); a pointer of zero says the first one. */
  #urgent(half: HalfStream, position: number, pointer: number): void {
    this.#receiver.event('urgent', 1);
    if (this.#options.urgent !== 'out-of-band') return;
    const at = position + (pointer > 0 ? pointer - 1 : 0);
    if (at >= half.position && at > half.urgentAt) half.urgentAt = at;
  }

  #fin(half: HalfStream, finAt: number, flags: number, doubt: number): void {
    if ((flags & ACK) === 0) {
      // RFC 9293 section 3.10.7.4: a segment without ACK is dropped.
      this.#receiver.event('fin_no_ack', 1);
      return;
    }
    if (half.finAt >= 0) {
      if (finAt !== half.finAt) this.#receiver.event('fin_moved', 1);
    } else if (finAt < half.position) this.#receiver.event('out_of_window', 1);
    else if (doubt !== 0) half.doubtedFinAt = finAt;
    else {
      half.finAt = finAt;
      if (half.acked > finAt) half.acked = finAt;
      // The acknowledgment of a FIN counts one more than there are bytes.
      if (half.unseenAck > finAt) half.unseenAck = -1;
    }
  }

  /** Bytes that are next: delivered where they lie. What the snap length cut off is missing. */
  #deliver(
    side: 0 | 1,
    half: HalfStream,
    bytes: Uint8Array,
    from: number,
    to: number,
    length: number,
    hash: number,
    ttl: number,
    seconds: number,
    nanos: number,
    packet: number,
  ): void {
    const captured = to - from;
    if (captured > 0) {
      const start = half.position;
      half.remember(start, bytes, from, to, hash, ttl, this.#recent);
      half.position += captured;
      half.next = (half.next + captured) | 0;
      const urgent = half.urgentAt;
      if (urgent < start || urgent >= half.position) this.#pass(side, half, bytes, from, to, seconds, nanos, packet);
      else {
        const at = from + urgent - start;
        this.#pass(side, half, bytes, from, at, seconds, nanos, packet);
        this.#pass(side, half, bytes, at + 1, to, seconds, nanos, packet);
      }
    }
    if (length > captured) this.#gap(side, half, half.position + length - captured);
  }

  /** Hands bytes over, except those that nobody wants. */
  #pass(
    side: 0 | 1,
    half: HalfStream,
    bytes: Uint8Array,
    from: number,
    to: number,
    seconds: number,
    nanos: number,
    packet: number,
  ): void {
    const passed = Math.min(half.skip, to - from);
    half.skip -= passed;
    if (from + passed < to) this.#receiver.deliver(side, bytes, from + passed, to, seconds, nanos, packet);
  }

  #outOfOrder(half: HalfStream, ahead: number, doubt: number, s: Segment): void {
    const { bytes, from, to, length } = s;
    if (ahead > MAX_AHEAD || ahead < -MAX_AHEAD) {
      this.#receiver.event('out_of_window', 1);
      return;
    }
    if (half.finished && ahead >= 0) {
      this.#receiver.event('beyond_fin', 1);
      return;
    }
    let position = half.position + ahead;
    let begin = from;
    if (ahead < 0) {
      if (length <= 1 && ahead === -1) {
        this.#receiver.event('keepalive', 1);
        return;
      }
      const ttl = half.differs(position, bytes, from, to, this.#recent);
      if (ttl >= 0) this.#conflict(ttl !== s.ttl);
      const old = Math.min(-ahead, to - from);
      begin += old;
      position += old;
    }
    // Nothing follows a FIN.
    const end = half.finAt < 0 ? to : Math.min(to, begin + half.finAt - position);
    if (end < to) this.#receiver.event('beyond_fin', 1);
    if (begin >= end) return;
    if (doubt !== 0) this.#doubted(doubt);
    const pieces = half.pile;
    pieces.doubt = doubt;
    pieces.ttl = s.ttl;
    pieces.seconds = s.seconds;
    pieces.nanos = s.nanos;
    pieces.packet = s.packet;
    const before = pieces.cost;
    const result = pieces.insert(position, bytes, begin, end, TCP_NEW_WINS[this.#options.policy]);
    if (result.conflict) this.#conflict(result.ttlDiffers);
    if (pieces.cost === before) return;
    const room = this.#receiver.wait(pieces.cost - before);
    if (!room || this.waiting > this.#options.maxWaitingBytes) {
      this.#receiver.event('limit', 1);
      this.#shed();
    }
  }

  #conflict(ttlDiffers: boolean): void {
    this.#receiver.event('overlap_conflict', 1);
    if (ttlDiffers) this.#receiver.event('ttl_mismatch', 1);
  }

  #doubted(doubt: number): void {
    for (let bit = 0; bit < DOUBT_NAMES.length; bit++)
      if ((doubt & (1 << bit)) !== 0) this.#receiver.event(`doubt_${DOUBT_NAMES[bit]}`, 1);
  }

  /** Too much waits: first goes what is doubted, then holes are given up. */
  #shed(): void {
    for (const half of this.sides) this.#drop(half, (piece) => piece.doubt !== 0 && piece.end > half.acked);
    if (this.waiting > this.#options.maxWaitingBytes / 2 || !this.#receiver.wait(0)) this.settle(true);
  }

  #drop(half: HalfStream, gone: (piece: Piece) => boolean): void {
    const { pieces } = half;
    const before = pieces.cost;
    for (let i = pieces.list.length - 1; i >= 0; i--) {
      if (!gone(pieces.list[i])) continue;
      pieces.drop(i);
      this.#receiver.event('doubt_refused', 1);
    }
    this.#receiver.wait(pieces.cost - before);
  }

  /**
   * No acknowledgment will come for what is doubted. Its receiver spoke after it and did not take it: it goes. It said nothing any
   * more: then that is no proof, and it stays.
   */
  #judge(side: 0 | 1): void {
    const half = this.sides[side];
    this.#drop(half, (piece) => {
      if (piece.doubt === 0 || piece.end <= half.acked) return false;
      return (piece.doubt & DOUBT_SYN) !== 0 || half.ackPacket > piece.packet;
    });
    for (const piece of half.pieces.list) piece.doubt = 0;
  }

  /** Delivers what can be delivered, in the order of the packets that brought it; `now`: without more patience. */
  #settle(now: boolean): void {
    const [a, b] = this.sides;
    for (;;) {
      if (a.unseenAck >= 0 && a.unseenAck <= a.position) this.#trustAck(a, b);
      if (b.unseenAck >= 0 && b.unseenAck <= b.position) this.#trustAck(b, a);
      const side = this.#firstWaiting(true);
      if (side >= 0) this.#deliverPiece(side as 0 | 1, this.sides[side]);
      else if (!this.#giveUpHole(now)) return;
    }
  }

  /**
   * The side whose first piece came first: of those that can be delivered (`ready`), or of all. -1 when there is none. What the other
   * side acknowledged already goes before anything that waited for it.
   */
  #firstWaiting(ready: boolean): number {
    let found = -1;
    let packet = Number.POSITIVE_INFINITY;
    let owed = false;
    for (let side = 0; side < 2; side++) {
      const half = this.sides[side];
      const first = half.pieces.list[0];
      if (first === undefined || (ready && (!half.isReady || this.sides[1 - side].hasHole))) continue;
      const isOwed = ready && (half.acked > half.position || half.unseenAck > half.position);
      if (found >= 0 && (isOwed === owed ? first.packet >= packet : owed)) continue;
      found = side;
      packet = first.packet;
      owed = isOwed;
    }
    return found;
  }

  /** Gives up the older acknowledged hole when it was waited for long enough; false when there is none. */
  #giveUpHole(now: boolean): boolean {
    const [a, b] = this.sides;
    if (!a.hasHole && !b.hasHole) return false;
    const side = a.hasHole && (!b.hasHole || a.holeAt <= b.holeAt) ? 0 : 1;
    const half = this.sides[side];
    const first = half.pieces.list[0];
    // It was acknowledged together with what we saw: the hole was filled, and we missed it.
    const isSure = half.acked > half.position;
    const end = first === undefined ? half.acked : Math.min(half.acked, first.start);
    if (!now && this.#packets - half.holeAt <= this.#options.patience && !(isSure && end <= half.conceded))
      return false;
    if (isSure) {
      this.#gap(side, half, end);
      if (half.finAt >= 0 && half.position >= half.finAt) this.#finish(side, half);
    } else this.#concede(half, this.sides[1 - side]);
    return true;
  }

  /**
   * Something was acknowledged that does not come and behind which nothing is known. The other direction waits no longer; but only what
   * comes behind the hole can prove it, for acknowledgments can lie.
   */
  #concede(half: HalfStream, other: HalfStream): void {
    half.conceded = Math.max(half.conceded, half.unseenAck);
    this.#trustAck(half, other);
  }

  /** What `half` was said to have sent came, or is no longer waited for. */
  #trustAck(half: HalfStream, other: HalfStream): void {
    half.unseenAck = -1;
    for (const piece of other.pieces.list) piece.doubt &= ~DOUBT_UNSENT_ACK;
  }

  #deliverPiece(side: 0 | 1, half: HalfStream): void {
    const { pieces } = half;
    const piece = pieces.list[0];
    const before = pieces.cost;
    let end = piece.end;
    if (piece.doubt !== 0) {
      end = Math.min(end, half.acked);
      this.#believe(half, piece);
    }
    const from = piece.from + half.position - piece.start;
    const length = end - half.position;
    pieces.dropBefore(end);
    this.#receiver.wait(pieces.cost - before);
    if (length > 0) {
      const hash = digest(piece.bytes, from, from + length);
      const { bytes, ttl, seconds, nanos, packet } = piece;
      this.#deliver(side, half, bytes, from, from + length, length, hash, ttl, seconds, nanos, packet);
    }
    if (half.finAt >= 0 && half.position >= half.finAt) this.#finish(side, half);
  }

  /** Its receiver took it: what we thought it would hold against it was wrong. */
  #believe(half: HalfStream, piece: Piece): void {
    this.#receiver.event('doubt_believed', 1);
    if ((piece.doubt & DOUBT_CHECKSUM) !== 0) half.isOffloaded = true;
    if ((piece.doubt & DOUBT_PAWS) !== 0) half.hasRecent = false;
    if ((piece.doubt & DOUBT_TTL) !== 0) half.ttl = piece.ttl;
    if ((piece.doubt & DOUBT_WINDOW) !== 0) half.edge = Math.max(half.edge, piece.end);
  }

  #gap(side: 0 | 1, half: HalfStream, to: number): void {
    const missing = to - half.position;
    if (missing <= 0) return;
    half.position = to;
    half.next = (half.next + missing) | 0;
    this.#receiver.event('gap', missing);
    const skipped = Math.min(half.skip, missing);
    half.skip -= skipped;
    if (missing > skipped) this.#receiver.missing(side, missing - skipped);
  }

  #finish(side: 0 | 1, half: HalfStream): void {
    if (half.finished) return;
    half.finished = true;
    this.#receiver.wait(-half.pieces.cost);
    half.pieces.clear();
    this.#receiver.finished(side);
  }
}
