// A condition as understood, for the footer and for --explain.

import type { Condition, How, Item, Literal, Match } from './ast.ts';
import { BARE_TRANSPORTS } from './names.ts';

const OPERATORS: Record<How, string> = {
  exact: '=',
  loose: ':',
  less: '<',
  atMost: '<=',
  greater: '>',
  atLeast: '>=',
  regex: 'matches',
  contains: 'contains',
  like: 'like',
};

/** Entries of a set that are shown; a threat list has thousands. */
const SHOWN_ITEMS = 20;

/** The condition with canonical names, all brackets and no abbreviations. */
export function renderCondition(condition: Condition): string {
  return render(condition, true);
}

function render(condition: Condition, isTop: boolean): string {
  switch (condition.kind) {
    case 'all':
    case 'any': {
      const text = condition.parts.map((part) => render(part, false)).join(condition.kind === 'all' ? ' and ' : ' or ');
      return isTop ? text : `(${text})`;
    }
    case 'not':
      return `not (${render(condition.part, true)})`;
    case 'type':
      return `type = ${condition.type}`;
    case 'transport':
      return condition.values.length === 1
        ? `network.transport = ${condition.values[0]}`
        : `network.transport in {${condition.values.join(', ')}}`;
    case 'network':
      return `network.type = ${condition.value}`;
    case 'search':
      return `any text contains ${JSON.stringify(condition.text)} (ignoring case)`;
    case 'exists':
      return `${guard(condition.name.transport)}${condition.name.shown} exists`;
    case 'match':
      return renderMatch(condition);
  }
}

function guard(transport: string | undefined): string {
  if (transport === undefined) return '';
  const values = BARE_TRANSPORTS.get(transport) ?? [transport];
  return `network.transport = ${values.join(' or ')} and `;
}

function renderMatch(match: Match): string {
  const { name, how, items, isNegated } = match;
  const prefix = guard(name.transport);
  const isSet = items.length !== 1 || !('value' in items[0]);
  const operator = isSet && how === 'exact' ? 'in' : OPERATORS[how];
  const value = isSet ? `{${shownItems(match)}}` : shownValue(items[0], match);
  const sides = name.shown.includes(' or ')
    ? isNegated
      ? `neither ${name.shown.replaceAll(' or ', ' nor ')}`
      : `(${name.shown})`
    : name.shown;
  if (!isNegated) return `${prefix}${sides} ${operator} ${value}`;
  if (name.shown.includes(' or ')) return `${prefix}${sides} ${operator} ${value}`;
  return `${prefix}${sides} ${operator === '=' ? '!=' : `not ${operator}`} ${value}`;
}

function shownItems(match: Match): string {
  const { items } = match;
  const shown = items
    .slice(0, SHOWN_ITEMS)
    .map((item) => ('value' in item ? shownValue(item, match) : `${literal(item.low)}..${literal(item.high)}`));
  if (items.length > SHOWN_ITEMS) shown.push(`… ${items.length - SHOWN_ITEMS} more`);
  return shown.join(', ');
}

function shownValue(item: Item, match: Match): string {
  if (!('value' in item)) return '';
  if (match.how === 'regex') return `/${item.value.text}/${match.flags ?? 'i'}`;
  const word = match.name.words?.get(item.value.text.toLowerCase());
  return word ?? literal(item.value);
}

const literal = (value: Literal): string =>
  value.isQuoted || !/^[\p{L}\p{N}.:/_*?@%-]+$/u.test(value.text) ? JSON.stringify(value.text) : value.text;
