// One comparison → SQL, for every kind of field. The result may be NULL where the field is absent.

import type { How, Item, Literal } from './ast.ts';
import { type Operand, quoted } from './operand.ts';
import type { Params } from './params.ts';
import { regexProblem } from './regex.ts';
import { parseTime, sqlTime } from './times.ts';
import {
  containsPattern,
  hasWildcard,
  MAPPED_HIGH,
  MAPPED_LOW,
  parseCount,
  parseNetwork,
  parseSpan,
  type Range,
  wildcardPattern,
} from './values.ts';

/** A value that does not fit the field. */
export class ValueProblem extends Error {
  readonly literal: Literal;
  readonly hint: string | undefined;
  /** Offset in the literal's text, when it is known better. */
  readonly offset: number;

  constructor(literal: Literal, reason: string, hint?: string, offset = 0) {
    super(reason);
    this.literal = literal;
    this.hint = hint;
    this.offset = offset;
  }
}

/** More values than a comparison can take: never passed over, whatever list they come from. */
class TooMany extends ValueProblem {}

export interface Comparison {
  readonly how: How;
  readonly items: readonly Item[];
  readonly words?: ReadonlyMap<string, string>;
  readonly flags?: string;
}

export interface Setting {
  readonly params: Params;
  readonly nowNs: bigint;
  readonly isUtc: boolean;
}

const ORDER: Partial<Record<How, string>> = { less: '<', atMost: '<=', greater: '>', atLeast: '>=' };

/** True where any of the items fits the operand. Throws ValueProblem. */
export function anyOf(operand: Operand, comparison: Comparison, setting: Setting): string {
  if (operand.shape === 'constant') return constantAnyOf(operand.value, comparison) ? 'TRUE' : 'FALSE';
  if (operand.shape === 'elements') return elementsAnyOf(operand, comparison, setting);
  if (operand.kind === 'ip') return addressAnyOf(operand.sql, comparison, setting);
  if (operand.kind === 'list' || operand.kind === 'map' || operand.kind === 'json') {
    const literal = firstLiteral(comparison);
    if (comparison.how === 'contains' || comparison.how === 'regex' || comparison.how === 'like')
      return textAnyOf(operand.sql, operand.path, comparison, setting);
    throw new ValueProblem(
      literal,
      `${operand.path} holds several values`,
      `name one of them: ${operand.path}.…, or use contains`,
    );
  }
  return scalarAnyOf(operand.sql, operand.kind, operand.path, comparison, setting);
}

/** True where the operand has a value. */
export function present(operand: Operand, setting: Setting): string {
  if (operand.shape === 'constant') return 'TRUE';
  if (operand.shape === 'value') {
    return operand.kind === 'ip' ? `${quoted(`${operand.sql}_lo`)} IS NOT NULL` : `${operand.sql} IS NOT NULL`;
  }
  if (operand.key !== undefined) return `${keyed(operand.sql, operand.key, setting)} IS NOT NULL`;
  if (operand.property !== undefined) return `len(${elements(operand, setting)}) > 0`;
  return `${operand.sql} IS NOT NULL`;
}

function scalarAnyOf(sql: string, kind: string, path: string, comparison: Comparison, setting: Setting): string {
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

const or = (parts: string[]): string =>
  parts.length === 0 ? 'FALSE' : parts.length === 1 ? parts[0] : `(${parts.join(' OR ')})`;

const firstLiteral = (comparison: Comparison): Literal => {
  const item = comparison.items[0];
  return 'value' in item ? item.value : item.low;
};

/** More values than these are one parameter that DuckDB takes apart: a thousand parameters in an IN take seconds. */
const MAX_SEPARATE = 8;
/** Networks of a list are compared one by one. */
const MAX_NETWORKS = 1000;
/** An element of a list inside a lambda, where no subquery may stand. */
const ELEMENT = 'element__';

/** `sql` is one of these numbers, given as decimal texts. */
function isOneOfNumbers(
  sql: string,
  values: readonly string[],
  type: 'BIGINT' | 'UBIGINT' | 'DOUBLE',
  setting: Setting,
): string {
  const { params } = setting;
  if (values.length === 1) return `${sql} = ${params.add(values[0], type)}`;
  if (values.length <= MAX_SEPARATE || sql.includes(ELEMENT))
    return `${sql} IN (${values.map((value) => params.add(value, type)).join(', ')})`;
  return `${sql} IN (SELECT unnest(string_split(${params.add(values.join(','), 'VARCHAR')}, ','))::${type})`;
}

function isOneOfTexts(sql: string, values: readonly string[], setting: Setting): string {
  const { params } = setting;
  if (values.length === 1) return `${sql} = ${params.add(values[0], 'VARCHAR')}`;
  if (values.length <= MAX_SEPARATE)
    return `${sql} IN (${values.map((value) => params.add(value, 'VARCHAR')).join(', ')})`;
  const list = `json_extract_string(${params.add(JSON.stringify(values), 'VARCHAR')}, '$[*]')`;
  return sql === ELEMENT ? `list_contains(${list}, ${sql})` : `${sql} IN (SELECT unnest(${list}))`;
}

/** The items one by one; entries of a named list that do not fit the field are passed over. */
function eachItem<T>(items: readonly Item[], make: (item: Item) => T): T[] {
  const made: T[] = [];
  for (const item of items) {
    try {
      made.push(make(item));
    } catch (problem) {
      if (!(problem instanceof ValueProblem) || problem instanceof TooMany || problem.literal.isListed !== true)
        throw problem;
    }
  }
  return made;
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
  return or(parts);
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
  );
}

