// What each column of a store's segments takes: bytes a row and how its values are kept, the largest first.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Table from 'cli-table3';
import type { Manifest } from '../../src/store/manifest.ts';
import { Encoding } from '../../src/store/parquet/format.ts';
import { readFooter } from '../../src/store/parquet/read.ts';

const NAMES = new Map(Object.entries(Encoding).map(([name, number]) => [number as number, name]));

interface Size {
  bytes: number;
  readonly encodings: Set<string>;
}

/** The columns of the segments' own files, or of the sums beside them; what is left is footers. */
export function columnTable(folder: string, { segments }: Manifest, of: 'rows' | 'sums'): string {
  const sizes = new Map<string, Size>();
  let [rows, rest] = [0, 0];
  const add = (name: string, bytes: number, encoding: string) => {
    let size = sizes.get(name);
    if (size === undefined) sizes.set(name, (size = { bytes: 0, encodings: new Set() }));
    size.bytes += bytes;
    size.encodings.add(encoding);
  };
  for (const segment of segments) {
    const file = of === 'rows' ? segment : segment.rollup;
    rows += segment.rows;
    if (file === undefined) continue;
    rest += file.bytes;
    for (const { chunks } of readFooter(readFileSync(join(folder, file.path))).groups) {
      for (const { name, length, encoding } of chunks) {
        add(name, length, NAMES.get(encoding) ?? String(encoding));
        rest -= length;
      }
    }
  }
  add('(footers)', rest, '');
  const table = new Table({ head: ['column', 'bytes a row', 'kept as'], style: { head: [], border: [] } });
  const largest = [...sizes].sort((a, b) => b[1].bytes - a[1].bytes);
  for (const [name, { bytes, encodings }] of largest) {
    const each = bytes / rows;
    if (each >= 0.005) table.push([name, each.toFixed(2), [...encodings].join(', ')]);
  }
  return table.toString();
}
