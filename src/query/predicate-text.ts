// Texts → SQL: equal, ignoring case, with wildcards, by expression.

import type { Literal } from './ast.ts';
import {
  type Comparison,
  eachItem,
  isOneOfTexts,
  MAX_SEPARATE,
  ORDER,
  or,
  type Setting,
  ValueProblem,
} from './comparison.ts';
import { regexProblem } from './regex.ts';
import { hasWildcard, wildcardPattern } from './values.ts';

export function textAnyOf(sql: string, path: string, comparison: Comparison, setting: Setting): string {
  const { how, words } = comparison;
  const bind = (text: string) => setting.params.add(text, 'VARCHAR');
  const word = (literal: Literal) => wordOf(literal, path, words);
  const equal: string[] = [];
  const loose: string[] = [];
  const parts: string[] = [];
  eachItem(comparison.items, (given) => {
    const item = 'value' in given || given.whole === undefined ? given : { value: given.whole };
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
    else loose.push(word(literal));
  });
  if (equal.length > 0) parts.push(isOneOfTexts(sql, equal, setting));
  if (loose.length > MAX_SEPARATE)
    parts.push(
      isOneOfTexts(
        `lower(${sql})`,
        loose.map((value) => value.toLowerCase()),
        setting,
      ),
    );
  else for (const value of loose) parts.push(`lower(${sql}) = lower(${bind(value)})`);
  return or(parts, comparison);
}

/** What records have for a value, by whatever spelling. */
export function wordOf({ text }: Literal, path: string, words: Comparison['words']): string {
  const lower = text.toLowerCase();
  return words?.get(lower) ?? (path === 'network.transport' ? lower : text);
}

export const isNetworkText = (path: string, literal: Literal): boolean =>
  /(^|[._])ip$/.test(path) && /\/\d+$/.test(literal.text);

/** `matches "…"` ignores case, as in Wireshark; `/…/` does what its flags say. */
export function regexSource(literal: Literal, flags: string | undefined): string {
  const problem = regexProblem(literal.text);
  if (problem !== undefined) throw new ValueProblem(literal, problem.reason, problem.hint, problem.at);
  const letters = flags === undefined ? 'i' : [...new Set(flags)].join('');
  return letters === '' ? literal.text : `(?${letters})${literal.text}`;
}