const isEquality = (how: How): boolean => how === 'exact' || how === 'loose';

function addressAnyOf(column: string, comparison: Comparison, setting: Setting): string {
  const { how } = comparison;
  if (how === 'regex' || how === 'contains' || how === 'like')
    return textAnyOf(quoted(column), column, comparison, setting);
  const high = quoted(`${column}_hi`);
  const low = quoted(`${column}_lo`);
  const word = (bits: bigint) => setting.params.add(bits.toString(), 'UBIGINT');
  const singles = new Map<bigint, bigint[]>();
  let networks = 0;
  const parts: string[] = [];
  eachItem(comparison.items, (item) => {
    const literal = 'value' in item ? item.value : item.low;
    if (!isEquality(how))
      throw new ValueProblem(literal, 'addresses are compared with =, != or in', 'a network: 10.0.0.0/8');
    if ('value' in item && how === 'loose' && !literal.isQuoted && hasWildcard(literal.text)) {
      parts.push(`${quoted(column)} ILIKE ${setting.params.add(wildcardPattern(literal.text))} ESCAPE '\\'`);
      return;
    }
    const range = 'value' in item ? parseNetwork(literal.text) : parseNetwork(`${item.low.text}-${item.high.text}`);
    if (range === undefined)
      throw new ValueProblem(
        literal,
        `${short(literal)} is not an address or network`,
        '10.0.0.5, 10.0.0.0/8, 10.0.0.1-10.0.0.9 and 2001:db8::/32 are',
      );
    if (range.low === range.high) {
      const lows = singles.get(range.low >> 64n);
      if (lows === undefined) singles.set(range.low >> 64n, [range.low & MASK]);
      else lows.push(range.low & MASK);
    } else if ((networks += 1) > MAX_NETWORKS) throw new TooMany(literal, `more than ${MAX_NETWORKS} networks`);
    else parts.push(rangePredicate(high, low, range, word));
  });
  for (const [bits, lows] of singles)
    parts.push(`(${high} = ${word(bits)} AND ${isOneOfNumbers(low, lows.map(String), 'UBIGINT', setting)})`);
  return or(parts);
}

const MASK = 2n ** 64n - 1n;

function rangePredicate(high: string, low: string, range: Range, word: (bits: bigint) => string): string {
  const [fromHigh, fromLow] = [range.low >> 64n, range.low & MASK];
  const [toHigh, toLow] = [range.high >> 64n, range.high & MASK];
  let sql: string;
  if (fromHigh === toHigh) sql = `${high} = ${word(fromHigh)} AND ${low} BETWEEN ${word(fromLow)} AND ${word(toLow)}`;
  else if (fromLow === 0n && toLow === MASK) sql = `${high} BETWEEN ${word(fromHigh)} AND ${word(toHigh)}`;
  else
    sql =
      `${high} BETWEEN ${word(fromHigh)} AND ${word(toHigh)} AND NOT (${high} = ${word(fromHigh)} AND ${low} < ${word(fromLow)})` +
      ` AND NOT (${high} = ${word(toHigh)} AND ${low} > ${word(toLow)})`;
  // An IPv6 network that covers ::ffff:0:0/96 does not mean the IPv4 addresses that are kept there.
  if (!range.isV4 && range.low <= MAPPED_LOW && range.high >= MAPPED_HIGH)
    sql += ` AND NOT (${high} = 0 AND ${low} BETWEEN ${word(MAPPED_LOW)} AND ${word(MAPPED_HIGH)})`;
  return `(${sql})`;
}

