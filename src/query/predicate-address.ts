// Addresses and networks → SQL over the two halves that the store keeps.

import type { Literal } from './ast.ts';
import {
  type Comparison,
  eachItem,
  isEquality,
  isOneOfNumbers,
  or,
  type Setting,
  short,
  ValueProblem,
} from './comparison.ts';
import { quoted } from './operand.ts';
import { textAnyOf } from './predicate-text.ts';
import {
  hasWildcard,
  isHostName,
  MAPPED_HIGH,
  MAPPED_LOW,
  parseNetwork,
  type Range,
  wildcardPattern,
} from './values.ts';

export function addressAnyOf(column: string, comparison: Comparison, setting: Setting): string {
  const { how } = comparison;
  if (how === 'regex' || how === 'contains' || how === 'like')
    return textAnyOf(quoted(column), column, comparison, setting);
  const high = quoted(`${column}_hi`);
  const low = quoted(`${column}_lo`);
  const word = (bits: bigint) => setting.params.add(bits.toString(), 'UBIGINT');
  const singles = new Map<bigint, bigint[]>();
  const parts: string[] = [];
  const single = (bits: bigint) => {
    const lows = singles.get(bits >> 64n);
    if (lows === undefined) singles.set(bits >> 64n, [bits & MASK]);
    else lows.push(bits & MASK);
  };
  eachItem(comparison.items, (item) => {
    const literal = 'value' in item ? item.value : item.low;
    if (!isEquality(how))
      throw new ValueProblem(literal, 'addresses are compared with =, != or in', 'a network: 10.0.0.0/8');
    if ('value' in item && how === 'loose' && !literal.isQuoted && hasWildcard(literal.text)) {
      parts.push(`${quoted(column)} ILIKE ${setting.params.add(wildcardPattern(literal.text))} ESCAPE '\\'`);
      return;
    }
    const hosts = 'value' in item ? addressesOf(literal, setting) : undefined;
    if (hosts !== undefined) {
      for (const { low } of hosts) single(low);
      return;
    }
    const range = 'value' in item ? parseNetwork(literal.text) : parseNetwork(`${item.low.text}-${item.high.text}`);
    if (range === undefined)
      throw new ValueProblem(
        literal,
        `${short(literal)} is not an address or network`,
        '10.0.0.5, 10.0.0.0/8, 10.0.0.1-10.0.0.9 and 2001:db8::/32 are',
      );
    if (range.low === range.high) single(range.low);
    else parts.push(rangePredicate(high, low, range, word));
  });
  for (const [bits, lows] of singles)
    parts.push(`(${high} = ${word(bits)} AND ${isOneOfNumbers(low, lows.map(String), 'UBIGINT', setting)})`);
  return parts.length === 0 ? 'FALSE' : or(parts, comparison);
}

/** Addresses of a host name, undefined where the text is none or names may not stand here. Throws ValueProblem for unknown ones. */
function addressesOf(literal: Literal, { hosts }: Setting): Range[] | undefined {
  if (hosts === undefined || literal.isListed === true || !isHostName(literal.text)) return undefined;
  const addresses = hosts.get(literal.text.toLowerCase());
  if (addresses === undefined) throw new ValueProblem(literal, `${short(literal)} has no address that DNS knows`);
  return addresses.map(parseNetwork).filter((range) => range !== undefined);
}

const MASK = 2n ** 64n - 1n;

function rangePredicate(high: string, low: string, range: Range, word: (bits: bigint) => string): string {
  const [fromHigh, fromLow] = [range.low >> 64n, range.low & MASK];
  const [toHigh, toLow] = [range.high >> 64n, range.high & MASK];
  let sql: string;
  if (fromHigh === toHigh) sql = `${high} = ${word(fromHigh)} AND ${low} BETWEEN ${word(fromLow)} AND ${word(toLow)}`;
  else if (fromLow === 0n && toLow === MASK) sql = `${high} BETWEEN ${word(fromHigh)} AND ${word(toHigh)}`;
  else
    sql =
      `${high} BETWEEN ${word(fromHigh)} AND ${word(toHigh)} AND NOT (${high} = ${word(fromHigh)} AND ${low} < ${word(fromLow)})` +
      ` AND NOT (${high} = ${word(toHigh)} AND ${low} > ${word(toLow)})`;
  // An IPv6 network that covers ::ffff:0:0/96 does not mean the IPv4 addresses that are kept there.
  if (!range.isV4 && range.low <= MAPPED_LOW && range.high >= MAPPED_HIGH)
    sql += ` AND NOT (${high} = 0 AND ${low} BETWEEN ${word(MAPPED_LOW)} AND ${word(MAPPED_HIGH)})`;
  return `(${sql})`;
}
