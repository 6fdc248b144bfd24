// What is written must be read back exactly, by two readers that are not ours: DuckDB and hyparquet.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetRead } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ParquetFile } from '../../../src/store/parquet/file.ts';
import { columnsOf, parquetColumns, RowGroupEncoder } from '../../../src/store/parquet/row-group.ts';
import fc, { often } from '../../kit/arbitrary.ts';
import { expectedColumns, makeBatch, type NamedValues, readByDuckDb, type Words } from '../batch-kit.ts';
import { columns } from './arbitrary.ts';
import { decompress } from './zstd.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'netscribe-parquet-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const encoder = new RowGroupEncoder();

/** Writes the groups (each a list of pieces) to a file and returns its path. */
function write(groups: NamedValues[][][]): string {
  const columns = columnsOf(makeBatch('t', groups[0][0]));
  const parts: Uint8Array[] = [];
  const file = new ParquetFile(parquetColumns(columns), (more) => parts.push(...more));
  for (const pieces of groups) {
    const { rows, chunks } = encoder.encode(
      columns,
      pieces.map((piece) => makeBatch('t', piece)),
    );
    file.group(rows, chunks);
  }
  file.finish();
  const path = join(directory, 'file.parquet');
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

function expected(groups: NamedValues[][][]): Map<string, unknown[]> {
  const all = new Map<string, unknown[]>();
  for (const columns of groups.flat()) {
    for (const [name, values] of columns.flatMap(expectedColumns)) {
      all.set(name, [...(all.get(name) ?? []), ...values]);
    }
  }
  return all;
}

const piece = fc.integer({ min: 1, max: 300 }).chain(columns);
const groups = fc.array(fc.array(piece, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 });

describe('parquet', () => {
  it('is read back exactly by DuckDB', async () => {
    await fc.assert(
      fc.asyncProperty(groups, async (all) => {
        // As hyparquet's, its binding's decoder takes a leading byte order mark away.
        const wanted = [...expected(all)].map(([name, values]) => [name, values.map(withoutMark)] as const);
        expect(await readByDuckDb(write(all))).toEqual(new Map(wanted));
      }),
      { numRuns: often(100) },
    );
  });

  it('is read back exactly by hyparquet', async () => {
    await fc.assert(
      fc.asyncProperty(groups, async (all) => {
        // Its TextDecoder takes a leading byte order mark away.
        const wanted = [...expected(all)].map(([name, values]) => [name, values.map(withoutMark)] as const);
        expect(await readByHyparquet(write(all))).toEqual(new Map(wanted));
      }),
      { numRuns: often(80) },
    );
  });

  it.each([1, 2, 255, 256, 257, 4096, 4097, 65_535, 65_536, 65_537])('keeps %i distinct values', async (distinct) => {
    // All of them, and some of them again.
    const rows = Math.min(131_072, distinct + Math.min(distinct, 2000) + 3);
    const at = (i: number) => (i * 7919) % distinct;
    const values = Array.from({ length: rows }, (_, i) => at(i));
    const all: NamedValues[][][] = [
      [
        [
          { name: 'ip', kind: 'ip', values: values.map((v) => [0, 0, 0xffff, 0x0a000000 + v] as Words) },
          { name: 'int', kind: 'int', values },
          { name: 'keyword', kind: 'keyword', values: values.map((v) => `k${v}`) },
          { name: 'text', kind: 'text', values: values.map((v) => `t${v}`) },
        ],
      ],
    ];
    expect(await readByDuckDb(write(all))).toEqual(expected(all));
  });

  it('keeps values that a sender chose so that they collide in the dictionary', async () => {
    // Multiples of the inverse of the hash's factor: all fall into the same slot.
    let inverse = 1;
    for (let i = 0; i < 5; i++) inverse = Math.imul(inverse, 2 - Math.imul(0x9e3779b1, inverse));
    const values = Array.from({ length: 4000 }, (_, i) => Math.imul(i % 1000, inverse) >>> 0);
    const all: NamedValues[][][] = [
      [
        [
          { name: 'ip', kind: 'ip', values: values.map((v) => [0, 0, 0, v] as Words) },
          { name: 'int', kind: 'int', values },
        ],
      ],
    ];
    expect(await readByDuckDb(write(all))).toEqual(expected(all));
  });

  it('keeps a column that a batch lacks as nulls', async () => {
    const full = makeBatch('t', [
      { name: 'a', kind: 'int', values: [1, 2] },
      { name: 'b', kind: 'text', values: ['x', 'y'] },
    ]);
    const part = makeBatch('t', [{ name: 'b', kind: 'text', values: ['z'] }]);
    const parts: Uint8Array[] = [];
    const file = new ParquetFile(parquetColumns(columnsOf(full)), (more) => parts.push(...more));
    const { rows, chunks } = encoder.encode(columnsOf(full), [full, part]);
    file.group(rows, chunks);
    file.finish();
    const path = join(directory, 'part.parquet');
    writeFileSync(path, Buffer.concat(parts));
    expect(await readByDuckDb(path)).toEqual(
      new Map<string, unknown[]>([
        ['a', [1n, 2n, null]],
        ['b', ['x', 'y', 'z']],
      ]),
    );
  });

  it('keeps the rows of a NaN float apart from the statistics', async () => {
    const all: NamedValues[][][] = [[[{ name: 'float', kind: 'float', values: [1, Number.NaN, -0, null] }]]];
    expect(await readByDuckDb(write(all))).toEqual(expected(all));
  });
});

const withoutMark = (value: unknown) => (typeof value === 'string' ? value.replace(/^\ufeff/, '') : value);

async function readByHyparquet(path: string): Promise<Map<string, unknown[]>> {
  const bytes = readFileSync(path);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  const columns = new Map<string, unknown[]>();
  await parquetRead({
    file,
    compressors: { ZSTD: decompress },
    parsers: { timestampFromNanoseconds: (value: bigint) => value } as never,
    onChunk: ({ columnName, columnData, rowStart }) => {
      let values = columns.get(columnName);
      if (values === undefined) columns.set(columnName, (values = []));
      for (let i = 0; i < columnData.length; i++) values[rowStart + i] = columnData[i];
    },
  });
  return columns;
}
