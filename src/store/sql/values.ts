// DuckDB's values as plain ones, exact: times as RFC 3339 with nine digits, integers as numbers, beyond 2^53 as BigInt.

import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  type DuckDBPreparedStatement,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
} from '@duckdb/node-api';
import { rfc3339 } from '../time.ts';

/** What a row holds: null, boolean, number, bigint (beyond 2^53), string, and arrays and Maps of these. */
export type SqlValue = null | boolean | number | bigint | string | readonly SqlValue[] | ReadonlyMap<string, SqlValue>;

/** What may be bound to a parameter. Integers bind as integers, so that comparisons stay exact and segments are pruned. */
export type SqlParameter = null | boolean | number | bigint | string;

const BILLION = 1_000_000_000n;
const LARGEST = 2n ** 53n;

function timeText(nanos: bigint): string {
  const rest = ((nanos % BILLION) + BILLION) % BILLION;
  return rfc3339(Number((nanos - rest) / BILLION), Number(rest));
}

export function plainValue(value: unknown): SqlValue {
  switch (typeof value) {
    case 'bigint':
      return value <= LARGEST && value >= -LARGEST ? Number(value) : value;
    case 'string':
    case 'number':
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : objectValue(value);
    default:
      return null;
  }
}

function objectValue(value: object): SqlValue {
  if (value instanceof DuckDBTimestampNanosecondsValue) return value.isFinite ? timeText(value.nanos) : String(value);
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) {
    return value.isFinite ? timeText(value.micros * 1000n) : String(value);
  }
  if (value instanceof DuckDBTimestampMillisecondsValue) return timeText(value.millis * 1_000_000n);
  if (value instanceof DuckDBTimestampSecondsValue) return timeText(value.seconds * BILLION);
  if (value instanceof DuckDBDateValue) return String(value);
  if (value instanceof DuckDBDecimalValue) return value.toDouble();
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('hex');
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(plainValue);
  if (value instanceof DuckDBStructValue) {
    return new Map(Object.entries(value.entries).map(([name, entry]) => [name, plainValue(entry)]));
  }
  if (value instanceof DuckDBMapValue) {
    return new Map(value.entries.map(({ key, value: entry }) => [String(key), plainValue(entry)]));
  }
  return String(value);
}

/** Binds parameter `index` (from 1). */
export function bindParameter(statement: DuckDBPreparedStatement, index: number, value: SqlParameter): void {
  if (value === null) statement.bindNull(index);
  else if (typeof value === 'string') statement.bindVarchar(index, value);
  else if (typeof value === 'boolean') statement.bindBoolean(index, value);
  else if (typeof value === 'bigint') {
    if (value >= -(2n ** 63n) && value < 2n ** 63n) statement.bindBigInt(index, value);
    else if (value >= 0n && value < 2n ** 64n) statement.bindUBigInt(index, value);
    else statement.bindHugeInt(index, value);
  } else if (Number.isSafeInteger(value)) statement.bindBigInt(index, BigInt(value));
  else statement.bindDouble(index, value);
}
