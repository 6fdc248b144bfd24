// The values of a test: one, several by spaces, sets, ranges, named lists.

import type { Item, Literal } from './ast.ts';
import type { Operator, Scanner } from './scan.ts';

/** More belong into a join, not into a condition. */
export const MAX_ITEMS = 20_000;

export const CLOSE: Record<string, string> = { '(': ')', '[': ']', '{': '}' };

export class ValueReader {
  private readonly s: Scanner;
  private readonly lists: ReadonlyMap<string, readonly string[]>;
  private count = 0;

  constructor(s: Scanner, lists: ReadonlyMap<string, readonly string[]>) {
    this.s = s;
    this.lists = lists;
  }

  /** What may stand after `:`: `b`, `b c`, `(b or c)`. */
  loose(operator: Operator): Item[] {
    const s: Scanner = this.s;
    const items: Item[] = [];
    const open = s.peek();
    if (open === '(') {
      const at = s.at;
      s.at += 1;
      do {
        if (s.isAtEnd()) s.fail(at, 1, 'this ( is never closed');
        if (s.peekName() === 'and')
          s.fail(s.at, 3, 'only "or" is possible between the values of one field', 'write the field twice');
        items.push(...this.items(this.one(operator, true)));
        s.takeConnective('or') || s.takeCharacter(',');
      } while (!s.takeCharacter(')'));
    } else {
      items.push(...this.items(this.one(operator, true)));
      for (let next = this.nextLoose(); next !== undefined; next = this.nextLoose()) items.push(...this.items(next));
    }
    return items;
  }

  /** One more value of a list by spaces, unless the grammar goes on here. */
  private nextLoose(): Literal | undefined {
    const s: Scanner = this.s;
    const word = s.peekName();
    if (word === 'and' || word === 'or' || word === 'not') return undefined;
    const at = s.at;
    const c = s.peek();
    if (c === '*' || c === '+' || c === '!') return undefined;
    const literal = s.value('loose');
    if (literal === undefined) return undefined;
    const after = s.peek();
    // "a: b c = d": c is a field, and a connective is missing before it.
    if (!literal.isQuoted && (literal.text.endsWith(':') || (after !== '' && '=<>!~'.includes(after)))) {
      s.at = at;
      return undefined;
    }
    return literal;
  }

  /** The value after an operator. */
  one(operator: Operator, isLoose = false): Literal {
    const literal = this.s.value(isLoose ? 'loose' : 'plain');
    if (literal === undefined) {
      const c = this.s.peek();
      const hint = c === '*' || c === '%' ? 'wildcards go after ":"' : undefined;
      this.s.fail(this.s.at, c === '' ? 0 : 1, `a value was expected after ${operator.word}`, hint);
    }
    return literal;
  }

  /** `{80, 443, 8000..8099}` in any brackets, `$name`, or one value. `where` says where, for the message. */
  set(where: string): Item[] {
    const s: Scanner = this.s;
    const open = s.peek();
    const at = s.at;
    if (!(open !== '' && open in CLOSE)) {
      const single = s.value('plain');
      if (single === undefined) s.fail(at, 1, `a set was expected${where}`, '{80, 443, 8000..8099}');
      return this.items(single);
    }
    s.at += 1;
    const items: Item[] = [];
    while (!s.takeCharacter(CLOSE[open])) {
      if (s.isAtEnd()) s.fail(at, 1, `this ${open} is never closed`);
      const literal = s.value('loose');
      if (literal === undefined) s.fail(s.at, 1, 'a value was expected here', 'for example: {80, 443, 8000..8099}');
      // "80 .. 90"
      const before = items.at(-1);
      if (literal.text.startsWith('..') && !literal.isQuoted && before !== undefined && 'value' in before) {
        const rest = literal.text.slice(2);
        const high = rest === '' ? s.value('loose') : part(literal, 2, literal.text.length);
        if (high === undefined) s.fail(literal.at, literal.length, 'the end of the range is missing');
        items[items.length - 1] = { low: before.value, high };
      } else if (literal.text.endsWith('..') && literal.text.length > 2 && !literal.isQuoted) {
        const high = s.value('loose');
        if (high === undefined) s.fail(literal.at, literal.length, 'the end of the range is missing');
        items.push({ low: part(literal, 0, literal.text.length - 2), high });
      } else items.push(...this.items(literal, true));
      s.takeCharacter(',');
    }
    if (items.length === 0) s.fail(at, 2, 'this set is empty');
    return items;
  }

  /** A value, a range, or all entries of a named list. */
  items(literal: Literal, isInSet = false): Item[] {
    const { text } = literal;
    if (literal.isQuoted) return this.counted([{ value: literal }], literal);
    if (text.startsWith('$') && text.length > 1) {
      const list = this.lists.get(text.slice(1));
      if (list === undefined) {
        const names = [...this.lists.keys()].slice(0, 10).map((name) => `$${name}`);
        this.s.fail(
          literal.at,
          literal.length,
          `no list named ${text}`,
          names.length === 0 ? 'there are no named lists (docs/query.md, Lists)' : `there are ${names.join(', ')}`,
        );
      }
      return this.counted(
        list.map((entry) => listed(entry, literal)),
        literal,
      );
    }
    return this.counted([range(literal, isInSet) ?? { value: literal }], literal);
  }

  private counted(items: Item[], literal: Literal): Item[] {
    this.count += items.length;
    if (this.count > MAX_ITEMS) this.s.fail(literal.at, literal.length, `more than ${MAX_ITEMS} values`);
    return items;
  }
}

/** An entry of the list that `name` calls. */
function listed(entry: string, { at, length }: Literal): Item {
  const literal = (text: string): Literal => ({ text, isQuoted: true, isListed: true, at, length });
  const item = range({ text: entry, isQuoted: false, at, length }, true);
  if (item === undefined || !('low' in item)) return { value: literal(entry) };
  return { low: literal(item.low.text), high: literal(item.high.text), whole: literal(entry) };
}

/** Ends of a range that can mean nothing else. */
const RANGE_END = /^\d[\p{L}\p{N}.:µ +-]*$/u;
const DASHED = /^(\d[\d.]*[a-zµ]*)-(\d[\d.]*[a-zµ]*)$/i;

/** `80..90`, `80-90`. Between `=` and the next word a path may hold `..`: only numbers, times and addresses are ranges there. */
function range(literal: Literal, isInSet: boolean): Item | undefined {
  const { text } = literal;
  const dots = text.indexOf('..');
  if (dots > 0 && dots + 2 < text.length && text.length < 128) {
    const low = part(literal, 0, dots);
    const high = part(literal, dots + 2, text.length);
    if (RANGE_END.test(low.text) && RANGE_END.test(high.text))
      return { low, high, whole: isInSet ? undefined : literal };
    return isInSet && !text.includes('/') ? { low, high } : undefined;
  }
  if (text.length >= 64) return undefined;
  const dashed = DASHED.exec(text);
  // Addresses know ranges themselves; 5-3 in a text is a text.
  if (dashed === null || dashed[1].split('.').length > 2) return undefined;
  const at = dashed[1].length;
  return { low: part(literal, 0, at), high: part(literal, at + 1, text.length), whole: literal };
}

const part = (literal: Literal, from: number, to: number): Literal => ({
  text: literal.text.slice(from, to),
  isQuoted: false,
  at: literal.at + from,
  length: to - from,
});
