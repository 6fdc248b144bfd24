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
import { ValueProblem } from './comparison.ts';
import { compileMatch, settingOf } from './compile.ts';
import { ConditionError } from './error.ts';
import { impossibleValue } from './known-values.ts';
import { BARE_TRANSPORTS } from './names.ts';
import { Params } from './params.ts';
import { parsePhrase } from './phrase.ts';
import { type Operator, Scanner } from './scan.ts';
import { CLOSE, ValueReader } from './value-reader.ts';
import { parseNetwork } from './values.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Longer conditions are refused; a list of many values belongs into a `$name`. */
export const MAX_CONDITION_LENGTH = 65_536;
export const MAX_DEPTH = 64;
/** DuckDB refuses expressions much deeper than this. */
export const MAX_TESTS = 500;

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
  private readonly values: ValueReader;
  private tests = 0;

  constructor(text: string, vocabulary: Vocabulary) {
    this.s = new Scanner(text);
    this.vocabulary = vocabulary;
    this.values = new ValueReader(this.s, vocabulary.lists);
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
    const phrase = parsePhrase(s, (name) => this.resolve(name), this.vocabulary.hosts !== undefined);
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
    return { kind: 'exists', name: this.named(word, at, [...BARE_TRANSPORTS.keys(), ...NETWORKS.keys()]) };
  }

  /** `others` are words that could have stood here, too. */
  private named(word: string, at: number, others: readonly string[] = []): Name {
    const name = this.resolve(word);
    if (name !== undefined) return name;
    if (this.vocabulary.isComputed(word))
      this.s.fail(
        at,
        word.length,
        `${word} is computed when a document is written and cannot be asked for`,
        'ask for addresses and ports, or for flow.id',
      );
    const near = word.length <= 64 ? this.vocabulary.suggestion(word, others) : undefined;
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
      const low = this.values.one(operator);
      if (!s.takeWord('and')) s.fail(s.at, 1, '"and" was expected between the two ends', `${word} between 1 and 5`);
      return this.match(name, 'exact', [{ low, high: this.values.one(operator) }], operator.isNegated);
    }
    if (operator.how === 'in') return this.match(name, 'exact', this.values.set(' after in'), operator.isNegated);
    if (operator.how === 'regex') {
      const regex = s.regex();
      if (regex === undefined) s.fail(s.at, 1, `an expression was expected after ${operator.word}`, '/^api\\./i');
      return this.match(name, 'regex', [{ value: regex.literal }], operator.isNegated, regex.flags);
    }
    const c = s.peek();
    if (operator.how === 'exact' && (c === '{' || c === '[' || c === '('))
      return this.match(name, 'exact', this.values.set(''), operator.isNegated);
    if (operator.how === 'loose') return this.loose(name, operator);
    const literal = this.values.one(operator);
    if (s.text[s.at] === '*' && operator.how === 'exact' && !literal.isQuoted) {
      const next = s.text[s.at + 1];
      if (next === undefined || ')]}'.includes(next))
        s.fail(s.at, 1, 'wildcards go after ":"', `${word}: ${literal.text.slice(0, 40)}*`);
    }
    const how = operator.how;
    const items = how === 'exact' ? this.values.items(literal) : [{ value: literal }];
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
    const items = this.values.loose(operator);
    if (items.some((item) => 'value' in item && item.value.text === '*' && !item.value.isQuoted))
      return { kind: 'exists', name };
    return this.match(name, 'loose', items, false);
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
    const impossible = impossibleValue(test);
    if (impossible !== undefined) this.misfit(impossible);
    const kinds = new Set<string>();
    let problem: ValueProblem | undefined;
    for (const type of this.vocabulary.types) {
      const operands = test.name.operands(type);
      if (operands.length === 0) continue;
      const kind = operands.map((o) => (o.shape === 'constant' ? 'constant' : `${o.shape} ${o.kind} ${o.path}`)).join();
      if (kinds.has(kind)) continue;
      kinds.add(kind);
      try {
        compileMatch(test, type, settingOf(this.vocabulary, new Params()));
        return test;
      } catch (e) {
        if (!(e instanceof ValueProblem)) throw e;
        problem ??= e;
      }
    }
    return problem === undefined ? test : this.misfit(problem);
  }

  private misfit({ literal, offset, message, hint }: ValueProblem): never {
    return this.s.fail(literal.at + offset, offset > 0 ? 1 : literal.length, message, hint);
  }
}
