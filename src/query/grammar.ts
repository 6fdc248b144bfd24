// The condition language: one grammar for goQuery's, Kibana's, Wireshark's, SQL's and tcpdump's notations.
//
//   cond  = and { ("or" | "||" | "|" | "+") and }            and = not { ("and" | "&&" | "&" | "*") not }
//   not   = { "not" | "!" } ( "(" cond ")" | "[" cond "]" | "{" cond "}" | test )
//   test  = field op value | field ":" ( value { value } | "(" value { "or" value } ")" )
//         | field ["not"] "in" set | field ("~" | "=~" | "!~" | "matches") regex | field ["not"] ("contains" | "like") value
//         | field "between" value "and" value | field "is" ["not"] "null"
//         | [proto] ["src" | "dst"] ("host" | "net" | "port" | "portrange") value
//         | TYPE | PROTO | ADDRESS | CIDR | field | STRING
//   set   = ("{" | "(" | "[") item { [","] item } close | "$" NAME       item = value [(".." | "-") value]

import type { Condition, Item, Literal, Match, Name, Test } from './ast.ts';
import { compileMatch } from './compile.ts';
import { ConditionError } from './error.ts';
import { BARE_TRANSPORTS } from './names.ts';
import { Params } from './params.ts';
import { parsePhrase } from './phrase.ts';
import { ValueProblem } from './predicate.ts';
import { type Operator, Scanner } from './scan.ts';
import { parseNetwork } from './values.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Longer conditions are refused; a list of many values belongs into a `$name`. */
export const MAX_CONDITION_LENGTH = 65_536;
export const MAX_DEPTH = 64;
/** DuckDB refuses expressions much deeper than this. */
export const MAX_TESTS = 500;
export const MAX_ITEMS = 20_000;

const CLOSE: Record<string, string> = { '(': ')', '[': ']', '{': '}' };
const NETWORKS: ReadonlyMap<string, 'ipv4' | 'ipv6'> = new Map([
  ['ip', 'ipv4'],
  ['ipv4', 'ipv4'],
  ['ip4', 'ipv4'],
  ['ip6', 'ipv6'],
  ['ipv6', 'ipv6'],
]);

/** The condition that the text says. Throws ConditionError, and nothing else, in time linear in the text. */
export function parseCondition(text: string, vocabulary: Vocabulary): Condition {
  if (text.length > MAX_CONDITION_LENGTH)
    throw new ConditionError(
      text,
      MAX_CONDITION_LENGTH,
      1,
      `a condition has at most ${MAX_CONDITION_LENGTH} characters`,
      'put long lists into a named list',
    );
  return new Parser(text, vocabulary).parse();
}

class Parser {
  private readonly s: Scanner;
  private readonly vocabulary: Vocabulary;
  private readonly names = new Map<string, Name | undefined>();
  private tests = 0;
  private itemCount = 0;

  constructor(text: string, vocabulary: Vocabulary) {
    this.s = new Scanner(text);
    this.vocabulary = vocabulary;
  }

  parse(): Condition {
    if (this.s.isAtEnd()) this.s.fail(this.s.at, 0, 'the condition is empty', 'for example: dport = 443');
    const condition = this.any(0);
    if (!this.s.isAtEnd()) this.unexpected();
    return condition;
  }

  private unexpected(): never {
    const c = this.s.peek();
    const at = this.s.at;
    if (')]}'.includes(c)) this.s.fail(at, 1, `this ${c} closes nothing`);
    const rest = /^\S+/.exec(this.s.text.slice(at, at + 80))?.[0] ?? c;
    this.s.fail(at, rest.length, '"and" or "or" was expected here', 'values with spaces or signs in them need quotes');
  }

  private any(depth: number): Condition {
    const parts = [this.all(depth)];
    while (this.s.takeConnective('or')) parts.push(this.all(depth));
    return parts.length === 1 ? parts[0] : { kind: 'any', parts };
  }

