// One comparison → a test of values as documents have them, for every kind of field: what `predicate-*.ts` say in SQL.

import type { Literal } from './ast.ts';
import {
  type Comparison,
  eachItem,
  firstLiteral,
  isEquality,
  ORDER,
  type Setting,
  short,
  ValueProblem,
} from './comparison.ts';
import type { Operand } from './operand.ts';
import { readBoolean, readCount, readMoment, readSpan } from './predicate-scalar.ts';
import { isNetworkText, regexSource, wordOf } from './predicate-text.ts';
import { hasWildcard, MAPPED_HIGH, MAPPED_LOW, parseAddress, parseCount, parseNetwork, type Range } from './values.ts';

export type ValueTest = (value: unknown) => boolean;

/** True for a value of the operand that any of the items fits. Throws ValueProblem. */
export function valueTest(operand: Operand, comparison: Comparison, setting: Setting): ValueTest {
  if (operand.shape === 'constant') return textTest(operand.path, comparison);
  const { kind, path } = operand;
  if (operand.shape === 'elements' && !isNumeric(kind)) {
    if (kind === 'bool') return scalarTest(kind, path, comparison, setting);
    const isNumber = ORDER[comparison.how] !== undefined && parseCount(firstLiteral(comparison).text) !== undefined;
    return isNumber ? scalarTest('float', path, comparison, setting) : textTest(path, comparison);
  }
  if (kind === 'ip') return addressTest(path, comparison);
  if (kind === 'list' || kind === 'map' || kind === 'json') {
    if (['contains', 'regex', 'like'].includes(comparison.how)) return textTest(path, comparison);
    throw new ValueProblem(firstLiteral(comparison), `${path} holds several values`);
  }
  return scalarTest(kind, path, comparison, setting);
}

const isNumeric = (kind: string): boolean => kind === 'int' || kind === 'float' || kind === 'duration';

function scalarTest(kind: string, path: string, comparison: Comparison, setting: Setting): ValueTest {
  switch (kind) {
    case 'int':
    case 'float':
      return numberTest(comparison, (literal) => Number(readCount(literal).value));
    case 'duration':
      return numberTest(comparison, (literal) => Number(readSpan(literal).value));
    case 'time':
      return timeTest(comparison, setting);
    case 'bool':
      return anyOf(comparison, (item) => {
        const wanted = readBoolean(item, comparison.how);
        return (value) => value === wanted || String(value) === String(wanted);
      });
    default:
      return textTest(path, comparison);
  }
}

function anyOf(comparison: Comparison, make: (item: Comparison['items'][number]) => ValueTest): ValueTest {
  const tests = eachItem(comparison.items, make);
  return (value) => tests.some((test) => test(value));
}

function numberTest(comparison: Comparison, read: (literal: Literal) => number): ValueTest {
  const { how } = comparison;
  if (how === 'regex' || how === 'contains' || how === 'like')
    throw new ValueProblem(firstLiteral(comparison), 'this field is a number');
  const test = anyOf(comparison, (item) => {
    if (!('value' in item)) {
      const [low, high] = [read(item.low), read(item.high)];
      return (value) => low <= (value as number) && (value as number) <= high;
    }
    if (how === 'loose' && !item.value.isQuoted && hasWildcard(item.value.text)) {
      const pattern = wildcard(item.value.text);
      return (value) => pattern.test(String(value));
    }
    const bound = read(item.value);
    if (how === 'less') return (value) => (value as number) < bound;
    if (how === 'atMost') return (value) => (value as number) <= bound;
    if (how === 'greater') return (value) => (value as number) > bound;
    if (how === 'atLeast') return (value) => (value as number) >= bound;
    return (value) => value === bound;
  });
  return (value) => {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof number === 'number' && !Number.isNaN(number) && test(number);
  };
}

/** RFC 3339 in UTC, as documents have it. */
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/;

