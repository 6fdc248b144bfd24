// Rows on their way into a file of the store: in the order and the form that their type has there (row-form.ts). What of that depends on
// the values is decided with the first row group, and is the same for the whole file.

import type { Column, ColumnBatch } from '../records/columns.ts';
import { fileColumns, isPlain, toFile } from './file-columns.ts';
import { orderedColumn } from './ordered-column.ts';
import type { Chunk } from './parquet/chunk.ts';
import { Encoding } from './parquet/format.ts';
import { columnAt, type RowGroupEncoder, rowsOf, type StoreColumn } from './parquet/row-group.ts';
import { timeColumn } from './partition.ts';
import type { RowForm, Unit } from './row-form.ts';
import { rowOrder } from './row-order.ts';
import { type FinishedFile, SegmentFile } from './segment-file.ts';

type Times = Extract<Column, { kind: 'time' }>;

export class RowWriter {
  readonly #store: string;
  readonly #path: string;
  readonly #columns: readonly StoreColumn[];
  readonly #encoder: RowGroupEncoder;
  readonly #form: RowForm | undefined;
  readonly #unit: Unit;
  /** Made with the first row group. */
  #file: SegmentFile | undefined;
  #stored: readonly StoreColumn[];

  /** `path` is relative to `store`. Without `form` rows stand as they are. */
  constructor(
    store: string,
    path: string,
    columns: readonly StoreColumn[],
    encoder: RowGroupEncoder,
    form: RowForm | undefined,
    unit: Unit,
  ) {
    this.#store = store;
    this.#path = path;
    this.#columns = columns;
    this.#encoder = encoder;
    this.#form = unit === 'plain' ? undefined : form;
    this.#unit = unit;
    this.#stored = columns;
  }

  get path(): string {
    return this.#path;
  }
  /** Whether a part of it is on the disk. */
  get isCreated(): boolean {
    return this.#file?.isCreated === true;
  }
  get rows(): number {
    return this.#file?.rows ?? 0;
  }
  /** CRC-32 of each row group. */
  get groups(): readonly number[] {
    return this.#file?.groups ?? [];
  }
  /** The columns with the form that they have in the file. */
  get stored(): readonly StoreColumn[] {
    return this.#stored;
  }

  /** Appends the rows of `batches` as a row group. */
  group(batches: readonly ColumnBatch[]): void {
    const rows = rowsOf(batches);
    const order = rowOrder(batches, this.#form?.order ?? []);
    const own = order === undefined ? batches.map(timeColumn) : [ownTime(batches, order)];
    const lengths = order === undefined ? batches.map((batch) => batch.rows) : [rows];
    const given = (position: number): (Column | undefined)[] =>
      order === undefined
        ? batches.map((batch) => columnAt(batch, position, this.#columns[position]))
        : [orderedColumn(batches, position, this.#columns[position], order)];
    const encode = (stored: StoreColumn, columns: readonly (Column | undefined)[]): Chunk[] => {
      const pieces = columns.map((column, i) => ({
        column: column === undefined || isPlain(stored) ? column : toFile(column, own[i], stored, lengths[i]),
        rows: lengths[i],
      }));
      return this.#encoder.column(fileColumns([stored])[0], pieces, rows);
    };
    const chunks =
      this.#file === undefined
        ? this.#begin(given, encode)
        : this.#stored.flatMap((stored, position) => encode(stored, given(position)));
    this.#file ??= new SegmentFile(this.#store, this.#path, fileColumns(this.#stored));
    this.#file.group(rows, chunks);
  }

  /** The chunks of the first row group, by which it is decided what is kept as doubles. */
  #begin(
    given: (position: number) => (Column | undefined)[],
    encode: (stored: StoreColumn, columns: readonly (Column | undefined)[]) => Chunk[],
  ): Chunk[] {
    const form = this.#form;
    const chunks: Chunk[] = [];
    this.#stored = this.#columns.map((column, position) => {
      const columns = given(position);
      const stored = form === undefined ? column : this.#formOf(column, form);
      let found = encode(stored, columns);
      let best = stored;
      // A dictionary is as large with doubles in it.
      if (form !== undefined && isMagnitude(stored, form) && found[0].encoding !== Encoding.RLE_DICTIONARY) {
        const double: StoreColumn = { ...stored, isDouble: true };
        const other = encode(double, columns);
        if (other[0].length < found[0].length) [best, found] = [double, other];
      }
      for (const chunk of found) chunks.push(chunk);
      return best;
    });
    return chunks;
  }

  #formOf(column: StoreColumn, form: RowForm): StoreColumn {
    const { name, kind } = column;
    const micros = this.#unit === 'us' ? { isMicros: true as const } : {};
    if (kind === 'int') return form.durations.includes(name) ? { ...column, ...micros } : column;
    if (kind !== 'time') return column;
    const own = this.#columns.find((one) => one.kind === 'time');
    return form.before.includes(name) && own !== undefined && own !== column
      ? { ...column, before: own.name, ...micros }
      : { ...column, ...micros };
  }

  /** Closes the file. `sync`: it is on disk when this returns; its directory's entry is the caller's. */
  finish(sync: boolean): FinishedFile {
    this.#file ??= new SegmentFile(this.#store, this.#path, fileColumns(this.#stored));
    return this.#file.finish(sync);
  }

  remove(): void {
    this.#file?.remove();
  }
}

const isMagnitude = ({ name, before }: StoreColumn, { magnitudes }: RowForm): boolean =>
  before !== undefined || magnitudes.includes(name);

function ownTime(batches: readonly ColumnBatch[], order: Uint32Array): Times | undefined {
  const position = batches[0].columns.findIndex(({ kind }) => kind === 'time');
  if (position < 0) return undefined;
  const { name, kind } = batches[0].columns[position];
  const column = orderedColumn(batches, position, { name, kind }, order);
  return column.kind === 'time' ? column : undefined;
}
