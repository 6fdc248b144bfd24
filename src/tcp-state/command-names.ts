// Names of commands out of the kernel's 16 bytes, made into text once: the same few come again and again.

import { wireText } from '../records/text.ts';

const SLOTS = 1024;
const NAME_BYTES = 16;

export class CommandNames {
  readonly #words = new Int32Array(SLOTS * 4);
  readonly #texts: (string | undefined)[] = new Array(SLOTS).fill(undefined);

  /** Text of the zero-terminated name in the four words at `w`; undefined when it is empty. Control characters come out as `\xNN`. */
  at(from: Int32Array, w: number): string | undefined {
    const a = from[w];
    if ((a & 0xff) === 0) return undefined;
    const b = from[w + 1];
    const c = from[w + 2];
    const d = from[w + 3];
    const slot =
      (Math.imul(a ^ Math.imul(b, 31) ^ Math.imul(c, 961) ^ Math.imul(d, 29791), 0x9e3779b1) >>> 22) & (SLOTS - 1);
    const words = this.#words;
    const s = slot * 4;
    const known = this.#texts[slot];
    if (known !== undefined && words[s] === a && words[s + 1] === b && words[s + 2] === c && words[s + 3] === d) {
      return known;
    }
    words[s] = a;
    words[s + 1] = b;
    words[s + 2] = c;
    words[s + 3] = d;
    return (this.#texts[slot] = commandText(new Uint8Array(words.buffer, s * 4, NAME_BYTES)));
  }
}

/** A process may name itself as it likes, also with bytes that terminals obey. */
function commandText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return wireText(bytes, 0, end < 0 ? NAME_BYTES : end);
}
