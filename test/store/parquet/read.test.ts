// Our own reader: what was written, read and written again is the same file, byte for byte; a damaged byte is an error, never other data.

import { expect, it } from 'vitest';
import type { ColumnBatch } from '../../../src/records/columns.ts';
import { ParquetFile } from '../../../src/store/parquet/file.ts';
import { readFooter } from '../../../src/store/parquet/read.ts';
import { columnsOf, parquetColumns, RowGroupEncoder } from '../../../src/store/parquet/row-group.ts';
import { readBatches } from '../../../src/store/read-rows.ts';
import fc, { often } from '../../kit/arbitrary.ts';
import { makeBatch } from '../batch-kit.ts';
import { flowBatch, START } from '../rollup/flow-kit.ts';
import { columns } from './arbitrary.ts';

const encoder = new RowGroupEncoder();

function fileOf(groups: readonly (readonly ColumnBatch[])[]): Buffer {
  const types = columnsOf(groups[0][0]);
  const parts: Uint8Array[] = [];
  const file = new ParquetFile(parquetColumns(types), (more) => parts.push(...more));
  for (const batches of groups) {
    const { rows, chunks } = encoder.encode(types, batches);
    file.group(rows, chunks);
  }
  file.finish();
  return Buffer.concat(parts);
}

const piece = fc
  .integer({ min: 1, max: 300 })
  .chain(columns)
  .map((values) => makeBatch('t', values));
const groups = fc.array(fc.array(piece, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 });

it('reads what it wrote', () => {
  fc.assert(
    fc.property(groups, (all) => {
      const file = fileOf(all);
      const again = [...readBatches(file, 't', columnsOf(all[0][0]))];
      expect(again.map(({ rows }) => rows)).toEqual(all.map((some) => some.reduce((sum, { rows }) => sum + rows, 0)));
      expect(fileOf(again.map((batch) => [batch])).equals(file)).toBe(true);
    }),
    { numRuns: often(200) },
  );
});

it('reads large row groups of flows', () => {
  const batch = flowBatch(4, 40_000, START, START + 4000);
  const file = fileOf([[batch], [batch]]);
  const again = [...readBatches(file, 'flow', columnsOf(batch))];
  expect(fileOf(again.map((one) => [one])).equals(file)).toBe(true);
});

it('fails with a reason at any damaged byte, if it fails', () => {
  const file = fileOf([[flowBatch(4, 60, START, START + 60)]]);
  const types = columnsOf(flowBatch(4, 1, START, START + 60));
  let found = 0;
  for (let i = 0; i < 8 * file.length; i += 3) {
    const at = i >> 3;
    const damaged = Buffer.from(file);
    damaged[at] ^= 1 << (i & 7);
    try {
      for (const _ of readBatches(damaged, 'flow', types));
    } catch (error) {
      found++;
      expect(error, String(at)).toBeInstanceOf(RangeError);
    }
  }
  // Pages have checksums; headers and the footer do not: the manifest has one of the whole file.
  expect(found).toBeGreaterThan((8 * file.length) / 9);
});

it.each([0, 5, 11])('says what is wrong with a file of %i bytes', (length) => {
  const file = fileOf([[flowBatch(4, 60, START, START + 60)]]);
  expect(() => readFooter(file.subarray(0, length))).toThrow(RangeError);
});
