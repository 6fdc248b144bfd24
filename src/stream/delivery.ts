// What of a TCP connection comes out, and when: both directions in order, each byte once. Bytes that are next are delivered where they lie;
// others wait as copies. A hole is declared a gap when what came behind it was acknowledged and it still did not come, when too
// much waits behind it, or when the connection ends. A direction also waits while the other one has an acknowledged hole: an
// answer is never delivered before the question that the capture shows a little later. What the receiver may refuse waits until it
// acknowledges it (`doubt.ts`).

import { digest } from './digest.ts';
import * as doubts from './doubt.ts';
import { HalfStream } from './half-stream.ts';
import type { StreamOptions } from './options.ts';
import type { Piece } from './pieces.ts';
import type { StreamReceiver } from './receiver.ts';
import type { RecentBytes } from './recent-bytes.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const { DOUBT_CHECKSUM, DOUBT_PAWS, DOUBT_SYN, DOUBT_TTL, DOUBT_UNSENT_ACK, DOUBT_WINDOW } = doubts;

/** `TcpStream` builds on it by inheritance, not with an object beside it: there is one for each connection. */
export class Delivery {
  /** The directions from side A and from side B: not an array, which would be two more places in memory to go to for each packet. */
  readonly a = new HalfStream();
  readonly b = new HalfStream();
  protected readonly receiver: StreamReceiver;
  protected readonly options: StreamOptions;
  protected readonly recent: RecentBytes;
  /** Segments so far: how long a hole is waited for. */
  protected packets = 0;

  /** `recent`: of the shard. */
  constructor(receiver: StreamReceiver, options: StreamOptions, recent: RecentBytes) {
    this.receiver = receiver;
    this.options = options;
    this.recent = recent;
  }

  /** The direction from this side: 0 or 1. */
  from(side: number): HalfStream {
    return side === 0 ? this.a : this.b;
  }

  /** Memory of what waits, in bytes. */
  get waiting(): number {
    return this.a.pieces.cost + this.b.pieces.cost;
  }

  /** It was seen to begin, or something waits, or is waited for. */
  get isRemarkable(): boolean {
    const { a, b } = this;
    return a.facts !== 0 || b.facts !== 0 || a.isUnsettled || b.isUnsettled;
  }

  /** Gives up open holes: those whose bytes were acknowledged, or (`all`) every one. */
  settle(all: boolean): void {
    if (all) {
      this.#judge(0);
      this.#judge(1);
    }
    this.settleReady(true);
    if (!all) return;
    for (let side = this.#firstWaiting(false); side >= 0; side = this.#firstWaiting(false)) {
      const half = this.from(side);
      this.#gap(side as 0 | 1, half, half.pieces.list[0].start);
      this.settleReady(true);
    }
    for (const side of [0, 1] as const) {
      const half = this.from(side);
      if (half.finAt > half.position) this.#gap(side, half, half.finAt);
      if (half.finAt >= 0) this.finish(side, half);
    }
  }

  /** The connection is over: nothing comes any more. */
  end(): void {
    this.settle(true);
    for (const side of [0, 1] as const) {
      const half = this.from(side);
      // One byte more than there are is a FIN that was not captured.
      if (half.conceded > half.position + 1) this.#gap(side, half, half.conceded);
    }
  }

  /** Bytes that are next: delivered where they lie. What the snap length cut off is missing. */
  protected deliver(
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
      half.remember(start, bytes, from, to, hash, ttl, this.recent);
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
    if (from + passed < to) this.receiver.deliver(side, bytes, from + passed, to, seconds, nanos, packet);
  }

  protected drop(half: HalfStream, gone: (piece: Piece) => boolean): void {
    const { pieces } = half;
    const before = pieces.cost;
    for (let i = pieces.list.length - 1; i >= 0; i--) {
      if (!gone(pieces.list[i])) continue;
      pieces.drop(i);
      this.receiver.event('doubt_refused', 1);
    }
    this.receiver.wait(pieces.cost - before);
  }

