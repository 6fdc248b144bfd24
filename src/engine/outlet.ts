// Where records leave a shard: encoded at once into what the sinks asked for, with the order they belong in. Batches are taken by the
// engine and handed to sinks, or to the thread that owns them.

import { ColumnarRows } from '../records/columnar.ts';
import type { ColumnBatch } from '../records/columns.ts';
import { ENCODINGS, type EncodingName, type RowEncoder } from '../records/encodings.ts';
import type { RecordType } from '../records/record.ts';
import type { ValueWriter } from '../records/value-writer.ts';
import type { EncodedRows } from './encoded-rows.ts';

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

/** Bytes of one encoding after which a batch is to be taken. */
const BATCH_BYTES = 1024 * 1024;
const FIRST_ROWS = 4096;

/** One encoding of the rows at hand. */
class EncodingInProgress {
  readonly writer: ValueWriter;
  readonly encoders: (RowEncoder | undefined)[] = [];
  readonly encoderOf: (type: RecordType) => RowEncoder;
  at = 0;
  ends = new Uint32Array(FIRST_ROWS);

  constructor(name: EncodingName) {
    this.writer = ENCODINGS[name].newWriter(BATCH_BYTES + 256 * 1024);
    this.encoderOf = ENCODINGS[name].encoder;
  }
}

export class RowOutlet {
  readonly #types: readonly RecordType[];
  readonly #encodings: readonly EncodingInProgress[];
  #rows = 0;
  #cause = new Float64Array(FIRST_ROWS);
  #first = new Float64Array(FIRST_ROWS);
  #kinds = new Uint8Array(FIRST_ROWS);
  #sorted = true;
  #isFull = false;
  readonly #idle: Int32Array | undefined;

  /** Every row is written in each of the `encodings`; batches have them in this order. `idle`: see `WantedEncodings`. */
  constructor(types: readonly RecordType[], encodings: readonly EncodingName[], idle?: Int32Array) {
    this.#types = types;
    this.#idle = idle;
    this.#encodings = encodings.map((name) => new EncodingInProgress(name));
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  put(type: number, record: object, flow: object, cause: number, first: number): void {
    if (this.#idle !== undefined && this.#idle[0] !== 0) return;
    const row = this.#rows;
    if (row === this.#cause.length) this.#grow();
    const encodings = this.#encodings;
    for (let i = 0; i < encodings.length; i++) {
      const encoding = encodings[i];
      let encode = encoding.encoders[type];
      if (encode === undefined) {
        encode = encoding.encoderOf(this.#types[type]);
        encoding.encoders[type] = encode;
      }
      encoding.at = encode(record, flow, encoding.writer, encoding.at);
      encoding.ends[row] = encoding.at;
      if (encoding.at >= BATCH_BYTES) this.#isFull = true;
    }
    if (row > 0 && (cause < this.#cause[row - 1] || (cause === this.#cause[row - 1] && first < this.#first[row - 1])))
      this.#sorted = false;
    this.#cause[row] = cause;
    this.#first[row] = first;
    this.#kinds[row] = type;
    this.#rows = row + 1;
  }

  /** Everything put since the last call, in order; null when there is nothing. The batch's buffers are the caller's. */
  take(): EncodedRows | null {
    const rows = this.#rows;
    if (rows === 0) return null;
    const order = this.#sorted ? undefined : this.#order();
    const batch: EncodedRows = {
      encodings: this.#encodings.map((encoding) => taken(encoding, rows, order)),
      cause: this.#cause.slice(0, rows),
      first: this.#first.slice(0, rows),
      types: this.#kinds.slice(0, rows),
      rows,
    };
    if (order !== undefined) {
      for (let i = 0; i < rows; i++) {
        batch.cause[i] = this.#cause[order[i]];
        batch.first[i] = this.#first[order[i]];
        batch.types[i] = this.#kinds[order[i]];
      }
    }
    this.clear();
    return batch;
  }

  /**
   * Everything put since the last call, in order, without a copy: the batch is valid until the next `put`. null when there is nothing.
   * `clear` must follow.
   */
  peek(): EncodedRows | null {
    const rows = this.#rows;
    if (rows === 0) return null;
    if (!this.#sorted) return this.take();
    return {
      // Not a Buffer: its `slice` would not copy, and whoever keeps a batch copies it so.
      encodings: this.#encodings.map(({ writer, at, ends }) => ({
        bytes: new Uint8Array(writer.out.buffer, 0, at),
        ends,
      })),
      cause: this.#cause,
      first: this.#first,
      types: this.#kinds,
      rows,
    };
  }

  clear(): void {
    for (const encoding of this.#encodings) encoding.at = 0;
    this.#rows = 0;
    this.#sorted = true;
    this.#isFull = false;
  }

  #order(): Uint32Array {
    const order = Uint32Array.from({ length: this.#rows }, (_, i) => i);
    const cause = this.#cause;
    const first = this.#first;
    return order.sort((a, b) => cause[a] - cause[b] || first[a] - first[b] || a - b);
  }

  #grow(): void {
    const length = this.#cause.length * 2;
    for (const encoding of this.#encodings) encoding.ends = enlarged(encoding.ends, length);
    this.#cause = enlarged(this.#cause, length);
    this.#first = enlarged(this.#first, length);
    this.#kinds = enlarged(this.#kinds, length);
  }
}

function enlarged<A extends Uint8Array | Uint32Array | Float64Array>(array: A, length: number): A {
  const bigger = new (array.constructor as new (length: number) => A)(length);
  bigger.set(array);
  return bigger;
}

/** A copy of an encoding's rows, put into another order where one is given. */
function taken({ writer, at: size, ends }: EncodingInProgress, rows: number, order: Uint32Array | undefined) {
  const copy = { bytes: new Uint8Array(size), ends: ends.slice(0, rows) };
  if (order === undefined) {
    copy.bytes.set(writer.out.subarray(0, size));
    return copy;
  }
  let at = 0;
  for (let i = 0; i < rows; i++) {
    const row = order[i];
    const from = row === 0 ? 0 : ends[row - 1];
    copy.bytes.set(writer.out.subarray(from, ends[row]), at);
    at += ends[row] - from;
    copy.ends[i] = at;
  }
  return copy;
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
    return this.#ready(all).map((rows) => rows.take());
  }

  /** The same batches one after the other, each in memory that is `use`'s until it returns. */
  lend(all: boolean, use: (batch: ColumnBatch) => void): void {
    for (const rows of this.#ready(all)) rows.lend(use);
  }

  #ready(all: boolean): ColumnarRows[] {
    this.#full = false;
    return this.#rows.filter(
      (rows): rows is ColumnarRows =>
        rows !== undefined && rows.rows > 0 && (all || rows.rows >= COLUMN_ROWS || rows.bytes >= COLUMN_BYTES),
    );
  }
}
