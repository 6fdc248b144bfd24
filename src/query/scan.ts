// Reads the words of a condition. What a character means depends on what is expected: `*` is "and" between tests and a wildcard
// after `:`; `/` begins an expression only after `~` or `matches`; `:` is an operator after a field and part of an address in a
// value. So there is no list of tokens: the grammar asks for what it expects at the place where it is.

import type { How, Literal } from './ast.ts';
import { ConditionError } from './error.ts';

export interface Operator {
  readonly word: string;
  readonly how: How | 'in' | 'between' | 'is';
  readonly isNegated: boolean;
}

const SYMBOLS: readonly (readonly [string, How, boolean])[] = [
  ['===', 'exact', false],
  ['!==', 'exact', true],
  ['==', 'exact', false],
  ['=~', 'regex', false],
  ['!~', 'regex', true],
  ['!=', 'exact', true],
  ['<>', 'exact', true],
  ['<=', 'atMost', false],
  ['>=', 'atLeast', false],
  ['=', 'exact', false],
  ['<', 'less', false],
  ['>', 'greater', false],
  ['~', 'regex', false],
  [':', 'loose', false],
];

const WORDS: ReadonlyMap<string, readonly [Operator['how'], boolean]> = new Map([
  ['eq', ['exact', false]],
  ['equals', ['exact', false]],
  ['ne', ['exact', true]],
  ['neq', ['exact', true]],
  ['lt', ['less', false]],
  ['l', ['less', false]],
  ['less', ['less', false]],
  ['le', ['atMost', false]],
  ['leq', ['atMost', false]],
  ['gt', ['greater', false]],
  ['g', ['greater', false]],
  ['greater', ['greater', false]],
  ['ge', ['atLeast', false]],
  ['geq', ['atLeast', false]],
  ['in', ['in', false]],
  ['contains', ['contains', false]],
  ['like', ['like', false]],
  ['matches', ['regex', false]],
  ['between', ['between', false]],
  ['is', ['is', false]],
]);
/** Words that may stand after `not`: `not in`, `not like`. */
const NEGATABLE = new Set(['in', 'contains', 'like', 'matches', 'between']);

