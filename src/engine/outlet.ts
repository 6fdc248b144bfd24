// Where records leave a shard: encoded at once into what the sinks asked for, with the order they belong in. Batches are taken by the
// engine and handed to sinks, or to the thread that owns them.

import { ColumnarRows } from '../records/columnar.ts';
import type { ColumnBatch } from '../records/columns.ts';
import { type NdjsonEncoder, ndjsonEncoder } from '../records/ndjson.ts';
import type { RecordType } from '../records/record.ts';
import type { TextBatch } from '../records/text-batch.ts';
import { JsonWriter } from '../records/writer.ts';

/**
 * Phases of what one packet causes, in this order: fragments given up before it, time passing before it (ends, reports, deadlines), then
 * itself.
 */
export const PHASE_FRAGMENTS = 0;
export const PHASE_TIMEOUT = 1;
export const PHASE_INTERVAL = 2;
export const PHASE_DEADLINE = 3;
export const PHASE_PACKET = 4;
const PHASES = 5;

export function causeOf(packet: number, phase: number): number {
  return packet * PHASES + phase;
}

const TEXT_BYTES = 1024 * 1024;
const FIRST_ROWS = 4096;

export class TextOutlet {
  readonly #types: readonly RecordType[];
  readonly #encoders: (NdjsonEncoder | undefined)[] = [];
  readonly #writer = new JsonWriter(TEXT_BYTES + 256 * 1024);
  #at = 0;
  #rows = 0;
  #ends = new Uint32Array(FIRST_ROWS);
  #cause = new Float64Array(FIRST_ROWS);
  #first = new Float64Array(FIRST_ROWS);
  #kinds = new Uint8Array(FIRST_ROWS);
  #sorted = true;

  constructor(types: readonly RecordType[]) {
    this.#types = types;
  }

  get isFull(): boolean {
    return this.#at >= TEXT_BYTES;
  }

  put(type: number, record: object, flow: object, cause: number, first: number): void {
    let encode = this.#encoders[type];
    if (encode === undefined) {
      encode = ndjsonEncoder(this.#types[type]);
      this.#encoders[type] = encode;
    }
    this.#at = encode(record, flow, this.#writer, this.#at);
    const row = this.#rows;
    if (row === this.#ends.length) this.#grow();
    if (row > 0 && (cause < this.#cause[row - 1] || (cause === this.#cause[row - 1] && first < this.#first[row - 1])))
      this.#sorted = false;
    this.#ends[row] = this.#at;
    this.#cause[row] = cause;
    this.#first[row] = first;
    this.#kinds[row] = type;
    this.#rows = row + 1;
  }

  /** Everything put since the last call, in order; null when there is nothing. The batch's buffers are the caller's. */
  take(): TextBatch | null {
    const rows = this.#rows;
    if (rows === 0) return null;
    const order = this.#sorted ? undefined : this.#order();
    const batch: TextBatch = {
      bytes: new Uint8Array(this.#at),
      ends: new Uint32Array(rows),
      cause: new Float64Array(rows),
      first: new Float64Array(rows),
      types: new Uint8Array(rows),
      rows,
    };
    if (order === undefined) {
      batch.bytes.set(this.#writer.out.subarray(0, this.#at));
      batch.ends.set(this.#ends.subarray(0, rows));
      batch.cause.set(this.#cause.subarray(0, rows));
      batch.first.set(this.#first.subarray(0, rows));
      batch.types.set(this.#kinds.subarray(0, rows));
    } else {
      let at = 0;
      for (let i = 0; i < rows; i++) {
        const row = order[i];
        const from = row === 0 ? 0 : this.#ends[row - 1];
        batch.bytes.set(this.#writer.out.subarray(from, this.#ends[row]), at);
        at += this.#ends[row] - from;
        batch.ends[i] = at;
        batch.cause[i] = this.#cause[row];
        batch.first[i] = this.#first[row];
        batch.types[i] = this.#kinds[row];
      }
    }
    this.#at = 0;
    this.#rows = 0;
    this.#sorted = true;
    return batch;
  }

  /**
   * Everything put since the last call, in order, without a copy: the batch is valid until the next `put`. null when there is nothing.
   * `clear` must follow.
   */
  peek(): TextBatch | null {
    const rows = this.#rows;
    if (rows === 0) return null;
    if (!this.#sorted) return this.take();
    return {
      // Not a Buffer: its `slice` would not copy, and whoever keeps a batch copies it so.
      bytes: new Uint8Array(this.#writer.out.buffer, 0, this.#at),
      ends: this.#ends,
      cause: this.#cause,
      first: this.#first,
      types: this.#kinds,
      rows,
    };
  }

  clear(): void {
    this.#at = 0;
    this.#rows = 0;
    this.#sorted = true;
  }

  #order(): Uint32Array {
    const order = Uint32Array.from({ length: this.#rows }, (_, i) => i);
    const cause = this.#cause;
    const first = this.#first;
    return order.sort((a, b) => cause[a] - cause[b] || first[a] - first[b] || a - b);
  }

  #grow(): void {
    const length = this.#ends.length * 2;
    const ends = new Uint32Array(length);
    const cause = new Float64Array(length);
    const first = new Float64Array(length);
    const kinds = new Uint8Array(length);
    ends.set(this.#ends);
    cause.set(this.#cause);
    first.set(this.#first);
    kinds.set(this.#kinds);
    this.#ends = ends;
    this.#cause = cause;
    this.#first = first;
    this.#kinds = kinds;
  }
}

const COLUMN_ROWS = 32 * 1024;
const COLUMN_BYTES = 8 * 1024 * 1024;
/** Sizing up the columns costs a little: done every so many rows. */
const CHECK_EVERY = 512;

export class ColumnOutlet {
  readonly #types: readonly RecordType[];
  readonly #rows: (ColumnarRows | undefined)[] = [];
  #full = false;

  constructor(types: readonly RecordType[]) {
    this.#types = types;
  }

  get isFull(): boolean {
    return this.#full;
  }

  put(type: number, record: object, flow: object): void {
    let rows = this.#rows[type];
    if (rows === undefined) {
      rows = new ColumnarRows(this.#types[type]);
      this.#rows[type] = rows;
    }
    rows.append(record, flow);
    if (rows.rows % CHECK_EVERY === 0 && (rows.rows >= COLUMN_ROWS || rows.bytes >= COLUMN_BYTES)) this.#full = true;
  }

  /** Batches that are big enough; `all`: every one that has rows. */
  take(all: boolean): ColumnBatch[] {
    const batches: ColumnBatch[] = [];
    for (const rows of this.#rows) {
      if (rows === undefined || rows.rows === 0) continue;
      if (all || rows.rows >= COLUMN_ROWS || rows.bytes >= COLUMN_BYTES) batches.push(rows.take());
    }
    this.#full = false;
    return batches;
  }
}