function textAnyOf(sql: string, path: string, comparison: Comparison, setting: Setting): string {
  const { how, words } = comparison;
  const bind = (text: string) => setting.params.add(text, 'VARCHAR');
  const word = (literal: Literal) => {
    const lower = literal.text.toLowerCase();
    return words?.get(lower) ?? (path === 'network.transport' ? lower : literal.text);
  };
  const equal: string[] = [];
  const parts: string[] = [];
  eachItem(comparison.items, (item) => {
    const literal = 'value' in item ? item.value : item.low;
    const order = ORDER[how];
    if (!('value' in item)) parts.push(`${sql} BETWEEN ${bind(item.low.text)} AND ${bind(item.high.text)}`);
    else if (order !== undefined) parts.push(`${sql} ${order} ${bind(literal.text)}`);
    else if (how === 'contains') parts.push(`contains(${sql}, ${bind(literal.text)})`);
    else if (how === 'like') parts.push(`${sql} LIKE ${bind(literal.text)}`);
    else if (how === 'regex') parts.push(`regexp_matches(${sql}, ${bind(regexSource(literal, comparison.flags))})`);
    else if (isNetworkText(path, literal))
      throw new ValueProblem(
        literal,
        `${path} is kept as text and knows no networks`,
        'use a wildcard after ":": 10.1.*',
      );
    else if (how === 'exact') equal.push(word(literal));
    else if (!literal.isQuoted && hasWildcard(literal.text))
      parts.push(`${sql} ILIKE ${bind(wildcardPattern(literal.text))} ESCAPE '\\'`);
    else parts.push(`lower(${sql}) = lower(${bind(word(literal))})`);
  });
  if (equal.length > 0) parts.push(isOneOfTexts(sql, equal, setting));
  return or(parts);
}

const isNetworkText = (path: string, literal: Literal): boolean =>
  /(^|[._])ip$/.test(path) && /\/\d+$/.test(literal.text);

/** `matches "…"` ignores case, as in Wireshark; `/…/` does what its flags say. */
function regexSource(literal: Literal, flags: string | undefined): string {
  const problem = regexProblem(literal.text);
  if (problem !== undefined) throw new ValueProblem(literal, problem.reason, problem.hint, problem.at);
  const letters = flags === undefined ? 'i' : [...new Set(flags)].join('');
  return letters === '' ? literal.text : `(?${letters})${literal.text}`;
}

function keyed(sql: string, key: string, setting: Setting): string {
  const pointer = (parts: string[]) =>
    `/${parts.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;
  const whole = `json_extract(${sql}, ${setting.params.add(pointer([key]), 'VARCHAR')})`;
  if (!key.includes('.')) return whole;
  return `coalesce(${whole}, json_extract(${sql}, ${setting.params.add(pointer(key.split('.')), 'VARCHAR')}))`;
}

/** The operand's values as a list of texts. */
function elements(operand: Extract<Operand, { shape: 'elements' }>, setting: Setting): string {
  const { sql, property, key } = operand;
  if (key !== undefined) {
    const value = keyed(sql, key, setting);
    return `(CASE json_type(${value}) WHEN 'ARRAY' THEN json_extract_string(${value}, '$[*]') ELSE [json_extract_string(${value}, '$')] END)`;
  }
  // Property names come from declarations: letters, digits, dots and underscores.
  if (property !== undefined) {
    const flat = `json_extract_string(${sql}, '$[*]."${property}"')`;
    return property.includes('.') ? `list_concat(${flat}, json_extract_string(${sql}, '$[*].${property}'))` : flat;
  }
  return `json_extract_string(CASE WHEN ${sql} LIKE '[%' THEN ${sql} ELSE concat('[', ${sql}, ']') END, '$[*]')`;
}

function elementsAnyOf(
  operand: Extract<Operand, { shape: 'elements' }>,
  comparison: Comparison,
  setting: Setting,
): string {
  const list = elements(operand, setting);
  const isNumber = operand.kind === 'int' || operand.kind === 'float' || operand.kind === 'duration';
  const literal = firstLiteral(comparison);
  const asNumber = isNumber || (ORDER[comparison.how] !== undefined && parseCount(literal.text) !== undefined);
  const inner = asNumber
    ? scalarAnyOf(
        `TRY_CAST(${ELEMENT} AS DOUBLE)`,
        isNumber ? operand.kind : 'float',
        operand.path,
        comparison,
        setting,
      )
    : operand.kind === 'bool'
      ? scalarAnyOf(`TRY_CAST(${ELEMENT} AS BOOLEAN)`, 'bool', operand.path, comparison, setting)
      : textAnyOf(ELEMENT, operand.path, comparison, setting);
  return `len(list_filter(${list}, lambda ${ELEMENT}: ${inner})) > 0`;
}

function constantAnyOf(value: unknown, comparison: Comparison): boolean {
  const values = (Array.isArray(value) ? value : [value]).map(String);
  return comparison.items.some((item) => {
    if (!('value' in item)) return false;
    const wanted = item.value.text;
    if (comparison.how === 'exact') return values.includes(wanted);
    if (comparison.how === 'contains') return values.some((v) => v.includes(wanted));
    if (comparison.how !== 'loose') return false;
    return values.some((v) => v.toLowerCase() === wanted.toLowerCase());
  });
}

const short = (literal: Literal): string =>
  literal.text.length > 40 ? `${literal.text.slice(0, 40)}…` : literal.text || 'nothing';

/** The pattern of a free search, for `ILIKE … ESCAPE '\'`. */
export const searchPattern = containsPattern;
