// Where a grouped query reads one record type: its records, or the sums that the store keeps of them per minute and hour, where
// those give the same answer to the row.

import type { RecordType } from '../records/record.ts';
import { chooseRollup, rollupSource } from '../store/rollup/choose.ts';
import { rollupView } from '../store/rollup/tables.ts';
import { viewName } from '../store/sql/text.ts';
import { compileCondition } from './compile.ts';
import { INTERFACE } from './interface-list.ts';
import { Params } from './params.ts';
import { fromWhere, restOfWhere, type SourceFilter, timeColumn } from './source-filter.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface GroupSource {
  /** `FROM … WHERE …` */
  readonly from: string;
  /** What is read: `flow`, or `flow_source_hour, flow_source_minute`. */
  readonly names: readonly string[];
  /** Its rows are sums of `rows` records. */
  readonly isSummed: boolean;
}

export interface SummedQuestion {
  /** SQL of what is shown, grouped or told apart by, without the record's own time and what is added up. */
  readonly cells: readonly string[];
  /** Width of time buckets in ns, where time is a key. */
  readonly bucketNs?: number;
  /** Percentiles of durations are wanted. */
  readonly needsHistogram?: boolean;
}

/** The records of the type that pass the filter. */
export function recordSource(
  type: RecordType,
  filter: SourceFilter,
  vocabulary: Vocabulary,
  params: Params,
): GroupSource {
  return { from: fromWhere(type, filter, vocabulary, params), names: [viewName(type.name)], isSummed: false };
}

/** The same from sums, or undefined where only the records know the answer. */
export function summedSource(
  type: RecordType,
  question: SummedQuestion,
  filter: SourceFilter,
  vocabulary: Vocabulary,
  params: Params,
): GroupSource | undefined {
  const columns = new Set(question.cells.flatMap(columnsIn));
  if (filter.condition !== undefined)
    for (const name of columnsIn(compileCondition(filter.condition, type, vocabulary, new Params()).sql))
      columns.add(name);
  if (filter.interfaces.length > 0) for (const name of columnsIn(interfaceColumn(type, vocabulary))) columns.add(name);
  // Sums have the beginning of their minute for a time: a test of moments needs the records.
  if (columns.has(columnsIn(timeColumn(type))[0])) return undefined;
  const { first: firstNs, last: lastNs } = filter;
  const { bucketNs, needsHistogram } = question;
  const choice = chooseRollup(type, { columns, bucketNs, needsHistogram, firstNs, lastNs });
  if (choice === undefined) return undefined;
  const tests = restOfWhere(type, filter, vocabulary, params);
  return {
    from: `FROM (${rollupSource(choice, firstNs, lastNs)}) r${tests.length === 0 ? '' : ` WHERE ${tests.join(' AND ')}`}`,
    names: choice.tables.map(rollupView),
    isSummed: true,
  };
}

function interfaceColumn(type: RecordType, vocabulary: Vocabulary): string {
  const operand = vocabulary.resolve(INTERFACE)?.operands(type)[0];
  return operand?.shape === 'value' ? operand.sql : '""';
}

/** Columns that SQL of ours names: all of them stand in quotes. The halves of an address are the address. */
const columnsIn = (sql: string): string[] =>
  [...sql.matchAll(/"((?:[^"]|"")*)"/g)].map(([, name]) => name.replace(/_(?:hi|lo)$/, ''));
