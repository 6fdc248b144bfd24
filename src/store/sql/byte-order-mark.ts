// A text that begins with U+FEFF loses it in DuckDB's binding, whose TextDecoder takes it for a byte order mark (its source:
// lib/vectors/dataAccessors.js). It is put back where the binding reads a text, whatever list, struct or map it is in: a vector of texts
// has 16 bytes for each, of which the first four are its length in bytes and the next four its beginning, whether the rest is there or
// elsewhere (duckdb_string_t in duckdb.h).

import { DuckDBVarCharVector } from '@duckdb/node-api';

const MARK = '\ufeff';
/** Its bytes in UTF-8, read as a number of the machine's order with another byte behind them. */
const MARK_BYTES = 0xbfbbef;
const MARK_OCTETS = 3;
const TEXT_BYTES = 16;

const withoutMark = DuckDBVarCharVector.prototype.getItem;

/** From now on, all that is read has its marks. */
export function keepByteOrderMarks(): void {
  DuckDBVarCharVector.prototype.getItem = function (index: number): string | null {
    const text = withoutMark.call(this, index);
    if (text === null) return null;
    const { dataView } = this as unknown as { dataView: DataView };
    const at = index * TEXT_BYTES;
    const beginsWithMark =
      (dataView.getUint32(at + 4, true) & 0xffffff) === MARK_BYTES && dataView.getUint32(at, true) >= MARK_OCTETS;
    return beginsWithMark ? MARK + text : text;
  };
}
