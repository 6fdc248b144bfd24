// Random records of any declared type, with the document that each should become: for tests of everything derived from declarations.

import { Address } from '../../src/records/address.ts';
import { type Field, type Fields, f } from '../../src/records/field.ts';
import { defineRecord } from '../../src/records/record.ts';
import { wireText } from '../../src/records/text.ts';
import { Random } from './generate/random.ts';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
/** What goes into the encoder and what the document shows of it. */
interface Value {
  given: unknown;
  shown: Json;
}

/** A type with every kind of field. */
export const everyKind = defineRecord(
  'every-kind',
  { family: 'audit', doc: '' },
  {
    time: f.time(['@timestamp', 'event.start'], ''),
    end: f.time('event.end', '').optional(),
    took: f.duration('event.duration', '').optional(),
    source: f.ip(['source.ip', 'client.ip'], '').ofFlow('source'),
    tags: f.keywords('flow.tags', '').ofFlow('tags'),
    maybe: f.int('flow.maybe', '').optional().ofFlow('maybe'),
    address: f.ip('a.b.c.address', '').optional(),
    count: f.int('a.count', ''),
    ratio: f.float('a.b.ratio', '').optional(),
    flag: f.bool('a.flag', '').optional(),
    word: f.keyword('a.word', ''),
    text: f.text(['a.text', 'b.only.optional.text'], '').optional(),
    wire: f.slice('wire.bytes', ''),
    wireMaybe: f.slice('wire.maybe', '').optional(),
    single: f.keywords('error.message', '').optional().single(),
    map: f.map('headers', '').optional(),
    tree: f.json('tree', '').optional(),
    constant: f.constant('event.category', ['network', 'a "quoted" word']),
    list: f
      .list('answers', '', {
        name: f.text('name', ''),
        data: f.text('data.text', '').optional(),
        ttl: f.int('ttl', '').optional(),
        inner: f.list('inner', '', { word: f.keyword('word', '').optional() }).optional(),
      })
      .optional(),
    lastList: f.list('other.answers', '', { address: f.ip('ip', ''), words: f.keywords('words', '') }),
  },
);

/** Characters that encoders get wrong: quotes, controls, the ends of the UTF-8 lengths, lone surrogates, line separators. */
const CHARACTERS = [
  ...'abcXYZ09 /.:-_%',
  '"',
  '\\',
  '\\x',
  '\n',
  '\u0000',
  '\u001f',
  '\u007f',
  '\u0080',
  'é',
  '\u07ff',
  '\u0800',
  '\u2028',
  '\uffff',
  '😀',
  '\ud800',
  '\udfff',
  '__proto__',
];

/** Random records, and what they mean. */
export class Values {
  readonly random: Random;
  constructor(seed: number) {
    this.random = new Random(seed);
  }

  text(): string {
    const { random } = this;
    const length = random.chance(0.2) ? random.below(300) : random.below(30);
    if (random.chance(0.6)) return Array.from({ length }, () => String.fromCharCode(97 + random.below(26))).join('');
    return Array.from({ length }, () => random.pick(CHARACTERS)).join('');
  }
  texts(): string[] {
    return Array.from({ length: this.random.below(4) }, () => this.text());
  }
  integer(): number {
    const { random } = this;
    const limit = random.pick([
      1,
      10,
      100,
      1000,
      10_000,
      1e5,
      1e6,
      1e7,
      1e8,
      1e9,
      0x7fffffff,
      0x100000000,
      1e12,
      2 ** 53,
    ]);
    const value = Math.floor((random.word() / 0x100000000) * limit);
    return random.chance(0.05)
      ? -value
      : random.chance(0.1)
        ? limit
        : random.chance(0.1)
          ? Math.max(0, limit - 1)
          : value;
  }
  float(): number {
    const { random } = this;
    return random.pick([0, 0.5, -1.25, 1e-7, 1e21, 1 / 3, Number.NaN, Number.POSITIVE_INFINITY, random.word() / 7]);
  }
  address(): Address {
    const { random } = this;
    const word = () => (random.chance(0.4) ? 0 : random.chance(0.2) ? random.below(65_536) : random.word());
    if (random.chance(0.5)) return new Address().setV4(random.word());
    return new Address().setV6(word(), word(), word(), word());
  }
  bytes(): Uint8Array {
    const { random } = this;
    const text = Buffer.from(this.text(), 'utf8');
    if (random.chance(0.5)) return text;
    return Uint8Array.from({ length: random.below(60) }, () =>
      random.chance(0.5) ? 97 + random.below(26) : random.word(),
    );
  }
  tree(depth: number): { given: unknown; shown: Json } {
    const { random } = this;
    const kind = depth > 3 ? random.below(4) : random.below(6);
    if (kind === 0) return same(null);
    if (kind === 1) return same(this.text());
    if (kind === 2) return same(this.integer());
    if (kind === 3) return same(random.chance(0.5));
    const children = Array.from({ length: random.below(4) }, () => this.tree(depth + 1));
    if (kind === 4) return { given: children.map((c) => c.given), shown: children.map((c) => c.shown) };
    const keys = children.map((_, i) => `k${i}${this.text()}`);
    return {
      given: new Map(children.map((c, i) => [keys[i], c.given])),
      shown: Object.fromEntries(children.map((c, i) => [keys[i], c.shown])),
    };
  }

