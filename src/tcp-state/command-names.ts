// Names of commands out of the kernel's 16 bytes, made into text once: the same few come again and again.

const SLOTS = 1024;

import { wireText } from '../records/text.ts';

export class CommandNames {
  readonly #words = new Int32Array(SLOTS * 4);
  readonly #texts: (string | undefined)[] = new Array(SLOTS).fill(undefined);

  /** Text of the zero-terminated name at `at`; undefined when it is empty. Control characters come out as `\xNN`. */
  at(view: DataView, bytes: Uint8Array, at: number): string | undefined {
    const a = view.getInt32(at, true);
    if ((a & 0xff) === 0) return undefined;
    const b = view.getInt32(at + 4, true);
    const c = view.getInt32(at + 8, true);
    const d = view.getInt32(at + 12, true);
    const slot =
      (Math.imul(a ^ Math.imul(b, 31) ^ Math.imul(c, 961) ^ Math.imul(d, 29791), 0x9e3779b1) >>> 22) & (SLOTS - 1);
    const words = this.#words;
    const w = slot * 4;
    const known = this.#texts[slot];
    if (known !== undefined && words[w] === a && words[w + 1] === b && words[w + 2] === c && words[w + 3] === d) {
      return known;
    }
    words[w] = a;
    words[w + 1] = b;
    words[w + 2] = c;
    words[w + 3] = d;
    return (this.#texts[slot] = commandText(bytes, at));
  }
}

/** A process may name itself as it likes, also with bytes that terminals obey. */
function commandText(bytes: Uint8Array, at: number): string {
  let end = at;
  while (end < at + 16 && bytes[end] !== 0) end++;
  return wireText(bytes, at, end);
}
