// Numbers, spans, times and booleans → SQL.

import type { Literal } from './ast.ts';
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

interface Bound {
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

function readCount(literal: Literal): Bound {
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

function readSpan(literal: Literal): Bound {
  const span = parseSpan(literal.text);
  if (span === 'unitless') throw new ValueProblem(literal, 'a span of time needs a unit', `${literal.text}ms?`);
  if (span === undefined)
    throw new ValueProblem(literal, `${short(literal)} is not a span of time`, '200ms, 5s, 1h30m and 7d are spans');
  return { value: String(span), type: 'BIGINT' };
}

function timeAnyOf(sql: string, comparison: Comparison, setting: Setting): string {
  const read = (literal: Literal) => {
    const moment = parseTime(literal.text, setting);
    if (moment === undefined)
      throw new ValueProblem(
        literal,
        `${short(literal)} is not a time`,
        '2026-11-21T10:00:00Z, "2026-11-21 10:00" and -15m are times',
      );
    return moment;
  };
  const bind = (ns: bigint) => setting.params.add(sqlTime(ns), 'TIMESTAMP_NS');
  return or(
    eachItem(comparison.items, (item) => {
      const low = read('value' in item ? item.value : item.low);
      const high = 'value' in item ? low : read(item.high);
      const end = high.ns + high.precisionNs;
      switch (comparison.how) {
        case 'less':
          return `${sql} < ${bind(low.ns)}`;
        case 'atMost':
          return `${sql} < ${bind(end)}`;
        case 'greater':
          return `${sql} >= ${bind(end)}`;
        case 'atLeast':
          return `${sql} >= ${bind(low.ns)}`;
        case 'exact':
        case 'loose':
          return `(${sql} >= ${bind(low.ns)} AND ${sql} < ${bind(end)})`;
        default:
          throw new ValueProblem(
            'value' in item ? item.value : item.low,
            'this field is a time',
            'compare it with < <= > >= or between',
          );
      }
    }),
    comparison,
  );
}

function boolAnyOf(sql: string, comparison: Comparison, setting: Setting): string {
  return or(
    eachItem(comparison.items, (item) => {
      const literal = 'value' in item ? item.value : item.low;
      const isTrue = /^(true|yes|1)$/i.test(literal.text);
      if ((!isTrue && !/^(false|no|0)$/i.test(literal.text)) || !('value' in item) || !isEquality(comparison.how))
        throw new ValueProblem(literal, 'this field is true or false');
      return `${sql} = ${setting.params.add(isTrue, 'BOOLEAN')}`;
    }),
    comparison,
  );
}
