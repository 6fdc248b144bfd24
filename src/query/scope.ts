// Which record types a query is about: those it names, else those that have what it asks for, else flows.

import type { RecordType } from '../records/record.ts';
import type { Condition } from './ast.ts';
import { canMatch } from './compile.ts';
import { QueryError } from './error.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Record types that a hint names. */
const MOST_NAMES = 4;

/** The types whose records can match, undefined when the condition does not say. */
function scopeOf(condition: Condition, vocabulary: Vocabulary): Set<RecordType> | undefined {
  switch (condition.kind) {
    case 'all': {
      let all: Set<RecordType> | undefined;
      for (const part of condition.parts) {
        const scope = scopeOf(part, vocabulary);
        if (scope !== undefined) all = all === undefined ? scope : both(all, scope);
      }
      return all;
    }
    case 'any': {
      const any = new Set<RecordType>();
      let isOpen = false;
      for (const part of condition.parts) {
        const scope = scopeOf(part, vocabulary);
        if (scope === undefined) isOpen = true;
        else for (const type of scope) any.add(type);
      }
      if (!isOpen) return any;
      for (const type of vocabulary.types) if (type.family === 'flow') any.add(type);
      return any.size === 0 ? undefined : any;
    }
    case 'not':
      return undefined;
    default:
      return new Set(vocabulary.types.filter((type) => canMatch(condition, type, vocabulary)));
  }
}

const both = (a: Set<RecordType>, b: Set<RecordType>) => new Set([...a].filter((type) => b.has(type)));

/** Does the condition name a record type (`dns and …`) outside of a negation? */
export function namesType(condition: Condition): boolean {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return condition.parts.some(namesType);
    case 'type':
      return true;
    case 'match':
      return !condition.isNegated && (condition.name.shown === 'type' || condition.name.shown === 'event.dataset');
    default:
      return false;
  }
}

/**
 * The record types to read, in the order of the vocabulary: those that the condition asks for. Where none of them has a column that is to
 * be shown (`dns.question.name,status`), and the condition names no type, those that have all of the columns. Throws QueryError where no
 * type can match.
 */
export function chooseTypes(
  condition: Condition | undefined,
  columns: readonly string[],
  vocabulary: Vocabulary,
): RecordType[] {
  const chosen = typesOf(condition, vocabulary);
  if (condition !== undefined && namesType(condition)) return chosen;
  const lacks = (types: readonly RecordType[]) =>
    columns.some((word) => types.every((type) => !has(type, word, vocabulary)));
  if (!lacks(chosen)) return chosen;
  const scope = condition === undefined ? undefined : scopeOf(condition, vocabulary);
  const others = vocabulary.types.filter(
    (type) => scope?.has(type) !== false && columns.every((word) => has(type, word, vocabulary)),
  );
  return others.length === 0 ? chosen : others;
}

/** Has the record what every part of the condition asks for? `dns` asks a flow whether it carries DNS. */
function hasFields(condition: Condition, type: RecordType): boolean {
  switch (condition.kind) {
    case 'all':
      return condition.parts.every((part) => hasFields(part, type));
    case 'any':
      return condition.parts.some((part) => hasFields(part, type));
    case 'match':
    case 'exists':
      return condition.name.operands(type).length > 0;
    default:
      return true;
  }
}

/**
 * Throws QueryError where records of these types, which the question names in one way or the other, lack what the condition asks for: the
 * answer would be empty whatever there is. `isReport`: it names them by one of goQuery's query types.
 */
export function checkFields(
  condition: Condition,
  types: readonly RecordType[],
  isReport: boolean,
  vocabulary: Vocabulary,
): void {
  if (types.some((type) => hasFields(condition, type))) return;
  const others = vocabulary.types.filter((type) => hasFields(condition, type)).map((type) => type.name);
  const names = others.slice(0, MOST_NAMES).join(', ') + (others.length > MOST_NAMES ? ' and other' : '');
  const hint = others.length === 0 ? undefined : `It asks for what ${names} records have`;
  throw new QueryError(
    `${types.map((type) => type.name).join(' and ')} records can not match this condition`,
    isReport && hint !== undefined
      ? `${hint}, and this query type shows flows: name columns instead, such as sip,dip`
      : hint,
  );
}

const has = (type: RecordType, word: string, vocabulary: Vocabulary): boolean =>
  (vocabulary.resolve(word)?.operands(type).length ?? 0) > 0;

function typesOf(condition: Condition | undefined, vocabulary: Vocabulary): RecordType[] {
  const flows = vocabulary.types.filter((type) => type.family === 'flow');
  const scope = condition === undefined ? undefined : scopeOf(condition, vocabulary);
  if (condition === undefined || scope === undefined) return flows;
  if (scope.size === 0)
    throw new QueryError(
      'no record can match this condition',
      'Its tests ask for fields of different record types: join them with "or"',
    );
  const isNamed = namesType(condition);
  if (!isNamed && flows.some((type) => scope.has(type))) return flows;
  return vocabulary.types.filter(
    (type) =>
      scope.has(type) &&
      (isNamed || type.family === 'flow' || type.family === 'transaction' || type.family === 'tcp-state'),
  );
}
