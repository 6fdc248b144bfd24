// Bytes that came in pieces, in their order: QUIC's CRYPTO frames (RFC 9000 section 19.6), DTLS's fragments of a message (RFC 6347
// section 4.2.3). Pieces come in any order, twice, and across each other; of bytes that came twice the first ones count.

interface Piece {
  offset: number;
  bytes: Uint8Array;
}

/** Hellos are some kilobytes; what waits behind a hole is bounded in octets and in pieces. */
const MAX_WAITING_OCTETS = 64 * 1024;
const MAX_PIECES = 256;

export class PiecesInOrder {
  readonly #deliver: (bytes: Uint8Array, from: number, to: number) => void;
  readonly #hold: (bytes: number) => boolean;
  /** By offset. */
  #waiting: Piece[] = [];
  #waitingOctets = 0;
  #next = 0;

  constructor(deliver: (bytes: Uint8Array, from: number, to: number) => void, hold: (bytes: number) => boolean) {
    this.#deliver = deliver;
    this.#hold = hold;
  }

  add(offset: number, bytes: Uint8Array, from: number, to: number): void {
    const end = offset + to - from;
    if (end <= this.#next) return;
    if (offset > this.#next) {
      this.#wait(offset, bytes, from, to);
      return;
    }
    const start = from + this.#next - offset;
    this.#next = end;
    this.#deliver(bytes, start, to);
    this.#drain();
  }

  /** Forgets all; what comes next begins at 0. */
  reset(): void {
    this.#hold(-this.#waitingOctets);
    this.#waiting = [];
    this.#waitingOctets = 0;
    this.#next = 0;
  }

  #wait(offset: number, bytes: Uint8Array, from: number, to: number): void {
    const octets = to - from;
    if (this.#waiting.length >= MAX_PIECES || this.#waitingOctets + octets > MAX_WAITING_OCTETS || !this.#hold(octets))
      return;
    this.#waitingOctets += octets;
    let place = this.#waiting.length;
    while (place > 0 && this.#waiting[place - 1].offset > offset) place--;
    this.#waiting.splice(place, 0, { offset, bytes: bytes.slice(from, to) });
  }

  #drain(): void {
    let used = 0;
    while (used < this.#waiting.length && this.#waiting[used].offset <= this.#next) {
      const { offset, bytes } = this.#waiting[used++];
      this.#waitingOctets -= bytes.length;
      this.#hold(-bytes.length);
      const skipped = this.#next - offset;
      if (skipped >= bytes.length) continue;
      this.#next = offset + bytes.length;
      this.#deliver(bytes, skipped, bytes.length);
    }
    if (used > 0) this.#waiting.splice(0, used);
  }
}
