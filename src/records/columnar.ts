// From a declaration to its columnar form: builders for every field that the store keeps, and one straight-line function, made at
// start, that appends a record to all of them.

import {
  AddressBuilder,
  BoolBuilder,
  KeywordBuilder,
  NumberBuilder,
  TextBuilder,
  TimeBuilder,
} from './column-builder.ts';
import type { ColumnBatch } from './columns.ts';
import type { Field, Fields, JsonValue, MapEntries } from './field.ts';
import { ndjsonEncoder } from './ndjson.ts';
import { columnName, isComputed, type RecordType } from './record.ts';
import { boundJson, boundMap, boundStrings, JsonWriter } from './writer.ts';

type AnyBuilder = TimeBuilder | NumberBuilder | BoolBuilder | AddressBuilder | KeywordBuilder | TextBuilder;

/** The fields of a type that have a column: constants, and what can be derived or computed, have none. */
export function storedFields(type: RecordType): [string, Field][] {
  return Object.entries(type.fields).filter(
    ([, field]) => field.kind !== 'constant' && field.isDerived !== true && !isComputed(type, field),
  );
}

function builderOf(field: Field): AnyBuilder {
  const name = columnName(field);
  switch (field.kind) {
    case 'time':
      return new TimeBuilder(name, field.isOptional);
    case 'int':
    case 'duration':
      return new NumberBuilder(name, field.isOptional, 'int');
    case 'float':
      return new NumberBuilder(name, field.isOptional, 'float');
    case 'bool':
      return new BoolBuilder(name, field.isOptional);
    case 'ip':
      return new AddressBuilder(name, field.isOptional);
    case 'keyword':
      return new KeywordBuilder(name, field.isOptional);
    case 'text':
    case 'slice':
      return new TextBuilder(name, field.isOptional, false);
    default:
      return new TextBuilder(name, field.isOptional, true);
  }
}

/** Makes the JSON texts of the list, map and tree columns. */
class JsonTexts {
  readonly #writer = new JsonWriter(64 * 1024);
  readonly #lists: ReturnType<typeof ndjsonEncoder>[] = [];

  addList(name: string, fields: Fields): number {
    this.#lists.push(ndjsonEncoder({ name, family: 'audit', doc: '', fields }));
    return this.#lists.length - 1;
  }
  list(index: number, entries: readonly object[], flow: object): string {
    const writer = this.#writer;
    let at = 0;
    writer.out[at++] = 0x5b;
    entries.forEach((entry, i) => {
      // The encoder ends with a newline, which the comma or the bracket overwrites.
      at = this.#lists[index](entry, flow, writer, at) - 1;
      writer.out[at++] = i + 1 < entries.length ? 0x2c : 0x5d;
    });
    if (entries.length === 0) writer.out[at++] = 0x5d;
    return writer.out.utf8Slice(0, at);
  }
  strings(values: readonly string[]): string {
    this.#writer.reserve(0, boundStrings(values));
    return this.#writer.out.utf8Slice(0, this.#writer.strings(values, 0));
  }
  map(entries: MapEntries): string {
    this.#writer.reserve(0, boundMap(entries));
    return this.#writer.out.utf8Slice(0, this.#writer.map(entries, 0));
  }
  json(value: JsonValue): string {
    this.#writer.reserve(0, boundJson(value));
    return this.#writer.out.utf8Slice(0, this.#writer.json(value, 0));
  }
}

declare global {
  interface Buffer {
    utf8Slice(from?: number, to?: number): string;
  }
}

export class ColumnarRows {
  readonly type: RecordType;
  readonly #builders: AnyBuilder[];
  readonly #append: (record: object, flow: object) => void;
  rows = 0;

  constructor(type: RecordType) {
    this.type = type;
    const fields = storedFields(type);
    this.#builders = fields.map(([, field]) => builderOf(field));
    const json = new JsonTexts();
    const lines = fields.map(([name, field], i) => {
      const a = field.flowProperty === undefined ? `r.${name}` : `f.${field.flowProperty}`;
      const [push, present] = pushCode(name, field, a, json);
      return field.isOptional ? `if(${present})b${i}.${push};else b${i}.none();` : `b${i}.${push};`;
    });
    const source = [
      '"use strict";',
      `const ${this.#builders.map((_, i) => `b${i}=B[${i}]`).join(',')};`,
      `return function append(r,f){${lines.join('\n')}}`,
      `//# sourceURL=netscribe-columns-${type.name}.js`,
    ].join('\n');
    this.#append = new Function('B', 'J', source)(this.#builders, json) as (record: object, flow: object) => void;
  }

  append(record: object, flow: object): void {
    this.#append(record, flow);
    this.rows++;
  }

  get bytes(): number {
    let sum = 0;
    for (const builder of this.#builders) sum += builder.bytes;
    return sum;
  }

  /** Everything appended since the last call. */
  take(): ColumnBatch {
    const batch = { type: this.type.name, rows: this.rows, columns: this.#builders.map((builder) => builder.take()) };
    this.rows = 0;
    return batch;
  }
}

/** The call that appends a field's value, and the test that there is one. */
function pushCode(name: string, field: Field, a: string, json: JsonTexts): [string, string] {
  switch (field.kind) {
    case 'time':
      return [`push(r.${name}Seconds,r.${name}Nanos)`, `r.${name}Seconds!==undefined`];
    case 'slice':
      return [`slice(r.bytes,r.${name}At,r.${name}End)`, `r.${name}At>=0`];
    case 'keywords':
      return [`push(J.strings(${a}))`, `${a}!==undefined`];
    case 'map':
      return [`push(J.map(${a}))`, `${a}!==undefined`];
    case 'json':
      return [`push(J.json(${a}))`, `${a}!==undefined`];
    case 'list':
      return [`push(J.list(${json.addList(name, field.sub as Fields)},${a},f))`, `${a}!==undefined`];
    default:
      return [`push(${a})`, `${a}!==undefined`];
  }
}
