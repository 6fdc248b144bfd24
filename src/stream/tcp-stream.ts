// TCP reassembly (RFC 9293): both directions of one connection, delivered in order, each byte once. A segment that is the next one is
// delivered where it lies; others wait as copies. A hole is declared a gap when its bytes were acknowledged and still did not come,
// when too much waits behind it, or when the connection ends. A direction also waits while the other one has an acknowledged hole:
// an answer is never delivered before the question that the capture shows a little later.

import { ACK, FIN, RST, SYN } from '../flow/layout.ts';
import { HalfStream } from './half-stream.ts';
import { TCP_NEW_WINS, type TcpPolicy } from './overlap.ts';

export interface StreamOptions {
  policy: TcpPolicy;
  /** Bytes that may wait behind a hole, per connection. */
  maxWaitingBytes: number;
  /** Bytes that may wait behind holes in all connections of a shard. */
  maxShardBytes: number;
  /** Packets of the connection that an acknowledged hole may stay open: captures reorder a little. */
  patience: number;
}

export const STREAM_DEFAULTS: StreamOptions = {
  policy: 'first',
  maxWaitingBytes: 4 * 1024 * 1024,
  maxShardBytes: 16 * 1024 * 1024,
  patience: 12,
};

/** A segment may lie at most this far ahead of the next byte: the largest window (RFC 7323), and some. */
const MAX_AHEAD = 1 << 30;

export type StreamEvent =
  | 'overlap_conflict'
  | 'out_of_window'
  | 'gap'
  | 'limit'
  | 'keepalive'
  | 'rst_data'
  | 'rst_ignored';

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
  event(event: StreamEvent, n: number): void;
  /** Asks for room: `bytes` more (negative: fewer) wait. False when the shard's limit is reached. */
  wait(bytes: number): boolean;
}

export class TcpStream {
  readonly sides: readonly [HalfStream, HalfStream] = [new HalfStream(), new HalfStream()];
  readonly #receiver: StreamReceiver;
  readonly #options: StreamOptions;
  #packets = 0;
  /** A reset came that its receiver will have believed. */
  isReset = false;

  constructor(receiver: StreamReceiver, options: StreamOptions) {
    this.#receiver = receiver;
    this.#options = options;
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

  /**
   * One segment of `side`. [from, to) are its captured bytes, `length` what was sent. Sequence numbers are as in the header.
   */
  segment(
    side: 0 | 1,
    flags: number,
    sequence: number,
    acknowledgment: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    length: number,
    seconds: number,
    nanos: number,
    packet: number,
  ): void {
    const half = this.sides[side];
    const other = this.sides[1 - side];
    this.#packets++;
    let start = sequence | 0;
    if ((flags & SYN) !== 0) {
      start = (start + 1) | 0;
      if (!half.known || half.position === 0) {
        half.known = true;
        half.next = start;
      }
    } else if (!half.known) {
      if (length === 0 && (flags & ACK) === 0) return;
      half.known = true;
      half.next = start;
    }
    if ((flags & ACK) !== 0) this.#acknowledged(other, acknowledgment);
    if ((flags & RST) !== 0) {
      // What a reset carries is a diagnosis (RFC 9293 section 3.10.7.4 allows it), not stream data.
      if (length > 0) this.#receiver.event('rst_data', 1);
      if (half.mayEndAt((start - half.next) | 0)) this.isReset = true;
      else this.#receiver.event('rst_ignored', 1);
      return;
    }
    const ahead = (start - half.next) | 0;
    if (length > 0) {
      if (ahead === 0 && half.pieces.list.length === 0 && !other.hasHole && half.finAt < 0) {
        this.#deliver(side, half, bytes, from, to, length, seconds, nanos, packet);
      } else this.#outOfOrder(half, ahead, bytes, from, to, length, seconds, nanos, packet);
    }
    // A FIN without ACK, and one that ends before what was delivered already, is no end (RFC 9293 section 3.10.7.4).
    if ((flags & (FIN | ACK)) === (FIN | ACK) && half.finAt < 0 && ahead > -MAX_AHEAD && ahead < MAX_AHEAD) {
      const finAt = half.position + ((start + length - half.next) | 0);
      if (finAt < half.position) this.#receiver.event('out_of_window', 1);
      else {
        half.finAt = finAt;
        // The acknowledgment of a FIN counts one more than there are bytes.
        if (half.ackedBeyond > finAt) half.ackedBeyond = finAt;
      }
    }
    if (half.pieces.list.length > 0 || other.pieces.list.length > 0 || half.hasHole || other.hasHole)
      this.#settle(false);
    if (half.finAt >= 0 && half.position >= half.finAt) this.#finish(side, half);
  }

  /** Gives up open holes: those whose bytes were acknowledged, or (`all`) every one. */
  settle(all: boolean): void {
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

  #acknowledged(other: HalfStream, acknowledgment: number): void {
    if (!other.known) return;
    const beyond = (acknowledgment - other.next) | 0;
    if (beyond <= 0 || beyond > MAX_AHEAD) return;
    // The FIN takes a sequence number without being a byte.
    const position = other.position + beyond - (other.finAt >= 0 && other.position + beyond > other.finAt ? 1 : 0);
    if (position <= other.position) return;
    if (!other.hasHole) other.ackedAt = this.#packets;
    if (position > other.ackedBeyond) other.ackedBeyond = position;
  }

  /** Bytes that are next: delivered where they lie. What the snap length cut off is missing. */
  #deliver(
    side: 0 | 1,
    half: HalfStream,
    bytes: Uint8Array,
    from: number,
    to: number,
    length: number,
    seconds: number,
    nanos: number,
    packet: number,
  ): void {
    const captured = to - from;
    if (captured > 0) {
      half.remember(half.position, bytes, from, to);
      half.position += captured;
      half.next = (half.next + captured) | 0;
      if (half.skip >= captured) half.skip -= captured;
      else {
        const passed = half.skip;
        half.skip = 0;
        this.#receiver.deliver(side, bytes, from + passed, to, seconds, nanos, packet);
      }
    }
    if (length > captured) this.#gap(side, half, half.position + length - captured);
  }

