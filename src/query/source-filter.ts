// The rows of one record type that a query is about: condition, time range, interfaces.

import type { RecordType } from '../records/record.ts';
import { columnName } from '../records/record.ts';
import { viewName } from '../store/sql/text.ts';
import type { Condition } from './ast.ts';
import { compileCondition } from './compile.ts';
import { QueryError } from './error.ts';
import { quoted } from './operand.ts';
import type { Params } from './params.ts';
import { regexProblem } from './regex.ts';
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

/** The column of a record type's own time. */
export function timeColumn(type: RecordType): string {
  const field = Object.values(type.fields).find((f) => f.kind === 'time' && f.paths.includes('@timestamp'));
  if (field === undefined) throw new QueryError(`${type.name} records have no time`);
  return quoted(columnName(field));
}

/** `FROM "dns" WHERE …` */
export function fromWhere(type: RecordType, filter: SourceFilter, vocabulary: Vocabulary, params: Params): string {
  const tests: string[] = [];
  const time = timeColumn(type);
  if (filter.first !== undefined) tests.push(`${time} >= ${params.add(sqlTime(filter.first), 'TIMESTAMP_NS')}`);
  if (filter.last !== undefined) tests.push(`${time} < ${params.add(sqlTime(filter.last), 'TIMESTAMP_NS')}`);
  const interfaces = interfaceTest(type, filter.interfaces, vocabulary, params);
  if (interfaces !== undefined) tests.push(interfaces);
  if (filter.condition !== undefined) tests.push(compileCondition(filter.condition, type, vocabulary, params).sql);
  return `FROM ${quoted(viewName(type.name))}${tests.length === 0 ? '' : ` WHERE ${tests.join(' AND ')}`}`;
}

/** goQuery's interface list: names, `any`, `!name`, `/expression/`. */
function interfaceTest(
  type: RecordType,
  interfaces: readonly string[],
  vocabulary: Vocabulary,
  params: Params,
): string | undefined {
  const words = interfaces
    .flatMap((list) => (list.startsWith('/') ? [list] : list.split(',')))
    .map((word) => word.trim());
  const excluded = words.filter((word) => word.startsWith('!')).map((word) => word.slice(1));
  const wanted = words.filter((word) => word !== '' && !word.startsWith('!'));
  const isAny = wanted.length === 0 || wanted.includes('any');
  if (isAny && excluded.length === 0) return undefined;
  const operand = vocabulary.resolve('iface')?.operands(type)[0];
  if (operand === undefined || operand.shape !== 'value')
    throw new QueryError(`${type.name} records here do not say their interface`, 'Leave -i out');
  const test = (word: string) => {
    const expression = /^\/(.*)\/$/.exec(word);
    if (expression === null) return `${operand.sql} = ${params.add(word, 'VARCHAR')}`;
    const problem = regexProblem(expression[1]);
    if (problem !== undefined) throw new QueryError(`interface ${word}: ${problem.reason}`);
    return `regexp_full_match(${operand.sql}, ${params.add(expression[1], 'VARCHAR')})`;
  };
  const parts: string[] = [];
  if (!isAny) parts.push(`(${wanted.map(test).join(' OR ')})`);
  for (const word of excluded) parts.push(`NOT coalesce(${test(word)}, FALSE)`);
  return parts.join(' AND ');
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
