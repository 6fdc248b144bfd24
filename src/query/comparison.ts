// What the predicates of all kinds share: the comparison to make, what can be wrong with a value, sets of values.

import type { How, Item, Literal, Spellings } from './ast.ts';
import type { Params } from './params.ts';

/** A value that does not fit the field. No Error: lists have thousands of them that fit fields of another kind, and a stack is no use to anybody. */
export class ValueProblem {
  readonly literal: Literal;
  readonly message: string;
  readonly hint: string | undefined;
  /** Offset in the literal's text, when it is known better. */
  readonly offset: number;

  constructor(literal: Literal, reason: string, hint?: string, offset = 0) {
    this.message = reason;
    this.literal = literal;
    this.hint = hint;
    this.offset = offset;
  }
}

export interface Comparison {
  readonly how: How;
  readonly items: readonly Item[];
  readonly words?: Spellings;
  readonly flags?: string;
}

export interface Setting {
  readonly params: Params;
  readonly nowNs: bigint;
  readonly isUtc: boolean;
  readonly hosts?: Hosts;
}

/** Addresses of host names (lower case), looked up before; undefined for a name that was not found. */
export interface Hosts {
  get(name: string): readonly string[] | undefined;
}

export const ORDER: Partial<Record<How, string>> = { less: '<', atMost: '<=', greater: '>', atLeast: '>=' };

export const firstLiteral = (comparison: Comparison): Literal => {
  const item = comparison.items[0];
  return 'value' in item ? item.value : item.low;
};

/** More values than these are one parameter that DuckDB takes apart: a thousand parameters in an IN take seconds. */
export const MAX_SEPARATE = 8;

/** An element of a list inside a lambda, where no subquery may stand. */
export const ELEMENT = 'element__';

/** `sql` is one of these numbers, given as decimal texts. */
export function isOneOfNumbers(
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

export function isOneOfTexts(sql: string, values: readonly string[], setting: Setting): string {
  const { params } = setting;
  if (values.length === 1) return `${sql} = ${params.add(values[0], 'VARCHAR')}`;
  if (values.length <= MAX_SEPARATE)
    return `${sql} IN (${values.map((value) => params.add(value, 'VARCHAR')).join(', ')})`;
  const list = `json_extract_string(${params.add(JSON.stringify(values.map((value) => value.toWellFormed())), 'VARCHAR')}, '$[*]')`;
  return sql.includes(ELEMENT) ? `list_contains(${list}, ${sql})` : `${sql} IN (SELECT unnest(${list}))`;
}

/** Comparisons that cannot be one set: networks, ranges, wildcards. */
const MAX_PARTS = 1000;

/** Any of the parts. Throws ValueProblem where DuckDB would take seconds to plan them. */
export function or(parts: readonly string[], comparison: Comparison): string {
  if (parts.length > MAX_PARTS)
    throw new ValueProblem(firstLiteral(comparison), `more than ${MAX_PARTS} networks, ranges or wildcards`);
  return parts.length === 0 ? 'FALSE' : parts.length === 1 ? parts[0] : `(${parts.join(' OR ')})`;
}

/** The items one by one; entries of a named list that do not fit the field are passed over. */
export function eachItem<T>(items: readonly Item[], make: (item: Item) => T): T[] {
  const made: T[] = [];
  for (const item of items) {
    try {
      made.push(make(item));
    } catch (problem) {
      if (!(problem instanceof ValueProblem) || problem.literal.isListed !== true) throw problem;
    }
  }
  return made;
}

export const isEquality = (how: How): boolean => how === 'exact' || how === 'loose';

export const short = (literal: Literal): string =>
  literal.text.length > 40 ? `${literal.text.slice(0, 40)}…` : literal.text || 'nothing';
