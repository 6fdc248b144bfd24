// Ids of rows: a digest of what the row says. The same file gives the same rows and so the same ids, and a row that is sent again, after a
// lost connection or by a second run, is recognised. Rows that say the same (two equal packets with equal times) are told apart by counting.

import { createHash } from 'node:crypto';

/** Ids of which equal rows are looked for among each other. They stand close together, for output is in the order of packets. */
const REMEMBERED = 65_536;
const UUID_DIGITS = 32;

export class RowIds {
  readonly #type: string;
  readonly #seen = new Map<string, number>();

  constructor(type: string) {
    this.#type = type;
  }

  /** The id of the next row, as a UUID's text. */
  next(row: Uint8Array): string {
    const id = digest(this.#type, row, 0);
    const times = this.#seen.get(id) ?? 0;
    if (times === 0 && this.#seen.size >= REMEMBERED) this.#seen.clear();
    this.#seen.set(id, times + 1);
    return times === 0 ? id : digest(this.#type, row, times);
  }
}

function digest(type: string, row: Uint8Array, times: number): string {
  const hex = createHash('sha1').update(`${type}/${times}/`).update(row).digest('hex').slice(0, UUID_DIGITS);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