function timeTest(comparison: Comparison, setting: Setting): ValueTest {
  const test = anyOf(comparison, (item) => {
    const { low, end } = readMoment(item, comparison.how, setting);
    const ns = (value: unknown) => value as bigint;
    if (comparison.how === 'less') return (value) => ns(value) < low;
    if (comparison.how === 'atMost') return (value) => ns(value) < end;
    if (comparison.how === 'greater') return (value) => ns(value) >= end;
    if (comparison.how === 'atLeast') return (value) => ns(value) >= low;
    return (value) => ns(value) >= low && ns(value) < end;
  });
  return (value) => {
    const match = TIME.exec(String(value));
    if (match === null) return false;
    return test(BigInt(Date.parse(`${match[1]}Z`)) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0')));
  };
}

function addressTest(path: string, comparison: Comparison): ValueTest {
  const { how } = comparison;
  if (how === 'regex' || how === 'contains' || how === 'like') return textTest(path, comparison);
  return anyOf(comparison, (item) => {
    const literal = 'value' in item ? item.value : item.low;
    if (!isEquality(how)) throw new ValueProblem(literal, 'addresses are compared with =, != or in');
    if ('value' in item && how === 'loose' && !literal.isQuoted && hasWildcard(literal.text)) {
      const pattern = wildcard(literal.text);
      return (value) => pattern.test(String(value));
    }
    const range = parseNetwork('value' in item ? literal.text : `${item.low.text}-${item.high.text}`);
    if (range === undefined) throw new ValueProblem(literal, `${short(literal)} is not an address or network`);
    return (value) => isInside(range, parseAddress(String(value))?.bits);
  });
}

function isInside(range: Range, bits: bigint | undefined): boolean {
  if (bits === undefined || bits < range.low || bits > range.high) return false;
  // An IPv6 network that covers ::ffff:0:0/96 does not mean the IPv4 addresses that are kept there.
  const isMapped = bits >= MAPPED_LOW && bits <= MAPPED_HIGH;
  return range.isV4 || !isMapped || range.low > MAPPED_LOW || range.high < MAPPED_HIGH;
}

function textTest(path: string, comparison: Comparison): ValueTest {
  const { how } = comparison;
  const test = anyOf(comparison, (given) => {
    const item = 'value' in given || given.whole === undefined ? given : { value: given.whole };
    if (!('value' in item)) return between(item.low.text, item.high.text);
    const literal = item.value;
    const { text } = literal;
    if (how === 'less') return (value) => order(value, text) < 0;
    if (how === 'atMost') return (value) => order(value, text) <= 0;
    if (how === 'greater') return (value) => order(value, text) > 0;
    if (how === 'atLeast') return (value) => order(value, text) >= 0;
    if (how === 'contains') return (value) => (value as string).includes(text);
    if (how === 'like' || how === 'regex') {
      const pattern = how === 'like' ? like(text) : expression(literal, comparison.flags);
      return (value) => pattern.test(value as string);
    }
    if (isNetworkText(path, literal)) throw new ValueProblem(literal, `${path} is kept as text and knows no networks`);
    if (how === 'loose' && !literal.isQuoted && hasWildcard(text)) {
      const pattern = wildcard(text);
      return (value) => pattern.test(value as string);
    }
    const word = wordOf(literal, path, comparison.words);
    if (how === 'exact') return (value) => value === word;
    const lower = word.toLowerCase();
    return (value) => (value as string).toLowerCase() === lower;
  });
  return (value) => test(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

const between =
  (low: string, high: string): ValueTest =>
  (value) =>
    order(value, low) >= 0 && order(value, high) <= 0;

/** By bytes of UTF-8, as the store orders texts. */
const order = (a: unknown, b: string): number => Buffer.compare(Buffer.from(a as string), Buffer.from(b));

const escaped = (text: string): string => text.replace(/[.+^${}()|[\]\\/*?]/g, '\\$&');

function wildcard(text: string): RegExp {
  return new RegExp(`^${escaped(text).replaceAll('\\*', '.*').replaceAll('\\?', '.')}$`, 'isu');
}

function like(text: string): RegExp {
  return new RegExp(`^${escaped(text).replaceAll('%', '.*').replaceAll('_', '.')}$`, 'su');
}

/** Flags before an expression: `(?i)`. */
const LETTERS = /^\(\?([a-zA-Z]+)\)/;

/** RE2's expressions, of which JavaScript's are a superset but for some spellings. Throws ValueProblem for those that are not known here. */
function expression(literal: Literal, flags: string | undefined): RegExp {
  let source = regexSource(literal, flags);
  let letters = '';
  for (let m = LETTERS.exec(source); m !== null; m = LETTERS.exec(source)) {
    letters += m[1];
    source = source.slice(m[0].length);
  }
  const spelled = source
    .replaceAll('(?P<', '(?<')
    .replace(/\\[Az]/g, (anchor) => (anchor === '\\A' ? '^' : '$'))
    .replace(/\[:(\^?)([a-z]+):\]/g, (whole, not: string, name: string) =>
      not === '' ? (CLASSES.get(name) ?? whole) : whole,
    );
  const known = [...new Set(letters)].filter((letter) => 'ims'.includes(letter)).join('');
  for (const mode of ['u', '']) {
    try {
      return new RegExp(spelled, known + mode);
    } catch {
      // Without `u` it takes escapes that mean nothing.
    }
  }
  throw new ValueProblem(literal, 'records that are followed can not be asked for this expression');
}

/** Within brackets (RE2's syntax, "ASCII character classes"). */
const CLASSES: ReadonlyMap<string, string> = new Map([
  ['alnum', '0-9A-Za-z'],
  ['alpha', 'A-Za-z'],
  ['ascii', '\\x00-\\x7F'],
  ['blank', '\\t '],
  ['cntrl', '\\x00-\\x1F\\x7F'],
  ['digit', '0-9'],
  ['graph', '!-~'],
  ['lower', 'a-z'],
  ['print', ' -~'],
  ['punct', '!-\\/:-@\\[-`{-~'],
  ['space', '\\t\\n\\v\\f\\r '],
  ['upper', 'A-Z'],
  ['word', '0-9A-Za-z_'],
  ['xdigit', '0-9A-Fa-f'],
]);
