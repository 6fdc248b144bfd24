// Names of header fields (RFC 9110 section 5.1): the same whatever their case. Compared four bytes at a time.

const WORD = 4;
/** Puts letters into lower case. A hyphen has the bit already. */
const LOWER = 0x20202020;

export class FieldName {
  readonly #words: readonly number[];
  readonly #last: number;

  /** Of four bytes at least, letters in lower case and hyphens. */
  constructor(name: string) {
    const view = new DataView(Uint8Array.from(name, (c) => c.charCodeAt(0)).buffer);
    this.#last = name.length - WORD;
    // The last word may have bytes of the one before.
    this.#words = Array.from({ length: Math.ceil(name.length / WORD) }, (_, i) =>
      view.getInt32(Math.min(i * WORD, this.#last), true),
    );
  }

  /** Are the bytes at `at` this name? There are as many as it has. */
  isAt(view: DataView, at: number): boolean {
    const words = this.#words;
    for (let i = 0; i < words.length; i++) {
      if ((view.getInt32(at + Math.min(i * WORD, this.#last), true) | LOWER) !== words[i]) return false;
    }
    return true;
  }
}
