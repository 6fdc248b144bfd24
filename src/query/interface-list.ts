// goQuery's list of interfaces: `eth0,eth1`, `any`, `any,!lo`, `/eth\d/`.

import { QueryError } from './error.ts';
import type { Operand } from './operand.ts';
import type { Params } from './params.ts';
import { regexProblem } from './regex.ts';

/** The field that names a record's interface. */
export const INTERFACE = 'observer.ingress.interface.name';

/** A name, or an expression that matches whole names. */
interface Pattern {
  readonly text: string;
  readonly isExpression: boolean;
}

export interface InterfaceList {
  /** Empty: any. */
  readonly wanted: readonly Pattern[];
  readonly excluded: readonly Pattern[];
}

/** Throws QueryError for an expression that the database would refuse. */
export function parseInterfaces(lists: readonly string[]): InterfaceList {
  const wanted: Pattern[] = [];
  const excluded: Pattern[] = [];
  let isAny = false;
  for (const word of lists.flatMap(wordsOf)) {
    if (word.toLowerCase() === 'any') isAny = true;
    else if (word.startsWith('!')) excluded.push(pattern(word.slice(1)));
    else wanted.push(pattern(word));
  }
  return { wanted: isAny ? [] : wanted, excluded };
}

/** Commas part names, not what stands between slashes. */
const wordsOf = (list: string): string[] =>
  [...list.matchAll(/\s*(!?\/(?:\\.|[^\\/])*\/|[^,]+)\s*(?:,|$)/g)]
    .map((m) => m[1].trim())
    .filter((word) => word !== '');

function pattern(word: string): Pattern {
  const expression = /^\/(.*)\/$/.exec(word);
  if (expression === null) return { text: word, isExpression: false };
  const problem = regexProblem(expression[1]);
  if (problem !== undefined) throw new QueryError(`interface ${word}: ${problem.reason}`);
  return { text: expression[1], isExpression: true };
}

/** May records of more than one interface be meant? Then answers say of which. */
export function meansSeveral(lists: readonly string[]): boolean {
  if (lists.length === 0) return false;
  const { wanted } = parseInterfaces(lists);
  return wanted.length !== 1 || wanted[0].isExpression;
}

/** The test of a record's interface, or undefined where all pass. */
export function interfaceTest(list: InterfaceList, operand: Operand | undefined, params: Params): string | undefined {
  if (list.wanted.length === 0 && list.excluded.length === 0) return undefined;
  if (operand === undefined || operand.shape !== 'value')
    throw new QueryError('these records do not say their interface', 'Leave -i out');
  const test = ({ text, isExpression }: Pattern) =>
    isExpression
      ? `regexp_full_match(${operand.sql}, ${params.add(text, 'VARCHAR')})`
      : `${operand.sql} = ${params.add(text, 'VARCHAR')}`;
  const parts: string[] = [];
  if (list.wanted.length > 0) parts.push(`(${list.wanted.map(test).join(' OR ')})`);
  for (const one of list.excluded) parts.push(`NOT coalesce(${test(one)}, FALSE)`);
  return parts.join(' AND ');
}