  /**
   * No acknowledgment will come for what is doubted. Its receiver spoke after it and did not take it: it goes. It said nothing any
   * more: then that is no proof, and it stays.
   */
  #judge(side: 0 | 1): void {
    const half = this.from(side);
    this.drop(half, (piece) => {
      if (piece.doubt === 0 || piece.end <= half.acked) return false;
      return (piece.doubt & DOUBT_SYN) !== 0 || half.ackPacket > piece.packet;
    });
    for (const piece of half.pieces.list) piece.doubt = 0;
  }

  /** Delivers what can be delivered, in the order of the packets that brought it; `now`: without more patience. */
  protected settleReady(now: boolean): void {
    const { a, b } = this;
    for (;;) {
      if (a.unseenAck >= 0 && a.unseenAck <= a.position) this.trustAck(a, b);
      if (b.unseenAck >= 0 && b.unseenAck <= b.position) this.trustAck(b, a);
      const side = this.#firstWaiting(true);
      if (side >= 0) this.#deliverPiece(side as 0 | 1, this.from(side));
      else if (!this.#giveUpHole(now)) return;
    }
  }

  /**
   * The side whose first piece came first: of those that can be delivered (`ready`), or of all. -1 when there is none. What the first piece
   * of the other side acknowledges goes before that.
   */
  #firstWaiting(ready: boolean): number {
    let found = -1;
    let packet = Number.POSITIVE_INFINITY;
    let owed = false;
    for (let side = 0; side < 2; side++) {
      const half = this.from(side);
      const first = half.pieces.list[0];
      if (first === undefined || (ready && (!half.isReady || this.from(1 - side).hasHole))) continue;
      const isOwed = ready && (this.from(1 - side).pieces.list[0]?.acknowledged ?? -1) > half.position;
      if (found >= 0 && (isOwed === owed ? first.packet >= packet : owed)) continue;
      found = side;
      packet = first.packet;
      owed = isOwed;
    }
    return found;
  }

  /** Gives up the older acknowledged hole when it was waited for long enough; false when there is none. */
  #giveUpHole(now: boolean): boolean {
    const { a, b } = this;
    if (!a.hasHole && !b.hasHole) return false;
    const side = a.hasHole && (!b.hasHole || a.holeAt <= b.holeAt) ? 0 : 1;
    const half = this.from(side);
    const first = half.pieces.list[0];
    // It was acknowledged together with what we saw: the hole was filled, and we missed it.
    const isSure = half.acked > half.position;
    const end = first === undefined ? half.acked : Math.min(half.acked, first.start);
    if (!now && this.packets - half.holeAt <= this.options.patience && !(isSure && end <= half.conceded)) return false;
    if (isSure) {
      this.#gap(side, half, end);
      if (half.finAt >= 0 && half.position >= half.finAt) this.finish(side, half);
    } else this.#concede(half, this.from(1 - side));
    return true;
  }

  /**
   * Something was acknowledged that does not come and behind which nothing is known. The other direction waits no longer; but only what
   * comes behind the hole can prove it, for acknowledgments can lie.
   */
  #concede(half: HalfStream, other: HalfStream): void {
    half.conceded = Math.max(half.conceded, half.unseenAck);
    this.trustAck(half, other);
  }

  /** What `half` was said to have sent came, or is no longer waited for. */
  protected trustAck(half: HalfStream, other: HalfStream): void {
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
    this.receiver.wait(pieces.cost - before);
    if (length > 0) {
      const hash = digest(piece.bytes, from, from + length);
      const { bytes, ttl, seconds, nanos, packet } = piece;
      half.acknowledged = piece.acknowledged;
      this.deliver(side, half, bytes, from, from + length, length, hash, ttl, seconds, nanos, packet);
    }
    if (half.finAt >= 0 && half.position >= half.finAt) this.finish(side, half);
  }

  /** Its receiver took it: what we thought it would hold against it was wrong. */
  #believe(half: HalfStream, piece: Piece): void {
    this.receiver.event('doubt_believed', 1);
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
    this.receiver.event('gap', missing);
    const skipped = Math.min(half.skip, missing);
    half.skip -= skipped;
    if (missing > skipped) this.receiver.missing(side, missing - skipped);
  }

  protected finish(side: 0 | 1, half: HalfStream): void {
    if (half.finished) return;
    half.finished = true;
    this.receiver.wait(-half.pieces.cost);
    half.pieces.clear();
    this.receiver.finished(side);
  }
}
