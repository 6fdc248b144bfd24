// Rows for the minority of flows that have something of them: as many as are asked for, found by a number in the flow's cold row.

import { coldAt } from './layout.ts';

const FIRST_ROWS = 256;
const SECOND_ROWS = 8192;
/** From so many rows on there is memory for all of them. */
const MANY_ROWS = 4096;

export class SideRows {
  #words: Int32Array;
  readonly #cold: Int32Array;
  readonly #column: number;
  readonly #width: number;
  readonly #capacity: number;
  #free = 0;
  #fresh = 1;

  /** `column`: the cold word that has a flow's row, 0 for none. `width`: words of a row. `capacity`: flows at most. */
  constructor(cold: Int32Array, column: number, width: number, capacity: number) {
    this.#cold = cold;
    this.#column = column;
    this.#width = width;
    this.#capacity = capacity;
    this.#words = new Int32Array(width * FIRST_ROWS);
  }

  /** All rows. Making one may move them: first the row, then its memory. */
  get words(): Int32Array {
    return this.#words;
  }

  /** First word of the flow's row; -1 when it has none. */
  find(base: number): number {
    const row = this.#cold[coldAt(base) + this.#column];
    return row === 0 ? -1 : row * this.#width;
  }

  /** First word of the flow's row; made when it is not there. */
  of(base: number): number {
    const at = coldAt(base) + this.#column;
    let row = this.#cold[at];
    if (row === 0) {
      row = this.#take();
      this.#cold[at] = row;
    }
    return row * this.#width;
  }

  /** The flow is gone. */
  release(base: number): void {
    const row = this.#cold[coldAt(base) + this.#column];
    if (row === 0) return;
    this.#words[row * this.#width] = this.#free;
    this.#free = row;
  }

  /** All flows are gone. */
  clear(): void {
    this.#words.fill(0, 0, this.#fresh * this.#width);
    this.#free = 0;
    this.#fresh = 1;
  }

  #take(): number {
    const row = this.#free;
    const width = this.#width;
    if (row === 0) {
      if ((this.#fresh + 1) * width > this.#words.length) this.#grow();
      return this.#fresh++;
    }
    this.#free = this.#words[row * width];
    this.#words.fill(0, row * width, (row + 1) * width);
    return row;
  }

  #grow(): void {
    const old = this.#words;
    // Virtual memory for every flow at once: the system commits pages as they are used, so there is no copy later.
    const rows = this.#fresh < MANY_ROWS ? SECOND_ROWS : this.#capacity + 2;
    this.#words = new Int32Array(rows * this.#width);
    this.#words.set(old);
  }
}
