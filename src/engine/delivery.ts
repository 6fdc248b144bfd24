// Hands batches to the sinks that asked for their encoding.

import type { ColumnBatch } from '../records/columns.ts';
import type { TextBatch } from '../records/text-batch.ts';
import type { ColumnSink, Sink, TextSink } from '../sinks/sink.ts';

export interface Delivery {
  encodings: { text: boolean; columns: boolean };
  text(batch: TextBatch): Promise<void>;
  columns(batch: ColumnBatch): Promise<void>;
}

export function deliveryTo(sinks: readonly Sink[]): Delivery {
  const texts = sinks.filter((sink): sink is TextSink => sink.encoding === 'ndjson');
  const columns = sinks.filter((sink): sink is ColumnSink => sink.encoding === 'columns');
  return {
    encodings: { text: texts.length > 0, columns: columns.length > 0 },
    async text(batch) {
      for (const sink of texts) {
        const written = sink.write(batch);
        if (written !== undefined) await written;
      }
    },
    async columns(batch) {
      // A sink owns what it is given, so all but the last get a copy.
      for (const [i, sink] of columns.entries())
        await sink.write(i + 1 < columns.length ? structuredClone(batch) : batch);
    },
  };
}
