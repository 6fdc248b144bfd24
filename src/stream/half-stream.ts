// One direction of a TCP connection: which byte comes next, what waits for a hole to be filled, what was delivered lately, and what
// its receiver said of it. Positions are bytes since the stream's begin, as doubles: they never wrap.

import { MAX_WINDOW_SCALE } from '../wire/tcp-options.ts';
import { digest } from './digest.ts';
import { Pieces } from './pieces.ts';
import type { RecentBytes } from './recent-bytes.ts';

/** Delivered segments whose digests are kept, so that a retransmission with other bytes is noticed after delivery too. */
const REMEMBERED = 16;
/** Of each: position, length and TTL, digest, place among the recent bytes. */
const DIGEST_WORDS = 4;
const TTLS = 256;
/** Less than any edge. Not infinite: V8 keeps what is no small integer apart from the object that has it. */
export const NO_EDGE = -(2 ** 31);
/** Stands for the pieces of the many streams in which nothing ever waits; nobody puts anything in. */
const NO_PIECES = new Pieces();

export class HalfStream {
  /** The sequence number of the next byte is known. */
  known = false;
  /** It is not, but the peer acknowledged up to `next` before anything of this side was captured. */
  isAnnounced = false;
  /** Sequence number of the byte at `position`. */
  next = 0;
  /** Bytes delivered (or skipped, or declared missing) so far. */
  position = 0;
  /** Bytes that the analyzer does not want: passed over as they come. */
  skip = 0;
  /** How many bytes of the other direction the segment acknowledged that brought the latest bytes of this one; -1: it did not tell. */
  acknowledged = -1;
  /** Position of the FIN, -1 before. */
  finAt = -1;
  /** Position of a FIN that its receiver may have refused, -1 without. */
  doubtedFinAt = -1;
  finished = false;
  /** It sent something other than a SYN. */
  begun = false;
  /** Position of the urgent byte that is to be left out, -1 without. */
  urgentAt = -1;
  /** What waits for a hole to be filled. To put something in, ask for `pile`. */
  pieces = NO_PIECES;

  // ---- what the receiver said of this direction
  /** It acknowledged up to here what we saw (waiting or delivered). */
  acked = 0;
  /** It acknowledged up to here although we have not seen it; -1 without. Either our capture lacks something or it lied. */
  unseenAck = -1;
  /** Nobody waits any more for what was acknowledged up to here. */
  conceded = 0;
  /** The connection's count of packets when an acknowledged hole was noticed. */
  holeAt = 0;
  /** Number of the packet in which it acknowledged last. */
  ackPacket = -1;
  /** Right edge of its window; `NO_EDGE`: not known. */
  edge = NO_EDGE;

  // ---- what the sender said of itself
  /** What its SYN said, see `flow/syn-facts.ts`; 0: not seen. */
  facts = 0;
  /** Shift of the windows that it announces (RFC 7323 section 2); as long as nobody saw a SYN, the greatest. */
  scale = MAX_WINDOW_SCALE;
  /** Largest window that it announced, in bytes. */
  maxWindow = 0;
  /** TS.Recent of its receiver (RFC 7323 section 4.3). */
  recent = 0;
  hasRecent = false;
  /** TTL of its SYN where another one is a reason for doubt, else 0. */
  ttl = 0;
  isSigned = false;
  /** Its checksums are wrong and its receiver takes them: they are made behind the point of capture. */
  isOffloaded = false;

  /** Grows as segments come, for most streams are short. */
  #digests: number[] | undefined = undefined;
  #digestAt = 0;

  /** The pieces, to put one in. */
  get pile(): Pieces {
    if (this.pieces === NO_PIECES) this.pieces = new Pieces();
    return this.pieces;
  }

  /** End of what was sent, as far as we saw: data and FIN. */
  get sent(): number {
    const { list } = this.pieces;
    const end = Math.max(this.position, this.finAt + 1, this.doubtedFinAt + 1);
    return list.length > 0 ? Math.max(end, list[list.length - 1].end) : end;
  }

  /** What an acknowledgment up to `position` says of bytes: the FIN takes a sequence number without being one. */
  bytesBefore(position: number): number {
    const fin = this.finAt >= 0 ? this.finAt : this.doubtedFinAt;
    return fin >= 0 && position > fin ? fin : position;
  }

  /** The other side acknowledged bytes that are neither delivered nor waiting here to be. */
  get hasHole(): boolean {
    return (this.acked > this.position || this.unseenAck > this.position) && !this.isReady;
  }

  /** Something waits, or is waited for. */
  get isUnsettled(): boolean {
    return this.pieces.list.length > 0 || this.acked > this.position || this.unseenAck > this.position;
  }

  /** The next byte waits among the pieces, and its receiver took it. */
  get isReady(): boolean {
    const { list } = this.pieces;
    return list.length > 0 && list[0].start <= this.position && (list[0].doubt === 0 || this.acked > this.position);
  }

  /**
   * Is a reset believed whose sequence number is `ahead` of the next byte? It must be exactly what the receiver expects, or behind
   * what it acknowledged selectively; one that lies elsewhere in the window is answered, not obeyed (RFC 5961 section 3.2), and one
   * outside means nothing.
   */
  mayEndAt(ahead: number): boolean {
    if (this.finAt === this.position && ahead === 1) return true;
    return ahead === 0 || ahead === this.sent - this.position;
  }

  /** Remembers what was delivered at `position`: bytes[from, to), whose digest is `hash`. */
  remember(
    position: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    hash: number,
    ttl: number,
    recent: RecentBytes,
  ): void {
    this.#digests ??= [];
    const digests = this.#digests;
    const place = recent.keep(bytes, from, to);
    const sizeAndTtl = (to - from) * TTLS + ttl;
    const at = this.#digestAt * DIGEST_WORDS;
    if (at === digests.length) digests.push(position, sizeAndTtl, hash, place);
    else {
      digests[at] = position;
      digests[at + 1] = sizeAndTtl;
      digests[at + 2] = hash;
      digests[at + 3] = place;
    }
    this.#digestAt = (this.#digestAt + 1) % REMEMBERED;
  }

  /**
   * Do bytes that were delivered before differ from these? What is no longer kept itself is compared by its digest, if the new bytes
   * hold all of it. The TTL that came with the delivered ones; -1 when nothing differs.
   */
  differs(position: number, bytes: Uint8Array, from: number, to: number, recent: RecentBytes): number {
    const digests = this.#digests;
    if (digests === undefined) return -1;
    const end = position + to - from;
    for (let at = 0; at < digests.length; at += DIGEST_WORDS) {
      const start = digests[at];
      const length = Math.floor(digests[at + 1] / TTLS);
      const ttl = digests[at + 1] % TTLS;
      const low = Math.max(start, position);
      const high = Math.min(start + length, end);
      if (low >= high) continue;
      const place = digests[at + 3];
      const offset = from + low - position;
      if (recent.has(place)) {
        if (recent.differs(place + low - start, bytes, offset, high - low)) return ttl;
      } else if (high - low === length && digests[at + 2] !== digest(bytes, offset, offset + length)) {
        return ttl;
      }
    }
    return -1;
  }
}
