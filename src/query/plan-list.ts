// List queries: the records themselves, one row each.

import type { Field } from '../records/field.ts';
import type { RecordType } from '../records/record.ts';
import { viewName } from '../store/sql/text.ts';
import { type KeyColumn, keyColumn, keyExpressions } from './columns.ts';
import { type Draft, type PlanColumn, sortKey } from './draft.ts';
import { QueryError } from './error.ts';
import { failed } from './failed.ts';
import { Params, type Statement } from './params.ts';
import { fromWhere, populationStatement, timeColumn } from './source-filter.ts';

const ALWAYS = ['time', 'source.ip', 'source.port', 'destination.ip', 'destination.port'];
/** What was asked: the first two of these that the type has. */
const ASKED = ['method', 'resource', 'query', 'path'];
const COUNTED = [
  'proto',
  'network.protocol',
  'source.packets',
  'destination.packets',
  'source.bytes',
  'destination.bytes',
];
const ANSWERED = ['status', 'event.duration', 'error.message'];
/** Fields of the type's own that are shown beside the common ones. */
const OWN_COLUMNS = 3;
const OWN_KINDS = new Set(['keyword', 'text', 'slice', 'int', 'ip']);

/** Sensible columns for records of these types, from their declarations. */
export function defaultColumns(types: readonly RecordType[], draft: Pick<Draft, 'vocabulary'>): string[] {
  const has = (path: string) => types.some((type) => (draft.vocabulary.resolve(path)?.operands(type).length ?? 0) > 0);
  const words = ALWAYS.filter(has);
  if (types.length > 1) words.splice(1, 0, 'type');
  const asked = ASKED.filter(has);
  words.push(...asked.slice(0, types.length > 1 ? 3 : 2));
  if (types.length === 1) words.push(...ownColumns(types[0], asked));
  if (types.every((type) => type.family === 'flow')) words.push(...COUNTED.filter(has));
  words.push(...ANSWERED.filter(has));
  return words;
}

/** Last parts of names that tell most about a record, the best first. */
const TELLING = [
  'status_code',
  'response_code',
  'error_code',
  'server_name',
  'name',
  'type',
  'message',
  'code',
  'num_rows',
  'version',
];

const rank = (field: Field): number => {
  const last = field.paths[0].slice(field.paths[0].lastIndexOf('.') + 1);
  const at = TELLING.indexOf(last);
  return at < 0 ? TELLING.length : at;
};

/** Fields of the type's own, the most telling ones, in the order of the declaration. */
function ownColumns(type: RecordType, shown: readonly string[]): string[] {
  const own = Object.values(type.fields).filter(
    (field) =>
      OWN_KINDS.has(field.kind) &&
      field.flowProperty === undefined &&
      field.isDerived !== true &&
      field.paths[0].startsWith(`${type.name}.`) &&
      !field.paths.some((path) => shown.includes(path)) &&
      (rank(field) < TELLING.length || !field.isOptional),
  );
  const depth = (field: Field) => field.paths[0].split('.').length;
  const best = own.toSorted((a, b) => rank(a) - rank(b) || depth(b) - depth(a)).slice(0, OWN_COLUMNS);
  return own.filter((field) => best.includes(field)).map((field) => field.paths[0]);
}

