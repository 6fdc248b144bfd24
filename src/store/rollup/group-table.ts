// Sums per combination of keys: open addressing over rows of words, the sums of a group next to each other in memory.

const FIRST_GROUPS = 256;

/** Places of the sums of a group; behind them one per added-up column. */
export const SUM_ROWS = 0;
export const SUM_ENDED = 1;
export const SUM_DURATION = 2;
export const SUM_DURATION_ROWS = 3;
export const FIRST_SECONDS = 4;
export const FIRST_NANOS = 5;
export const LAST_SECONDS = 6;
export const LAST_NANOS = 7;
export const SUMS = 8;

/** What a batch has for the sums, a value per row. */
export interface RowValues {
  readonly ended: Uint8Array;
  readonly duration: Float64Array;
  /** 1 where there is a duration. */
  readonly hasDuration: Uint8Array;
  readonly firstSeconds: Uint32Array;
  readonly firstNanos: Uint32Array;
  readonly lastSeconds: Uint32Array;
  readonly lastNanos: Uint32Array;
  readonly sums: readonly Float64Array[];
}

export class GroupTable {
  /** Words of a key: the time, then the codes. */
  readonly width: number;
  readonly #stride: number;
  readonly #salt = (Math.random() * 0x1_0000_0000) | 0;
  count = 0;
  /** Rows that were added since the last `clear`. */
  rows = 0;
  keys = new Uint32Array(0);
  sums = new Float64Array(0);
  #slots = new Int32Array(0);
  readonly #probe: Uint32Array;

  constructor(width: number, sums: number) {
    this.width = width;
    this.#stride = SUMS + sums;
    this.#probe = new Uint32Array(width);
    this.#allocate(FIRST_GROUPS);
  }

  #allocate(groups: number): void {
    this.keys = new Uint32Array(groups * this.width);
    this.sums = new Float64Array(groups * this.#stride);
    this.#slots = new Int32Array(groups * 2).fill(-1);
  }

  get bytes(): number {
    return this.keys.byteLength + this.sums.byteLength + this.#slots.byteLength;
  }

  /** Distance of two groups in `sums`. */
  get stride(): number {
    return this.#stride;
  }

  /** Adds rows [0, rows): word k of row r's key is columns[k][r]. */
  addRows(columns: readonly Uint32Array[], values: RowValues, from: number, to: number): void {
    const { ended, duration, hasDuration, firstSeconds, firstNanos, lastSeconds, lastNanos, sums: more } = values;
    const width = this.width;
    const probe = this.#probe;
    this.rows += to - from;
    for (let row = from; row < to; row++) {
      for (let k = 0; k < width; k++) probe[k] = columns[k][row];
      const at = this.#group() * this.#stride;
      const sums = this.sums;
      sums[at + SUM_ROWS]++;
      sums[at + SUM_ENDED] += ended[row];
      sums[at + SUM_DURATION] += duration[row];
      sums[at + SUM_DURATION_ROWS] += hasDuration[row];
      this.#spread(at, firstSeconds[row], firstNanos[row], lastSeconds[row], lastNanos[row]);
      for (let i = 0; i < more.length; i++) sums[at + SUMS + i] += more[i][row];
    }
  }

  /** Adds the groups of a table of the same keys; `unit`: its units of time per unit of this one. */
  addGroups(other: GroupTable, unit: number): void {
    const width = this.width;
    const probe = this.#probe;
    this.rows += other.rows;
    for (let group = 0; group < other.count; group++) {
      for (let k = 0; k < width; k++) probe[k] = other.keys[group * width + k];
      if (probe[0] > 0) probe[0] = Math.floor((probe[0] - 1) / unit) + 1;
      const at = this.#group() * this.#stride;
      const from = group * this.#stride;
      const theirs = other.sums;
      this.#spread(
        at,
        theirs[from + FIRST_SECONDS],
        theirs[from + FIRST_NANOS],
        theirs[from + LAST_SECONDS],
        theirs[from + LAST_NANOS],
      );
      for (let i = 0; i < FIRST_SECONDS; i++) this.sums[at + i] += theirs[from + i];
      for (let i = SUMS; i < this.#stride; i++) this.sums[at + i] += theirs[from + i];
    }
  }

  #spread(at: number, firstSeconds: number, firstNanos: number, lastSeconds: number, lastNanos: number): void {
    const sums = this.sums;
    const first = sums[at + FIRST_SECONDS];
    if (firstSeconds < first || (firstSeconds === first && firstNanos < sums[at + FIRST_NANOS])) {
      sums[at + FIRST_SECONDS] = firstSeconds;
      sums[at + FIRST_NANOS] = firstNanos;
    }
    const last = sums[at + LAST_SECONDS];
    if (lastSeconds > last || (lastSeconds === last && lastNanos > sums[at + LAST_NANOS])) {
      sums[at + LAST_SECONDS] = lastSeconds;
      sums[at + LAST_NANOS] = lastNanos;
    }
  }

  #hash(keys: Uint32Array, at: number): number {
    let h = this.#salt;
    for (let k = 0; k < this.width; k++) {
      h = Math.imul(h ^ keys[at + k], 0x9e3779b1);
      h ^= h >>> 15;
    }
    h = Math.imul(h, 0x85ebca77);
    return h ^ (h >>> 13);
  }

  /** The group of the key in `#probe`, made when it is not there. */
  #group(): number {
    const { width } = this;
    const probe = this.#probe;
    const keys = this.keys;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = this.#hash(probe, 0) & mask;
    for (;;) {
      const group = slots[slot];
      if (group < 0) break;
      const at = group * width;
      let k = 0;
      while (k < width && keys[at + k] === probe[k]) k++;
      if (k === width) return group;
      slot = (slot + 1) & mask;
    }
    const group = this.count++;
    slots[slot] = group;
    for (let k = 0; k < width; k++) keys[group * width + k] = probe[k];
    this.sums[group * this.#stride + FIRST_SECONDS] = Number.POSITIVE_INFINITY;
    this.sums[group * this.#stride + LAST_SECONDS] = -1;
    if (this.count * 2 >= slots.length) this.#grow();
    return group;
  }

  #grow(): void {
    const keys = new Uint32Array(this.keys.length * 2);
    keys.set(this.keys);
    const sums = new Float64Array(this.sums.length * 2);
    sums.set(this.sums);
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let group = 0; group < this.count; group++) {
      let slot = this.#hash(keys, group * this.width) & mask;
      while (slots[slot] >= 0) slot = (slot + 1) & mask;
      slots[slot] = group;
    }
    this.keys = keys;
    this.sums = sums;
    this.#slots = slots;
  }

  /** Forgets all groups and gives their memory back. */
  clear(): void {
    this.count = this.rows = 0;
    this.#allocate(FIRST_GROUPS);
  }
}