  of(field: Field): Value {
    const { random } = this;
    switch (field.kind) {
      case 'int':
      case 'duration':
        return same(this.integer());
      case 'float': {
        const value = this.float();
        return { given: value, shown: Number.isFinite(value) ? value : null };
      }
      case 'bool':
        return same(random.chance(0.5));
      case 'ip': {
        const address = this.address();
        return { given: address, shown: address.toString() };
      }
      case 'keyword':
      case 'text':
        return same(this.text());
      case 'keywords': {
        const texts = this.texts();
        return { given: texts, shown: field.isSingle === true && texts.length === 1 ? texts[0] : texts };
      }
      case 'map': {
        const entries = Array.from({ length: random.below(5) }, (_, i) => {
          const value = random.pick([() => this.text(), () => this.texts(), () => this.integer(), () => true])();
          return [`h${i}${this.text()}`, value] as const;
        });
        return { given: entries, shown: Object.fromEntries(entries) as Json };
      }
      case 'json':
        return this.tree(0);
      case 'list': {
        const rows = Array.from({ length: random.below(4) }, () => this.record(field.sub as Fields));
        return { given: rows.map((row) => row.record), shown: rows.map((row) => row.document) };
      }
      default:
        throw new Error(`a ${field.kind} has no value of its own`);
    }
  }

  /** Fills `record` and `flow` with random values; the document is what they mean, `shown` what each field means by its name. */
  record(
    fields: Fields,
    record: Record<string, unknown> = {},
    flow: Record<string, unknown> = {},
  ): { record: object; document: Json; shown: ReadonlyMap<string, Json | undefined> } {
    const leaves: [string, Field, Json | undefined][] = [];
    const buffers: { name: string; bytes: Uint8Array }[] = [];
    const fromFlow = new Map<string, Json | undefined>();
    for (const [name, field] of Object.entries(fields)) {
      const absent = field.isOptional && this.random.chance(0.5);
      if (field.kind === 'constant') leaves.push([name, field, field.sub as Json]);
      else if (field.kind === 'time') {
        const seconds = absent ? undefined : this.random.word();
        const nanos = this.random.below(1e9);
        record[`${name}Seconds`] = seconds;
        record[`${name}Nanos`] = seconds === undefined ? undefined : nanos;
        const date = new Date((seconds ?? 0) * 1000).toISOString().slice(0, 19);
        leaves.push([name, field, seconds === undefined ? undefined : `${date}.${String(nanos).padStart(9, '0')}Z`]);
      } else if (field.kind === 'slice') {
        const bytes = this.bytes();
        if (absent) record[`${name}At`] = -1;
        else buffers.push({ name, bytes });
        leaves.push([name, field, absent ? undefined : wireText(bytes, 0, bytes.length)]);
      } else if (field.flowProperty !== undefined) {
        const property = field.flowProperty;
        if (!fromFlow.has(property)) {
          const value = absent ? undefined : this.of(field);
          put(flow, property, value?.given);
          fromFlow.set(property, value?.shown);
        }
        leaves.push([name, field, fromFlow.get(property)]);
      } else {
        const value = absent ? undefined : this.of(field);
        record[name] = value?.given;
        leaves.push([name, field, value?.shown]);
      }
    }
    const all = Buffer.concat(buffers.map(({ bytes }) => bytes));
    record.bytes = all;
    let at = 0;
    for (const { name, bytes } of buffers) {
      record[`${name}At`] = at;
      record[`${name}End`] = at += bytes.length;
    }
    return {
      record,
      document: documentOf(leaves),
      shown: new Map(leaves.map(([name, , value]) => [name, value])),
    };
  }
}

const same = (value: string | number | boolean | null | string[]): Value => ({ given: value, shown: value });

/** Nested objects from paths: what is always there before what may be missing, at every level. */
function documentOf(leaves: readonly (readonly [string, Field, Json | undefined])[]): Json {
  interface Node {
    required: boolean;
    value?: Json;
    members?: Map<string, Node>;
  }
  const root: Node = { required: true, members: new Map() };
  for (const [, field, value] of leaves) {
    for (const path of field.paths) {
      let node = root;
      for (const part of path.split('.')) {
        node.members ??= new Map();
        let next = node.members.get(part);
        if (next === undefined) node.members.set(part, (next = { required: false }));
        next.required ||= !field.isOptional;
        node = next;
      }
      node.value = value;
    }
  }
  const shown = (node: Node): Json | undefined => {
    if (node.members === undefined) return node.value;
    const order = [...node.members].sort(([, a], [, b]) => Number(b.required) - Number(a.required));
    const entries = order
      .map(([key, member]) => [key, shown(member)] as const)
      .filter(([, value]) => value !== undefined);
    return entries.length === 0 && !node.required ? undefined : (Object.fromEntries(entries) as Json);
  };
  return shown(root)!;
}

/** `sourcePlace.cityName` is a property of a property. */
function put(flow: Record<string, unknown>, path: string, value: unknown): void {
  const [property, inner] = path.split('.');
  if (inner === undefined) flow[property] = value;
  else flow[property] = { ...(flow[property] as object), [inner]: value };
}