export function planList(
  given: readonly KeyColumn[],
  draft: Draft,
): {
  columns: PlanColumn[];
  sources: string[];
  rows: Statement;
  totals: Statement;
  population: Statement;
  sortedBy: string;
} {
  const { types, vocabulary, filter } = draft;
  const keys =
    given.length > 0 ? given : defaultColumns(types, draft).map((word) => keyColumn(word, types, vocabulary));
  const names = keys.map((key, i) => (key.kind === 'ip' ? [`k${i}h`, `k${i}l`] : [`k${i}`]));
  const sorted = order(keys, draft);
  const params = new Params();
  const bases = types.map((type) => {
    const cells = keys.flatMap((key, i) => keyExpressions(key, type).map((sql, part) => `${sql} AS ${names[i][part]}`));
    cells.push(`${sorted.expression(type)} AS s`, `${timeColumn(type)} AS t`);
    return `SELECT ${cells.join(', ')} ${fromWhere(type, filter, vocabulary, params)}`;
  });
  const cells = keys.flatMap((key, i) => names[i].map((name) => shown(key, name)));
  const limit = draft.limit === undefined ? '' : ` LIMIT ${params.add(draft.limit, 'BIGINT')}`;
  const base = `SELECT * FROM (${bases.join('\nUNION ALL ')}) b`;
  const ties = names.flat().map((name) => `${name} ASC NULLS LAST`);
  const by = (way: string) => [`s ${way} NULLS LAST`, 't ASC', ...ties].join(', ');
  // Unless asked otherwise: the newest records, the oldest of them first, as a log reads.
  const isTail = draft.sort === undefined && draft.isAscending === undefined;
  const sql = isTail
    ? `SELECT ${cells.join(', ')}\nFROM (${base}\nORDER BY s DESC, ${ties.join(', ')}${limit}) r\nORDER BY ${by('ASC')}`
    : `SELECT ${cells.join(', ')}\nFROM (${base}) r\nORDER BY ${by(sorted.isAscending ? 'ASC' : 'DESC')}${limit}`;
  return {
    columns: keys.map((key): PlanColumn => ({ role: 'key', key })),
    sources: types.map((type) => viewName(type.name)),
    rows: { sql, params: params.values },
    totals: totalsStatement(draft),
    population: populationStatement(types),
    sortedBy: isTail ? 'time, the newest records' : sorted.label,
  };
}

function totalsStatement(draft: Draft): Statement {
  const params = new Params();
  const value = (type: RecordType, path: string, nothing: string) => {
    const operand = draft.vocabulary.resolve(path)?.operands(type)[0];
    return operand?.shape === 'value' ? operand.sql : nothing;
  };
  const bases = draft.types.map(
    (type) =>
      `SELECT ${timeColumn(type)} AS t0, ${value(type, 'event.end', timeColumn(type))} AS t1, ${failed(type, draft.vocabulary)} AS failed ` +
      fromWhere(type, draft.filter, draft.vocabulary, params),
  );
  return {
    sql:
      'SELECT count(*), CAST(epoch_ns(min(t0)) AS VARCHAR), CAST(epoch_ns(max(coalesce(t1, t0))) AS VARCHAR), count(*) FILTER (WHERE failed)' +
      ` FROM (${bases.join('\nUNION ALL ')}) b`,
    params: params.values,
  };
}

function shown(key: KeyColumn, name: string): string {
  if (key.kind === 'time') return `CAST(epoch_ns(${name}) AS VARCHAR)`;
  return key.kind === 'ip' || key.kind === 'int' || key.kind === 'duration' ? `CAST(${name} AS VARCHAR)` : name;
}

function order(
  keys: readonly KeyColumn[],
  draft: Draft,
): { expression: (type: RecordType) => string; label: string; isAscending: boolean } {
  const word = draft.sort ?? 'time';
  const isAscending = draft.isAscending ?? false;
  if (word === 'time') return { expression: timeColumn, label: 'time', isAscending };
  if (word === 'count' || word === 'packets')
    throw new QueryError(
      `a list of records cannot be sorted by ${word}`,
      'Give columns to group by, or sort by time, duration, bytes or a column',
    );
  const at = sortKey(word, keys, draft);
  const key = at >= 0 ? keys[at] : keyColumn(word, draft.types, draft.vocabulary);
  const expression = (type: RecordType) => {
    const [first, second] = keyExpressions(key, type);
    return second === undefined ? first : `(${first}::HUGEINT * 18446744073709551616::HUGEINT + ${second}::HUGEINT)`;
  };
  return { expression, label: key.label, isAscending };
}
