// Pieces of a stream by their numbers: each is passed on once, in order; what comes too early waits.

/** OpenVPN has no more than a dozen on their way. */
const MAX_AHEAD = 64;
const MAX_OCTETS = 64 * 1024;

export class Numbered {
  readonly #deliver: (bytes: Uint8Array, from: number, to: number) => void;
  readonly #hold: (bytes: number) => boolean;
  readonly #waiting = new Map<number, Uint8Array>();
  #octets = 0;
  #next = 1;

  constructor(deliver: (bytes: Uint8Array, from: number, to: number) => void, hold: (bytes: number) => boolean) {
    this.#deliver = deliver;
    this.#hold = hold;
  }

  add(number: number, bytes: Uint8Array, from: number, to: number): void {
    if (number < this.#next || number >= this.#next + MAX_AHEAD) return;
    if (number > this.#next) {
      this.#wait(number, bytes.slice(from, to));
      return;
    }
    this.#next++;
    this.#deliver(bytes, from, to);
    for (;;) {
      const piece = this.#waiting.get(this.#next);
      if (piece === undefined) return;
      this.#waiting.delete(this.#next++);
      this.#giveBack(piece.length);
      this.#deliver(piece, 0, piece.length);
    }
  }

  /** Lets go of what waits. */
  clear(): void {
    this.#waiting.clear();
    this.#giveBack(this.#octets);
  }

  #wait(number: number, piece: Uint8Array): void {
    if (this.#waiting.has(number) || this.#octets + piece.length > MAX_OCTETS) return;
    if (!this.#hold(piece.length)) {
      this.#hold(-piece.length);
      return;
    }
    this.#octets += piece.length;
    this.#waiting.set(number, piece);
  }

  #giveBack(octets: number): void {
    this.#octets -= octets;
    if (octets > 0) this.#hold(-octets);
  }
}
