// Open flows as a store of their own, which lives as long as one question: queries read it beside the real one.

import type { ColumnBatch } from '../records/columns.ts';
import type { RecordType } from '../records/record.ts';
import { StoreSink } from '../sinks/store.ts';

export async function snapshotStore(
  directory: string,
  batches: readonly ColumnBatch[],
  types: readonly RecordType[],
): Promise<{ rows: number }> {
  const sink = new StoreSink(directory, { sync: false });
  await sink.open(types);
  let rows = 0;
  for (const batch of batches) {
    rows += batch.rows;
    await sink.write(batch);
  }
  await sink.close({ digest: 'live', inputs: [], packets: 0 });
  return { rows };
}
