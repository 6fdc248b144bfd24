// A text that begins with U+FEFF loses it in DuckDB's binding, whose TextDecoder takes it for a byte order mark (its source:
// lib/vectors/dataAccessors.js). It is put back here: a vector of texts has 16 bytes for each, of which the first four are its length in
// bytes and the next four its beginning, whether the rest is there or elsewhere (duckdb_string_t in duckdb.h). Texts within lists, structs
// and maps are left as the binding gives them.

import { type DuckDBDataChunk, DuckDBVarCharVector } from '@duckdb/node-api';
import type { SqlValue } from './values.ts';

const MARK = '\ufeff';
const MARK_BYTES = [0xef, 0xbb, 0xbf];
const TEXT_BYTES = 16;

/** Puts the marks back into the rows that were made of `chunk`. */
export function restoreMarks(chunk: DuckDBDataChunk, rows: SqlValue[][]): void {
  for (let column = 0; column < chunk.columnCount; column++) {
    const vector = chunk.getColumnVector(column);
    if (!(vector instanceof DuckDBVarCharVector)) continue;
    const { dataView } = vector as unknown as { dataView: DataView };
    for (const [row, values] of rows.entries()) {
      const at = row * TEXT_BYTES;
      const text = values[column];
      if (typeof text !== 'string' || dataView.getUint32(at, true) < MARK_BYTES.length) continue;
      if (MARK_BYTES.every((byte, i) => dataView.getUint8(at + 4 + i) === byte)) values[column] = MARK + text;
    }
  }
}
