// One direction of a TCP connection: which byte comes next, what waits for a hole to be filled, what was delivered lately.
// Positions are bytes since the stream's begin, as doubles: they never wrap.

import { Pieces } from './pieces.ts';

/** Delivered segments whose digests are kept, so that a retransmission with other bytes is noticed after delivery too. */
const REMEMBERED = 16;
const DIGEST_WORDS = 3;

export class HalfStream {
  /** The sequence number of the next byte is known. */
  known = false;
  /** Sequence number of the byte at `position`. */
  next = 0;
  /** Bytes delivered (or skipped, or declared missing) so far. */
  position = 0;
  /** Bytes that the analyzer does not want: passed over as they come. */
  skip = 0;
  /** Position of the FIN, -1 before. */
  finAt = -1;
  finished = false;
  /** The other side acknowledged up to here although we have not seen it; the packet count of the connection when that was noticed. */
  ackedBeyond = -1;
  ackedAt = 0;
  readonly pieces = new Pieces();
  #digests: Float64Array | undefined = undefined;
  #digestAt = 0;

  /** The other side acknowledged bytes that are neither delivered nor waiting here to be. */
  get hasHole(): boolean {
    return this.ackedBeyond > this.position && !this.isReady;
  }

  /** The next byte waits among the pieces. */
  get isReady(): boolean {
    const { list } = this.pieces;
    return list.length > 0 && list[0].start <= this.position;
  }

  /**
   * Is a reset believed whose sequence number is `ahead` of the next byte? It must follow what was sent, FIN included; one that lies
   * elsewhere in the window is answered, not obeyed (RFC 5961 section 3.2), and one outside means nothing.
   */
  mayEndAt(ahead: number): boolean {
    const { list } = this.pieces;
    const sent = Math.max(this.position, this.ackedBeyond, this.finAt, list.length > 0 ? list[list.length - 1].end : 0);
    return ahead >= 0 && ahead <= sent - this.position + 1;
  }

  /** Remembers what was delivered at `position`. */
  remember(position: number, bytes: Uint8Array, from: number, to: number): void {
    if (this.#digests === undefined) this.#digests = new Float64Array(REMEMBERED * DIGEST_WORDS).fill(-1);
    const at = this.#digestAt * DIGEST_WORDS;
    this.#digests[at] = position;
    this.#digests[at + 1] = to - from;
    this.#digests[at + 2] = digest(bytes, from, to);
    this.#digestAt = (this.#digestAt + 1) % REMEMBERED;
  }

  /** Do bytes that were delivered before differ from these? Only the same stretch can be compared. */
  differs(position: number, bytes: Uint8Array, from: number, to: number): boolean {
    const digests = this.#digests;
    if (digests === undefined) return false;
    for (let i = 0; i < REMEMBERED; i++) {
      const at = i * DIGEST_WORDS;
      if (digests[at] !== position || digests[at + 1] > to - from) continue;
      return digests[at + 2] !== digest(bytes, from, from + digests[at + 1]);
    }
    return false;
  }
}

// Segments come from the same few buffers: the view of the last one is nearly always right.
let viewed: Uint8Array = new Uint8Array(0);
let view = new DataView(viewed.buffer);

/** Not cryptographic: who can choose both copies can make them collide, and gains one missed event by it. */
function digest(bytes: Uint8Array, from: number, to: number): number {
  if (bytes !== viewed) {
    viewed = bytes;
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  let h = 0x811c9dc5;
  let g = 0x85a308d3;
  let i = from;
  // Two lanes of words: four times as fast as byte by byte (measured: a quarter of the cost of HTTP before).
  for (; i + 8 <= to; i += 8) {
    h = Math.imul(h ^ view.getInt32(i, true), 0x01000193);
    g = Math.imul(g ^ view.getInt32(i + 4, true), 0x9e3779b1);
    h ^= h >>> 15;
  }
  for (; i < to; i++) h = Math.imul(h ^ bytes[i], 0x01000193);
  return (h ^ Math.imul(g, 0x85ebca6b)) >>> 0;
}
