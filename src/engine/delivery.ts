// Hands batches to the sinks that asked for their encoding.

import type { ColumnBatch } from '../records/columns.ts';
import { ENCODINGS, type EncodingName } from '../records/encodings.ts';
import type { RowBatch } from '../records/row-batch.ts';
import type { ColumnSink, RowSink, Sink } from '../sinks/sink.ts';
import type { EncodedRows, WantedEncodings } from './encoded-rows.ts';

export interface Delivery {
  readonly wanted: WantedEncodings;
  /** Whoever can send more now or later waits while this is false. */
  readonly hasRoom: boolean;
  rows(batch: EncodedRows): Promise<void>;
  columns(batch: ColumnBatch): Promise<void>;
  /** Where all who take columns are prompt: the batch is read before this returns its promise. */
  readonly lentColumns?: (batch: ColumnBatch) => Promise<unknown>;
}

export function deliveryTo(sinks: readonly Sink[]): Delivery {
  const rowSinks = sinks.filter((sink): sink is RowSink => Object.hasOwn(ENCODINGS, sink.encoding));
  const columnSinks = sinks.filter((sink): sink is ColumnSink => sink.encoding === 'columns');
  const names = Object.keys(ENCODINGS) as EncodingName[];
  const wanted = names.filter((name) => rowSinks.some(({ encoding }) => encoding === name));
  const [only, ...others] = rowSinks;
  return {
    hasRoom: true,
    wanted: { rows: wanted, columns: columnSinks.length > 0, idle: others.length === 0 ? only?.idle : undefined },
    async rows({ encodings, types, rows }) {
      for (const sink of rowSinks) {
        const batch: RowBatch = { ...encodings[wanted.indexOf(sink.encoding)], types, rows };
        const written = sink.write(batch);
        if (written !== undefined) await written;
      }
    },
    ...(columnSinks.every(({ isPrompt }) => isPrompt)
      ? { lentColumns: (batch) => Promise.all(columnSinks.map((sink) => sink.write(batch))) }
      : {}),
    async columns(batch) {
      // A sink owns what it is given, so all but the last get a copy.
      for (const [i, sink] of columnSinks.entries())
        await sink.write(i + 1 < columnSinks.length ? structuredClone(batch) : batch);
    },
  };
}