  #outOfOrder(
    half: HalfStream,
    ahead: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    length: number,
    seconds: number,
    nanos: number,
    packet: number,
  ): void {
    if (ahead > MAX_AHEAD || ahead < -MAX_AHEAD || half.finished) {
      this.#receiver.event('out_of_window', 1);
      return;
    }
    let position = half.position + ahead;
    let begin = from;
    if (ahead < 0) {
      if (length <= 1 && ahead === -1) {
        this.#receiver.event('keepalive', 1);
        return;
      }
      if (half.differs(position, bytes, from, to)) this.#receiver.event('overlap_conflict', 1);
      const old = Math.min(-ahead, to - from);
      begin += old;
      position += old;
    }
    // Nothing follows a FIN.
    const end = half.finAt < 0 ? to : Math.min(to, begin + half.finAt - position);
    if (end < to) this.#receiver.event('out_of_window', 1);
    if (begin >= end) return;
    const { pieces } = half;
    pieces.seconds = seconds;
    pieces.nanos = nanos;
    pieces.packet = packet;
    const before = pieces.cost;
    const result = pieces.insert(position, bytes, begin, end, TCP_NEW_WINS[this.#options.policy]);
    if (result.conflict) this.#receiver.event('overlap_conflict', 1);
    if (pieces.cost === before) return;
    const room = this.#receiver.wait(pieces.cost - before);
    if (!room || this.waiting > this.#options.maxWaitingBytes) {
      this.#receiver.event('limit', 1);
      this.settle(true);
    }
  }

  /** Delivers what can be delivered, in the order of the packets that brought it; `now`: without more patience. */
  #settle(now: boolean): void {
    for (;;) {
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
      const isOwed = ready && half.ackedBeyond > half.position;
      if (found >= 0 && (isOwed === owed ? first.packet >= packet : owed)) continue;
      found = side;
      packet = first.packet;
      owed = isOwed;
    }
    return found;
  }

  /** Declares the older acknowledged hole a gap when it was waited for long enough; false when there is none. */
  #giveUpHole(now: boolean): boolean {
    const [a, b] = this.sides;
    if (!a.hasHole && !b.hasHole) return false;
    const side = a.hasHole && (!b.hasHole || a.ackedAt <= b.ackedAt) ? 0 : 1;
    const half = this.sides[side];
    if (!now && this.#packets - half.ackedAt <= this.#options.patience) return false;
    const first = half.pieces.list[0];
    this.#gap(side, half, first === undefined ? half.ackedBeyond : Math.min(half.ackedBeyond, first.start));
    if (half.finAt >= 0 && half.position >= half.finAt) this.#finish(side, half);
    return true;
  }

  #deliverPiece(side: 0 | 1, half: HalfStream): void {
    const { pieces } = half;
    const piece = pieces.list[0];
    const before = pieces.cost;
    const from = piece.from + half.position - piece.start;
    const length = piece.end - half.position;
    pieces.dropBefore(piece.end);
    this.#receiver.wait(pieces.cost - before);
    if (length > 0)
      this.#deliver(side, half, piece.bytes, from, from + length, length, piece.seconds, piece.nanos, piece.packet);
    if (half.finAt >= 0 && half.position >= half.finAt) this.#finish(side, half);
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
