// A condition → SQL for one record type. Whatever was typed is a bound parameter; the text holds only names of declared columns.

import type { Field } from '../records/field.ts';
import type { RecordType } from '../records/record.ts';
import { columnName } from '../records/record.ts';
import type { Condition, Match, Name, Test } from './ast.ts';
import { type Setting, ValueProblem } from './comparison.ts';
import { answerField, directionQuestion } from './direction.ts';
import { BARE_TRANSPORTS } from './names.ts';
import { quoted } from './operand.ts';
import { type Param, Params } from './params.ts';
import { anyOf, present } from './predicate.ts';
import { renderCondition } from './render.ts';
import { containsPattern } from './values.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface CompiledCondition {
  /** A boolean expression; NULL counts as false. */
  readonly sql: string;
  readonly params: readonly Param[];
  /** The condition as understood, for people. */
  readonly understood: string;
}

/** The condition for records of this type; a test of a field that the type lacks is false. */
export function compileCondition(
  condition: Condition,
  type: RecordType,
  vocabulary: Vocabulary,
  params: Params = new Params(),
): CompiledCondition {
  const setting = settingOf(vocabulary, params);
  const sql = compile(condition, type, setting);
  return { sql, params: params.values, understood: renderCondition(condition) };
}

export const settingOf = ({ nowNs, isUtc, hosts }: Vocabulary, params: Params): Setting => ({
  params,
  nowNs,
  isUtc,
  hosts,
});

// The depth of a condition is bounded by the grammar (64 brackets), so recursion is.
function compile(condition: Condition, type: RecordType, setting: Setting): string {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return `(${condition.parts
        .map((part) => compile(part, type, setting))
        .join(condition.kind === 'all' ? ' AND ' : ' OR ')})`;
    case 'not':
      return `NOT coalesce(${compile(condition.part, type, setting)}, FALSE)`;
    default:
      return compileTest(condition, type, setting);
  }
}

function compileTest(test: Test, type: RecordType, setting: Setting): string {
  switch (test.kind) {
    case 'type':
      return typeTest(test.type, type, setting);
    case 'transport':
      return keywordIn(type, 'network.transport', test.values, setting);
    case 'network':
      return keywordIn(type, 'network.type', [test.value], setting);
    case 'search':
      return searchTest(test.text, type, setting);
    case 'exists': {
      const operands = test.name.operands(type);
      if (operands.length === 0) return 'FALSE';
      return guarded(
        test.name,
        type,
        setting,
        `(${operands.map((operand) => present(operand, setting)).join(' OR ')})`,
      );
    }
    case 'match':
      try {
        return compileMatch(test, type, setting);
      } catch (problem) {
        // The grammar has checked that it fits at least one type; in the others it does not match.
        if (problem instanceof ValueProblem) return 'FALSE';
        throw problem;
      }
  }
}

/** Throws ValueProblem where a value does not fit the field of this type. */
export function compileMatch(test: Match, type: RecordType, setting: Setting): string {
  const operands = test.name.operands(type);
  if (operands.length === 0) return 'FALSE';
  if (test.name.isDirection === true) return directionTest(test, type, setting);
  const comparison = { how: test.how, items: test.items, words: test.name.words, flags: test.flags };
  const any = `(${operands.map((operand) => anyOf(operand, comparison, setting)).join(' OR ')})`;
  if (!test.isNegated) return guarded(test.name, type, setting, any);
  const there = operands.map((operand) => present(operand, setting)).join(' OR ');
  return guarded(test.name, type, setting, `((${there}) AND NOT coalesce(${any}, FALSE))`);
}

function guarded(name: Name, type: RecordType, setting: Setting, sql: string): string {
  if (name.transport === undefined) return sql;
  return `(${keywordIn(type, 'network.transport', BARE_TRANSPORTS.get(name.transport) ?? [name.transport], setting)} AND ${sql})`;
}

const fieldAt = (type: RecordType, path: string): Field | undefined =>
  Object.values(type.fields).find((field) => field.paths.includes(path));

function keywordIn(type: RecordType, path: string, values: readonly string[], setting: Setting): string {
  const field = fieldAt(type, path);
  if (field === undefined) return 'FALSE';
  if (field.kind === 'constant') return values.includes(String(field.sub)) ? 'TRUE' : 'FALSE';
  return `${quoted(columnName(field))} IN (${values.map((value) => setting.params.add(value, 'VARCHAR')).join(', ')})`;
}

/** `dns` asks for dns records; of flows, for those that carry DNS. */
function typeTest(wanted: string, type: RecordType, setting: Setting): string {
  if (type.name === wanted) return 'TRUE';
  if (type.family !== 'flow') return 'FALSE';
  const transports = BARE_TRANSPORTS.get(wanted);
  return transports === undefined
    ? keywordIn(type, 'network.protocol', [wanted], setting)
    : keywordIn(type, 'network.transport', transports, setting);
}

function directionTest(test: Match, type: RecordType, setting: Setting): string {
  const answers = answerField(type);
  const parts = test.items.map((item) => {
    const asked = directionQuestion(item);
    if ('directions' in asked) return keywordIn(type, 'network.direction', asked.directions, setting);
    if (answers === undefined) return 'FALSE';
    return `coalesce(${quoted(columnName(answers))}, 0) ${asked.isAnswered ? '>' : '='} 0`;
  });
  const any = `(${parts.join(' OR ')})`;
  return test.isNegated ? `NOT coalesce(${any}, FALSE)` : any;
}

const SEARCHED = new Set(['text', 'slice', 'keyword', 'keywords', 'map', 'list', 'json']);

/** Whether a free search looks at it. */
export const isSearched = (field: Field): boolean =>
  SEARCHED.has(field.kind) && field.isDerived !== true && field.paths[0] !== 'flow.id';

/** The columns that a free search looks at. */
export function searchedColumns(type: RecordType): string[] {
  return Object.values(type.fields)
    .filter(isSearched)
    .map((field) => quoted(columnName(field)));
}

function searchTest(text: string, type: RecordType, setting: Setting): string {
  const columns = searchedColumns(type);
  if (columns.length === 0) return 'FALSE';
  const pattern = setting.params.add(containsPattern(text), 'VARCHAR');
  return `(${columns.map((column) => `${column} ILIKE ${pattern} ESCAPE '\\'`).join(' OR ')})`;
}

/** Can a record of this type match the test at all? Types are told apart by this before anything is read. */
export function canMatch(test: Test, type: RecordType, vocabulary: Vocabulary): boolean {
  if (test.kind === 'type') return test.type === type.name;
  if (test.kind === 'search') return type.family !== 'flow' && searchedColumns(type).length > 0;
  if (test.kind === 'transport' || test.kind === 'network') return fieldAt(type, 'network.transport') !== undefined;
  const operands = test.name.operands(type);
  if (operands.length === 0) return false;
  if (test.kind === 'exists') return true;
  const setting = settingOf(vocabulary, new Params());
  try {
    const sql = compileMatch({ ...test, isNegated: false }, type, setting);
    // Nothing but constants: the answer is known.
    return operands.every((operand) => operand.shape === 'constant') ? sql.includes('TRUE') !== test.isNegated : true;
  } catch (problem) {
    if (problem instanceof ValueProblem) return false;
    throw problem;
  }
}