const SPACE = /\s*/y;
const NAME = /[\p{L}_@][\p{L}\p{N}_.@-]*/uy;
const ADDRESS = /(?=[0-9A-Fa-f]*[.:])[0-9A-Fa-f:.]+(?:\/\d{1,3})?/y;
const MOMENT = String.raw`\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?: ?(?:Z|[+-]\d{2}:?\d{2}))?)?`;
/** A time, or a range of them, whatever signs are in it. */
const TIME = new RegExp(String.raw`${MOMENT}(?:\.\.${MOMENT})?(?![\p{L}\p{N}.-])`, 'iuy');
/** A value ends where the grammar goes on. After `:` the characters of wildcards and queries belong to it. */
const PLAIN = /[^\s()[\]{},&|!<>="'*+]+/y;
const LOOSE = /[^\s()[\]{},&|!<>="']+/y;
const PHRASE_VALUE = /[0-9A-Za-z][0-9A-Za-z.:/_-]*|::[0-9A-Fa-f:.]*(?:\/\d{1,3})?/y;

export type ValueMode = 'plain' | 'loose';

export class Scanner {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  fail(at: number, length: number, reason: string, hint?: string): never {
    throw new ConditionError(this.text, Math.min(at, this.text.length), length, reason, hint);
  }

  skip(): void {
    SPACE.lastIndex = this.at;
    SPACE.test(this.text);
    this.at = SPACE.lastIndex;
  }

  isAtEnd(): boolean {
    this.skip();
    return this.at >= this.text.length;
  }

  peek(): string {
    this.skip();
    return this.text[this.at] ?? '';
  }

  /** The match of a sticky expression here, consumed; undefined when there is none. */
  private take(expression: RegExp): string | undefined {
    this.skip();
    expression.lastIndex = this.at;
    const m = expression.exec(this.text);
    if (m === null || m[0].length === 0) return undefined;
    this.at = expression.lastIndex;
    return m[0];
  }

  takeCharacter(c: string): boolean {
    if (this.peek() !== c) return false;
    this.at += 1;
    return true;
  }

  name(): string | undefined {
    return this.take(NAME);
  }

  /** The next name in lower case, not consumed. */
  peekName(): string | undefined {
    const from = this.at;
    const name = this.take(NAME);
    this.at = from;
    return name?.toLowerCase();
  }

  takeWord(word: string): boolean {
    if (this.peekName() !== word) return false;
    this.name();
    return true;
  }

  address(): string | undefined {
    return this.take(ADDRESS);
  }

  /** A value of tcpdump's notation: no quotes, no wildcards. */
  phraseValue(): Literal | undefined {
    this.skip();
    const at = this.at;
    const text = this.take(PHRASE_VALUE);
    return text === undefined ? undefined : { text, isQuoted: false, at, length: text.length };
  }

  /** `and`, `or` or one of their signs, consumed when it is the one asked for. */
  takeConnective(which: 'and' | 'or'): boolean {
    const c = this.peek();
    const signs = which === 'and' ? '&*' : '|+';
    if (c !== '' && signs.includes(c)) {
      this.at += (c === '&' || c === '|') && this.text[this.at + 1] === c ? 2 : 1;
      return true;
    }
    return this.takeWord(which);
  }

  /** `not` or `!` before a test. */
  takeNot(): boolean {
    if (this.peek() === '!') {
      this.at += 1;
      return true;
    }
    return this.takeWord('not');
  }

  operator(): Operator | undefined {
    this.skip();
    const from = this.at;
    for (const [sign, how, isNegated] of SYMBOLS) {
      if (this.text.startsWith(sign, from)) {
        this.at += sign.length;
        return { word: sign, how, isNegated };
      }
    }
    if (this.text[this.at] === '-') this.at += 1; // goQuery's -eq
    let word = this.name()?.toLowerCase();
    let isNegated = false;
    if (word === 'not') {
      const next = this.peekName();
      if (next !== undefined && NEGATABLE.has(next)) {
        word = this.name()!.toLowerCase();
        isNegated = true;
      }
    }
    const known = word === undefined ? undefined : WORDS.get(word);
    if (known === undefined) {
      this.at = from;
      return undefined;
    }
    return { word: word!, how: known[0], isNegated: known[1] || isNegated };
  }

  /** A value, quoted or not; undefined where none stands. */
  value(mode: ValueMode): Literal | undefined {
    const c = this.peek();
    const at = this.at;
    if (c === '"' || c === "'") return this.string();
    const text = this.take(TIME) ?? this.take(mode === 'loose' ? LOOSE : PLAIN);
    return text === undefined ? undefined : { text, isQuoted: false, at, length: text.length };
  }

  /** A string in quotes: a backslash escapes the quote and itself, a doubled quote is one (SQL). */
  string(): Literal {
    const at = this.at;
    const quote = this.text[at];
    const parts: string[] = [];
    let i = at + 1;
    for (; i < this.text.length; i++) {
      const c = this.text[i];
      const next = this.text[i + 1];
      if (c === '\\' && (next === quote || next === '\\')) {
        parts.push(next);
        i += 1;
      } else if (c === quote) {
        if (next !== quote) break;
        parts.push(quote);
        i += 1;
      } else parts.push(c);
    }
    if (i >= this.text.length) this.fail(at, 1, 'this quote is never closed');
    this.at = i + 1;
    return { text: parts.join(''), isQuoted: true, at, length: this.at - at };
  }

  /** `/…/flags`, a string, or a word up to the next space or closing bracket that it did not open. */
  regex(): { literal: Literal; flags: string | undefined } | undefined {
    const c = this.peek();
    if (c === '"' || c === "'") return { literal: this.string(), flags: undefined };
    const at = this.at;
    if (c === '/') {
      let i = at + 1;
      const parts: string[] = [];
      for (; i < this.text.length && this.text[i] !== '/'; i++) {
        if (this.text[i] === '\\' && i + 1 < this.text.length) {
          parts.push(this.text[i + 1] === '/' ? '/' : this.text.slice(i, i + 2));
          i += 1;
        } else parts.push(this.text[i]);
      }
      if (i >= this.text.length) this.fail(at, 1, 'this expression is never closed by a /');
      this.at = i + 1;
      const flagsAt = this.at;
      const flags = /^\w*/.exec(this.text.slice(flagsAt, flagsAt + 16))![0];
      this.at += flags.length;
      if (!/^[ims]*$/.test(flags)) this.fail(flagsAt, flags.length, `unknown flags ${flags}`, 'there are i, m and s');
      return { literal: { text: parts.join(''), isQuoted: true, at: at + 1, length: i - at - 1 }, flags };
    }
    let depth = 0;
    let i = at;
    for (; i < this.text.length && !/\s/.test(this.text[i]); i++) {
      const d = this.text[i];
      if (d === '\\') i += 1;
      else if ('([{'.includes(d)) depth += 1;
      else if (')]}'.includes(d) && (depth -= 1) < 0) break;
    }
    i = Math.min(i, this.text.length);
    if (i === at) return undefined;
    this.at = i;
    return { literal: { text: this.text.slice(at, i), isQuoted: true, at, length: i - at }, flags: undefined };
  }
}
