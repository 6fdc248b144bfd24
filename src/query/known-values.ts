// Fields whose values are all known: a value that no record can have is a typing error, and said to be one instead of matching nothing.

import { TRANSPORTS } from '../records/transports.ts';
import type { Item, Literal, Match } from './ast.ts';
import { isEquality, ORDER, short, ValueProblem } from './comparison.ts';
import { DIRECTION_WORDS } from './direction.ts';
import { SPELLINGS } from './names.ts';
import { nearest } from './nearest.ts';
import { hasWildcard } from './values.ts';

interface Known {
  /** What records have. */
  readonly values: ReadonlySet<string>;
  /** Other spellings that are understood, besides those of the name. */
  readonly spellings?: readonly string[];
  readonly ignoresCase?: boolean;
  readonly hint: string;
}

const TRANSPORT: Known = {
  values: new Set(TRANSPORTS),
  spellings: [...(SPELLINGS.get('network.transport')?.keys() ?? [])],
  ignoresCase: true,
  hint: 'IP protocols are named as tcp, udp and icmp, or by number: 6',
};

const DIRECTIONS = ['ingress', 'egress', 'internal', 'inbound', 'outbound', 'external', 'unknown'];

const KNOWN: ReadonlyMap<string, Known> = new Map([
  ['network.transport', TRANSPORT],
  ['network.direction', { values: new Set(DIRECTIONS), hint: `it is one of ${DIRECTIONS.join(', ')}` }],
  ['network.type', { values: new Set(['ipv4', 'ipv6']), hint: 'it is ipv4 or ipv6' }],
  ['status', { values: new Set(['OK', 'Error']), hint: 'it is OK or Error' }],
]);

const DIR: Known = {
  values: new Set([...DIRECTION_WORDS, ...DIRECTIONS]),
  ignoresCase: true,
  hint: 'dir is in, out, uni or bi',
};

/** What is wrong with the values of a test, where they can be known to fit no record. */
export function impossibleValue({ name, how, items }: Match): ValueProblem | undefined {
  const known = name.isDirection === true ? DIR : KNOWN.get(name.shown);
  if (known === undefined) return undefined;
  if (!isEquality(how)) {
    // Patterns may look for parts of a value; but `dir` asks questions that are no texts, and words have no order.
    if (ORDER[how] === undefined && name.isDirection !== true) return undefined;
    return new ValueProblem(first(items[0]), `${name.text} is a word`, 'compare it with = != : or in');
  }
  for (const item of items) {
    // `5-3` may be a text, and no text of these.
    const literal = 'value' in item ? item.value : (item.whole ?? item.low);
    if (literal.isListed === true) continue;
    if (!('value' in item) && item.whole === undefined)
      return new ValueProblem(literal, `${name.text} is a word and knows no ranges`, 'in {tcp, udp} takes several');
    const isPattern = how === 'loose' && !literal.isQuoted && name.isDirection !== true && hasWildcard(literal.text);
    if (!isPattern && !isKnown(literal.text, how, name, known)) return unknown(literal, name, known);
  }
  return undefined;
}

function isKnown(text: string, how: Match['how'], name: Match['name'], { values, ignoresCase }: Known): boolean {
  const lower = text.toLowerCase();
  const wanted = name.words?.get(lower) ?? (ignoresCase === true ? lower : text);
  return values.has(wanted) || (how === 'loose' && [...values].some((value) => value.toLowerCase() === lower));
}

function unknown(literal: Literal, { text }: Match['name'], { values, spellings = [], hint }: Known): ValueProblem {
  const words = [...values, ...spellings].filter((word) => !/^\d/.test(word));
  const near = nearest(literal.text, words);
  return new ValueProblem(
    literal,
    `no record has this ${text}`,
    near.length === 0 ? hint : `${short(literal)}: ${near.join(' or ')}?`,
  );
}

const first = (item: Item): Literal => ('value' in item ? item.value : item.low);
