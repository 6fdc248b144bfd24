// Handshake messages of one direction (RFC 8446 section 4): a type, a length of three octets, a body. A message that lies whole in
// the bytes at hand is passed on as it stands; another is put together, in memory that grows with what has really come.

const HEADER_OCTETS = 4;
/** The longest message that is put together: certificates with all their chain stay far below. */
export const MAX_MESSAGE_OCTETS = 256 * 1024;
const FIRST_OCTETS = 1024;
const NOTHING = new Uint8Array(0);

export interface MessageSink {
  /** Is the body of messages of this type looked at? Others are told without it. */
  wants(type: number): boolean;
  /** A message; `isWhole` is false when its end is missing. Bytes are valid during the call. */
  message(type: number, bytes: Uint8Array, from: number, to: number, isWhole: boolean): void;
  /** More than can be held. */
  overLimit(): void;
}

export class MessageReader {
  /** Messages begun so far. */
  count = 0;
  readonly #sink: MessageSink;
  readonly #hold: (bytes: number) => boolean;
  /** What has come of the header, as a big-endian number, and how much that is. */
  #header = 0;
  #headerOctets = 0;
  #type = -1;
  #left = 0;
  #isWanted = false;
  /** Told already, because it was too long to be held. */
  #isTold = false;
  #kept: Uint8Array = NOTHING;
  #keptOctets = 0;

  constructor(sink: MessageSink, hold: (bytes: number) => boolean) {
    this.#sink = sink;
    this.#hold = hold;
  }

  data(bytes: Uint8Array, from: number, to: number): void {
    let at = from;
    while (at < to) {
      if (this.#type < 0) {
        at = this.#readHeader(bytes, at, to);
        continue;
      }
      const end = Math.min(to, at + this.#left);
      this.#left -= end - at;
      if (!this.#isWanted) {
        if (this.#left === 0) this.#complete(NOTHING, 0, 0, true);
      } else if (this.#left === 0 && this.#keptOctets === 0) this.#complete(bytes, at, end, true);
      else {
        this.#keep(bytes, at, end);
        if (this.#left === 0) this.#complete(this.#kept, 0, this.#keptOctets, true);
      }
      at = end;
    }
  }

  /** Tells what there is of a message whose end will not come. */
  finish(): void {
    if (this.#type >= 0) this.#complete(this.#kept, 0, this.#keptOctets, false);
  }

  forget(): void {
    this.finish();
    this.#headerOctets = 0;
  }

  #readHeader(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    for (; at < to && this.#headerOctets < HEADER_OCTETS; this.#headerOctets++) {
      this.#header = (this.#header << 8) | bytes[at++];
    }
    if (this.#headerOctets < HEADER_OCTETS) return at;
    this.#headerOctets = 0;
    this.count++;
    this.#type = this.#header >>> 24;
    this.#left = this.#header & 0xffffff;
    this.#isWanted = this.#sink.wants(this.#type);
    this.#isTold = false;
    if (this.#left === 0) this.#complete(NOTHING, 0, 0, true);
    return at;
  }

  #keep(bytes: Uint8Array, from: number, to: number): void {
    const octets = this.#keptOctets + to - from;
    if (octets > this.#kept.length && !this.#grow(octets)) {
      this.#sink.overLimit();
      this.#tell(this.#kept, 0, this.#keptOctets, false);
      this.#release();
      this.#isWanted = false;
      return;
    }
    this.#kept.set(bytes.subarray(from, to), this.#keptOctets);
    this.#keptOctets = octets;
  }

  #grow(octets: number): boolean {
    if (octets > MAX_MESSAGE_OCTETS) return false;
    let capacity = Math.max(FIRST_OCTETS, this.#kept.length);
    while (capacity < octets) capacity *= 2;
    if (!this.#hold(capacity - this.#kept.length)) {
      this.#hold(this.#kept.length - capacity);
      return false;
    }
    const grown = new Uint8Array(capacity);
    grown.set(this.#kept.subarray(0, this.#keptOctets));
    this.#kept = grown;
    return true;
  }

  #complete(bytes: Uint8Array, from: number, to: number, isWhole: boolean): void {
    this.#left = 0;
    this.#tell(bytes, from, to, isWhole);
    this.#type = -1;
    this.#release();
  }

  #tell(bytes: Uint8Array, from: number, to: number, isWhole: boolean): void {
    if (!this.#isTold) this.#sink.message(this.#type, bytes, from, to, isWhole);
    this.#isTold = true;
  }

  #release(): void {
    if (this.#kept.length > 0) this.#hold(-this.#kept.length);
    this.#kept = NOTHING;
    this.#keptOctets = 0;
  }
}
