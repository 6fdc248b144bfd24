// Numbers, spans, times and booleans → SQL.

import type { How, Item, Literal } from './ast.ts';
import {
  type Comparison,
  eachItem,
  firstLiteral,
  isEquality,
  isOneOfNumbers,
  ORDER,
  or,
  type Setting,
  short,
  ValueProblem,
} from './comparison.ts';
import { textAnyOf } from './predicate-text.ts';
import { parseTime, sqlTime } from './times.ts';
import { hasWildcard, parseCount, parseSpan, wildcardPattern } from './values.ts';

export function scalarAnyOf(sql: string, kind: string, path: string, comparison: Comparison, setting: Setting): string {
  switch (kind) {
    case 'int':
    case 'float':
      return numberAnyOf(sql, comparison, setting, readCount);
    case 'duration':
      return numberAnyOf(sql, comparison, setting, readSpan);
    case 'time':
      return timeAnyOf(sql, comparison, setting);
    case 'bool':
      return boolAnyOf(sql, comparison, setting);
    default:
      return textAnyOf(sql, path, comparison, setting);
  }
}

export interface Bound {
  readonly value: string;
  readonly type: 'BIGINT' | 'DOUBLE';
}

function numberAnyOf(sql: string, comparison: Comparison, setting: Setting, read: (literal: Literal) => Bound): string {
  const { how } = comparison;
  const { params } = setting;
  if (how === 'regex' || how === 'contains' || how === 'like')
    throw new ValueProblem(firstLiteral(comparison), 'this field is a number', 'compare it with = != < <= > >= or in');
  const bind = ({ value, type }: Bound) => params.add(value, type);
  const order = ORDER[how];
  const equal: Record<Bound['type'], string[]> = { BIGINT: [], DOUBLE: [] };
  const parts: string[] = [];
  eachItem(comparison.items, (item) => {
    if (!('value' in item)) {
      const [low, high] = [read(item.low), read(item.high)];
      parts.push(`${sql} BETWEEN ${bind(low)} AND ${bind(high)}`);
    } else if (how === 'loose' && !item.value.isQuoted && hasWildcard(item.value.text))
      parts.push(`CAST(${sql} AS VARCHAR) LIKE ${params.add(wildcardPattern(item.value.text))} ESCAPE '\\'`);
    else {
      const bound = read(item.value);
      if (order === undefined) equal[bound.type].push(bound.value);
      else parts.push(`${sql} ${order} ${bind(bound)}`);
    }
  });
  if (equal.BIGINT.length > 0) parts.push(isOneOfNumbers(sql, equal.BIGINT, 'BIGINT', setting));
  if (equal.DOUBLE.length > 0) parts.push(isOneOfNumbers(sql, equal.DOUBLE, 'DOUBLE', setting));
  return or(parts, comparison);
}

const LARGEST = 2n ** 63n - 1n;

export function readCount(literal: Literal): Bound {
  const count = parseCount(literal.text);
  if (count === undefined) {
    const isSpan = parseSpan(literal.text) !== undefined;
    throw new ValueProblem(
      literal,
      `${short(literal)} is not a number`,
      isSpan ? 'this field is no span of time' : '10, 5k, 10MB and 10MiB are numbers',
    );
  }
  if (!count.isWhole) return { value: count.decimal, type: 'DOUBLE' };
  const big = BigInt(count.decimal);
  return { value: count.decimal, type: big > LARGEST || big < -LARGEST ? 'DOUBLE' : 'BIGINT' };
}

export function readSpan(literal: Literal): Bound {
  const span = parseSpan(literal.text);
  if (span === 'unitless') throw new ValueProblem(literal, 'a span of time needs a unit', `${literal.text}ms?`);
  if (span === undefined)
    throw new ValueProblem(literal, `${short(literal)} is not a span of time`, '200ms, 5s, 1h30m and 7d are spans');
  return { value: String(span), type: 'BIGINT' };
}

/** The moments, in ns of Unix time, that an item begins with and ends before. */
export function readMoment(item: Item, how: How, setting: Setting): { low: bigint; end: bigint } {
  const literal = 'value' in item ? item.value : item.low;
  const read = ({ text }: Literal) => {
    const moment = parseTime(text, setting);
    if (moment === undefined)
      throw new ValueProblem(
        literal,
        `${short(literal)} is not a time`,
        '2026-11-21T10:00:00Z, "2026-11-21 10:00" and -15m are times',
      );
    return moment;
  };
  const low = read(literal);
  const high = 'value' in item ? low : read(item.high);
  if (!isEquality(how) && ORDER[how] === undefined)
    throw new ValueProblem(literal, 'this field is a time', 'compare it with < <= > >= or between');
  return { low: low.ns, end: high.ns + high.precisionNs };
}

function timeAnyOf(sql: string, comparison: Comparison, setting: Setting): string {
  const bind = (ns: bigint) => setting.params.add(sqlTime(ns), 'TIMESTAMP_NS');
  return or(
    eachItem(comparison.items, (item) => {
      const { low, end } = readMoment(item, comparison.how, setting);
      switch (comparison.how) {
        case 'less':
          return `${sql} < ${bind(low)}`;
        case 'atMost':
          return `${sql} < ${bind(end)}`;
        case 'greater':
          return `${sql} >= ${bind(end)}`;
        case 'atLeast':
          return `${sql} >= ${bind(low)}`;
        default:
          return `(${sql} >= ${bind(low)} AND ${sql} < ${bind(end)})`;
      }
    }),
    comparison,
  );
}

export function readBoolean(item: Item, how: How): boolean {
  const literal = 'value' in item ? item.value : item.low;
  const isTrue = /^(true|yes|1)$/i.test(literal.text);
  if ((!isTrue && !/^(false|no|0)$/i.test(literal.text)) || !('value' in item) || !isEquality(how))
    throw new ValueProblem(literal, 'this field is true or false');
  return isTrue;
}

function boolAnyOf(sql: string, comparison: Comparison, setting: Setting): string {
  return or(
    eachItem(
      comparison.items,
      (item) => `${sql} = ${setting.params.add(readBoolean(item, comparison.how), 'BOOLEAN')}`,
    ),
    comparison,
  );
}