  private all(depth: number): Condition {
    const parts = [this.not(depth)];
    while (this.s.takeConnective('and')) parts.push(this.not(depth));
    return parts.length === 1 ? parts[0] : { kind: 'all', parts };
  }

  private not(depth: number): Condition {
    // not not x is x, as far as a condition is true or not: no depth for any number of them.
    let isNot = false;
    while (this.s.takeNot()) isNot = !isNot;
    const c = this.s.peek();
    const part = c !== '' && c in CLOSE ? this.bracket(c, depth) : this.test();
    return isNot ? { kind: 'not', part } : part;
  }

  private bracket(open: string, depth: number): Condition {
    const at = this.s.at;
    if (depth >= MAX_DEPTH) this.s.fail(at, 1, `more than ${MAX_DEPTH} brackets inside each other`);
    this.s.at += 1;
    const inner = this.any(depth + 1);
    if (this.s.takeCharacter(CLOSE[open])) return inner;
    if (this.s.isAtEnd()) this.s.fail(at, 1, `this ${open} is never closed`);
    const c = this.s.peek();
    if (')]}'.includes(c)) this.s.fail(this.s.at, 1, `this closes another bracket: ${CLOSE[open]} was expected`);
    this.unexpected();
  }

  private test(): Condition {
    const s: Scanner = this.s;
    this.tests += 1;
    if (this.tests > MAX_TESTS) s.fail(s.at, 1, `more than ${MAX_TESTS} tests`, 'use in {…} or a named list');
    const c = s.peek();
    const at = s.at;
    if (c === '') s.fail(at, 0, 'a test was expected after this', 'for example: dport = 443');
    if (c === '"' || c === "'") {
      const literal = s.string();
      if (literal.text === '') s.fail(at, literal.length, 'nothing to search for');
      return { kind: 'search', text: literal.text };
    }
    const bare = this.address();
    if (bare !== undefined) return bare;
    const phrase = parsePhrase(s, (name) => this.resolve(name));
    if (phrase !== undefined) return this.checkedAll(phrase);
    const word = s.name();
    if (word === undefined) this.noTest(c, at);
    const operator = s.operator();
    return operator === undefined ? this.bare(word, at) : this.fieldTest(word, at, operator);
  }

  private noTest(c: string, at: number): never {
    const s: Scanner = this.s;
    const word = /^[^\s()[\]{}]+/.exec(s.text.slice(at, at + 80))?.[0] ?? c;
    if (c === '$') s.fail(at, word.length, 'a list needs a field', `host in ${word}`);
    if (/^\d+$/.test(word)) s.fail(at, word.length, 'a number needs a field', `port ${word}?`);
    if (')]}'.includes(c)) s.fail(at, 1, `a test was expected before this ${c}`);
    s.fail(at, word.length, 'a field, a type, an address or "text" was expected here');
  }

  private resolve(text: string): Name | undefined {
    const key = text.toLowerCase();
    if (!this.names.has(key)) this.names.set(key, key.length > 200 ? undefined : this.vocabulary.resolve(text));
    return this.names.get(key);
  }

  /** An address or network alone: either side. */
  private address(): Condition | undefined {
    const s: Scanner = this.s;
    const at = s.at;
    const text = s.address();
    if (text === undefined) return undefined;
    const name = this.resolve('host');
    if (parseNetwork(text) === undefined || name === undefined) {
      s.at = at;
      return undefined;
    }
    const literal: Literal = { text, isQuoted: false, at, length: text.length };
    return this.checked({ kind: 'match', name, how: 'exact', items: [{ value: literal }], isNegated: false });
  }

  private bare(word: string, at: number): Test {
    const lower = word.toLowerCase();
    const type = this.vocabulary.typeNamed(lower);
    if (type !== undefined) return { kind: 'type', type: type.name };
    const values = BARE_TRANSPORTS.get(lower);
    if (values !== undefined) return { kind: 'transport', word: lower, values };
    const network = NETWORKS.get(lower);
    if (network !== undefined) return { kind: 'network', value: network };
    return { kind: 'exists', name: this.named(word, at) };
  }

