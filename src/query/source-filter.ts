// The rows of one record type that a query is about: condition, time range, interfaces.

import type { RecordType } from '../records/record.ts';
import { columnName } from '../records/record.ts';
import { viewName } from '../store/sql/text.ts';
import type { Condition } from './ast.ts';
import { compileCondition } from './compile.ts';
import { QueryError } from './error.ts';
import { interfaceTest, parseInterfaces } from './interface-list.ts';
import { quoted } from './operand.ts';
import type { Params } from './params.ts';
import { sqlTime } from './times.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface SourceFilter {
  readonly condition: Condition | undefined;
  /** Unix time in ns, inclusive. */
  readonly first: bigint | undefined;
  /** Unix time in ns, exclusive. */
  readonly last: bigint | undefined;
  readonly interfaces: readonly string[];
}

/** The column of a record type's own time, which tcp-audit calls by another name. */
export function timeColumn(type: RecordType): string {
  const times = Object.values(type.fields).filter((f) => f.kind === 'time');
  const field = times.find((f) => f.paths.includes('@timestamp')) ?? times.find((f) => f.aliases?.includes('time'));
  if (field === undefined) throw new QueryError(`${type.name} records have no time`);
  return quoted(columnName(field));
}

/** `FROM "dns" WHERE …` */
export function fromWhere(type: RecordType, filter: SourceFilter, vocabulary: Vocabulary, params: Params): string {
  const tests: string[] = [];
  const time = timeColumn(type);
  if (filter.first !== undefined) tests.push(`${time} >= ${params.add(sqlTime(filter.first), 'TIMESTAMP_NS')}`);
  if (filter.last !== undefined) tests.push(`${time} < ${params.add(sqlTime(filter.last), 'TIMESTAMP_NS')}`);
  tests.push(...restOfWhere(type, filter, vocabulary, params));
  return `FROM ${quoted(viewName(type.name))}${tests.length === 0 ? '' : ` WHERE ${tests.join(' AND ')}`}`;
}

/** The tests besides that of the time range. */
export function restOfWhere(type: RecordType, filter: SourceFilter, vocabulary: Vocabulary, params: Params): string[] {
  const tests: string[] = [];
  const iface = vocabulary.resolve('iface')?.operands(type)[0];
  const interfaces = interfaceTest(parseInterfaces(filter.interfaces), iface, params);
  if (interfaces !== undefined) tests.push(interfaces);
  if (filter.condition !== undefined) tests.push(compileCondition(filter.condition, type, vocabulary, params).sql);
  return tests;
}

/** How many records of the types there are, whatever the condition says. */
export function populationStatement(types: readonly RecordType[]): { sql: string; params: [] } {
  const parts = types.map(
    (type) =>
      `SELECT count(*) AS n, min(${timeColumn(type)}) AS t0, max(${timeColumn(type)}) AS t1 FROM ${quoted(viewName(type.name))}`,
  );
  return {
    sql: `SELECT CAST(sum(n) AS BIGINT), CAST(epoch_ns(min(t0)) AS VARCHAR), CAST(epoch_ns(max(t1)) AS VARCHAR) FROM (${parts.join(' UNION ALL ')}) p`,
    params: [],
  };
}