  private named(word: string, at: number): Name {
    const name = this.resolve(word);
    if (name !== undefined) return name;
    if (this.vocabulary.isComputed(word))
      this.s.fail(
        at,
        word.length,
        `${word} is computed when a document is written and cannot be asked for`,
        'ask for addresses and ports, or for flow.id',
      );
    const near = word.length <= 64 ? this.vocabulary.suggestion(word) : undefined;
    return this.s.fail(
      at,
      word.length,
      'no record has a field of this name',
      near ?? 'netscribe records lists them; text to search for needs quotes',
    );
  }

  private fieldTest(word: string, at: number, operator: Operator): Condition {
    const s: Scanner = this.s;
    const name = this.named(word, at);
    if (operator.how === 'is') return this.isNull(name);
    if (operator.how === 'between') {
      const low = this.value(operator);
      if (!s.takeWord('and')) s.fail(s.at, 1, '"and" was expected between the two ends', `${word} between 1 and 5`);
      return this.match(name, 'exact', [{ low, high: this.value(operator) }], operator.isNegated);
    }
    if (operator.how === 'in') return this.match(name, 'exact', this.set(true), operator.isNegated);
    if (operator.how === 'regex') {
      const regex = s.regex();
      if (regex === undefined) s.fail(s.at, 1, `an expression was expected after ${operator.word}`, '/^api\\./i');
      return this.match(name, 'regex', [{ value: regex.literal }], operator.isNegated, regex.flags);
    }
    const c = s.peek();
    if (operator.how === 'exact' && (c === '{' || c === '[' || c === '('))
      return this.match(name, 'exact', this.set(false), operator.isNegated);
    if (operator.how === 'loose') return this.loose(name, operator);
    const literal = this.value(operator);
    if (s.text[s.at] === '*' && operator.how === 'exact' && !literal.isQuoted) {
      const next = s.text[s.at + 1];
      if (next === undefined || ')]}'.includes(next))
        s.fail(s.at, 1, 'wildcards go after ":"', `${word}: ${literal.text.slice(0, 40)}*`);
    }
    const how = operator.how;
    const items = how === 'exact' ? this.items(literal) : [{ value: literal }];
    return this.match(name, how, items, operator.isNegated);
  }

  private isNull(name: Name): Condition {
    const isNot = this.s.takeWord('not');
    if (!this.s.takeWord('null'))
      this.s.fail(this.s.at, 1, '"null" was expected here', 'field is null, field is not null');
    const exists: Condition = { kind: 'exists', name };
    return isNot ? exists : { kind: 'not', part: exists };
  }

  /** Kibana's notation: `a: b`, `a: b c`, `a: (b or c)`, `a: *`. */
  private loose(name: Name, operator: Operator): Condition {
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
        items.push(...this.items(this.value(operator, true)));
        s.takeConnective('or') || s.takeCharacter(',');
      } while (!s.takeCharacter(')'));
    } else {
      items.push(...this.items(this.value(operator, true)));
      for (let next = this.nextLoose(); next !== undefined; next = this.nextLoose()) items.push(...this.items(next));
    }
    if (items.some((item) => 'value' in item && item.value.text === '*' && !item.value.isQuoted))
      return { kind: 'exists', name };
    return this.match(name, 'loose', items, false);
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

  private value(operator: Operator, isLoose = false): Literal {
    const literal = this.s.value(isLoose ? 'loose' : 'plain');
    if (literal === undefined) {
      const c = this.s.peek();
      const hint = c === '*' || c === '%' ? 'wildcards go after ":"' : undefined;
      this.s.fail(this.s.at, c === '' ? 0 : 1, `a value was expected after ${operator.word}`, hint);
    }
    return literal;
  }

  private set(isIn: boolean): Item[] {
    const s: Scanner = this.s;
    const open = s.peek();
    const at = s.at;
    if (!(open !== '' && open in CLOSE)) {
      const single = s.value('plain');
      if (single === undefined) s.fail(at, 1, `a set was expected${isIn ? ' after in' : ''}`, '{80, 443, 8000..8099}');
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
      } else items.push(...this.items(literal));
      s.takeCharacter(',');
    }
    if (items.length === 0) s.fail(at, 2, 'this set is empty');
    return items;
  }

  /** A value, a range, or all entries of a named list. */
  private items(literal: Literal): Item[] {
    const { text } = literal;
    if (literal.isQuoted) return this.counted([{ value: literal }], literal);
    if (text.startsWith('$') && text.length > 1) {
      const list = this.vocabulary.lists.get(text.slice(1));
      if (list === undefined) {
        const names = [...this.vocabulary.lists.keys()].slice(0, 10).map((name) => `$${name}`);
        this.s.fail(
          literal.at,
          literal.length,
          `no list named ${text}`,
          names.length === 0 ? 'there are no named lists' : `there are ${names.join(', ')}`,
        );
      }
      const entries = list.map((entry) => ({
        value: { text: entry, isQuoted: true, isListed: true, at: literal.at, length: literal.length },
      }));
      return this.counted(entries, literal);
    }
    const dots = text.indexOf('..');
    if (dots > 0 && dots + 2 < text.length)
      return this.counted([{ low: part(literal, 0, dots), high: part(literal, dots + 2, text.length) }], literal);
    if (text.length < 64) {
      const dash = /^\d[\d.]*[a-zµ]*-(?=\d[\d.]*[a-zµ]*$)/i.exec(text);
      if (dash !== null && !text.includes('.', text.indexOf('.') + 1))
        return this.counted(
          [{ low: part(literal, 0, dash[0].length - 1), high: part(literal, dash[0].length, text.length) }],
          literal,
        );
    }
    return this.counted([{ value: literal }], literal);
  }

  private counted(items: Item[], literal: Literal): Item[] {
    this.itemCount += items.length;
    if (this.itemCount > MAX_ITEMS) this.s.fail(literal.at, literal.length, `more than ${MAX_ITEMS} values`);
    return items;
  }

  private match(name: Name, how: Match['how'], items: Item[], isNegated: boolean, flags?: string): Condition {
    return this.checked({ kind: 'match', name, how, items, isNegated, flags });
  }

  private checkedAll(condition: Condition): Condition {
    if (condition.kind === 'match') return this.checked(condition);
    if (condition.kind === 'all') for (const p of condition.parts) if (p.kind === 'match') this.checked(p);
    return condition;
  }

  /** The values must fit the field in at least one record type: else the first misfit is the error. */
  private checked(test: Match): Match {
    const kinds = new Set<string>();
    let problem: ValueProblem | undefined;
    for (const type of this.vocabulary.types) {
      const operands = test.name.operands(type);
      if (operands.length === 0) continue;
      const kind = operands.map((o) => (o.shape === 'constant' ? 'constant' : `${o.shape} ${o.kind} ${o.path}`)).join();
      if (kinds.has(kind)) continue;
      kinds.add(kind);
      try {
        compileMatch(test, type, { params: new Params(), nowNs: this.vocabulary.nowNs, isUtc: this.vocabulary.isUtc });
        return test;
      } catch (e) {
        if (!(e instanceof ValueProblem)) throw e;
        problem ??= e;
      }
    }
    if (problem === undefined) return test;
    const { literal } = problem;
    const isInside = problem.offset > 0;
    return this.s.fail(literal.at + problem.offset, isInside ? 1 : literal.length, problem.message, problem.hint);
  }
}

const part = (literal: Literal, from: number, to: number): Literal => ({
  text: literal.text.slice(from, to),
  isQuoted: false,
  at: literal.at + from,
  length: to - from,
});
