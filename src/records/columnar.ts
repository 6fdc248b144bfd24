// From a declaration to its columnar form: builders for every field that the store keeps, and one straight-line function, made at
// start, that appends a record to all of them.

import { presentCode, valueCode } from './code.ts';
import { AddressBuilder, BoolBuilder, FIRST_ROWS, NumberBuilder, TimeBuilder } from './column-builder.ts';
import type { ColumnBatch } from './columns.ts';
import type { Field } from './field.ts';
import { JsonTexts, jsonTextCode } from './json-texts.ts';
import { Nothing } from './nothing.ts';
import { columnName, isComputed, isRest, type RecordType, restName } from './record.ts';
import { KeywordBuilder, TextBuilder } from './string-builder.ts';

type AnyBuilder = TimeBuilder | NumberBuilder | BoolBuilder | AddressBuilder | KeywordBuilder | TextBuilder;

/** The fields of a type that have a column: constants, and what can be derived or computed, have none. */
export function storedFields(type: RecordType): [string, Field][] {
  return Object.entries(type.fields).filter(
    ([, field]) => field.kind !== 'constant' && field.isDerived !== true && !isComputed(type, field),
  );
}

function builderOf(field: Field, isRest: boolean): AnyBuilder {
  const name = columnName(field);
  switch (field.kind) {
    case 'time':
      return new TimeBuilder(name, field.isOptional);
    case 'int':
    case 'duration':
      return new NumberBuilder(isRest ? restName(field) : name, field.isOptional, 'int');
    case 'float':
      return new NumberBuilder(name, field.isOptional, 'float');
    case 'bool':
      return new BoolBuilder(name, field.isOptional);
    case 'ip':
      return new AddressBuilder(name, field.isOptional);
    case 'keyword':
    case 'text':
      return new KeywordBuilder(name, field.isOptional);
    case 'slice':
      return new TextBuilder(name, field.isOptional, false);
    default:
      return new TextBuilder(name, field.isOptional, true);
  }
}

type Append = (record: object, flow: object, row: number) => void;

/** Rows of a batch at most, less 1: far more than there ever are. V8 knows then that sums with a row can not overflow. */
const ROW_MASK = 0xffffff;

export class ColumnarRows {
  readonly type: RecordType;
  readonly #builders: AnyBuilder[];
  /** Of fields that each record has: they have as many rows as there are. */
  readonly #always: AnyBuilder[];
  readonly #append: Append;
  #capacity = FIRST_ROWS;
  rows = 0;

  constructor(type: RecordType) {
    this.type = type;
    const fields = storedFields(type);
    this.#builders = fields.map(([, field]) => builderOf(field, isRest(type, field)));
    this.#always = this.#builders.filter((_, i) => !fields[i][1].isOptional);
    const json = new JsonTexts();
    const lines = fields.map(([name, field], i) => putCode(`b${i}`, type, name, field, json));
    const source = [
      '"use strict";',
      `const ${this.#builders.map((_, i) => `b${i}=B[${i}]`).join(',')};`,
      `return function append(r,f,row){const n=row&${ROW_MASK},m=n+1;${lines.join('\n')}}`,
      `//# sourceURL=netscribe-columns-${type.name}.js`,
    ].join('\n');
    this.#append = new Function('B', 'J', source)(this.#builders, json) as Append;
  }

  append(record: object, flow: object): void {
    if (this.rows === this.#capacity) this.#grow();
    this.#append(record, flow, this.rows);
    this.rows++;
  }

  get bytes(): number {
    this.#count();
    let sum = 0;
    for (const builder of this.#builders) sum += builder.bytes;
    return sum;
  }

  /** Everything appended since the last call, in memory of its own. */
  take(): ColumnBatch {
    this.#count();
    const { rows } = this;
    const none = new Nothing(rows);
    this.rows = 0;
    return { type: this.type.name, rows, columns: this.#builders.map((builder) => builder.take(rows, none)) };
  }

  /** The same in the memory of the builders, which is `use`'s until it returns. */
  lend(use: (batch: ColumnBatch) => void): void {
    this.#count();
    const { rows } = this;
    const none = new Nothing(rows);
    use({ type: this.type.name, rows, columns: this.#builders.map((builder) => builder.lend(rows, none)) });
    for (const builder of this.#builders) builder.clear();
    this.rows = 0;
  }

  #grow(): void {
    this.#capacity *= 2;
    for (const builder of this.#always) builder.reach(this.#capacity - 1);
  }
  #count(): void {
    for (const builder of this.#always) builder.rows = this.rows;
  }
}

/** What is taken from a value: `-1*r.bytes- -54*r.packets`; an absent number counts as 0. */
function restCode(type: RecordType, { near = {} }: Field): string {
  return Object.entries(near)
    .map(([name, factor]) => `-(${factor})*${type.fields[name].isOptional ? `(r.${name}??0)` : `r.${name}`}`)
    .join('');
}

/** The statement that puts a field's value into row `n` of a builder; `m` is the row behind it. */
function putCode(builder: string, type: RecordType, name: string, field: Field, json: JsonTexts): string {
  // Only columns know of values that are texts one behind the other, and count them themselves.
  const called = callCode(builder, name, field, json);
  if (called !== undefined) return field.isOptional ? `if(${presentCode(name, field)})${called}` : called;
  const isTime = field.kind === 'time';
  const value = isTime ? `r.${name}Seconds` : valueCode(name, field);
  const rest = isRest(type, field) ? restCode(type, field) : '';
  const put = isTime ? TimeBuilder.code(builder, 'v', `r.${name}Nanos`) : storeCode(builder, field, `v${rest}`);
  if (!field.isOptional) return `{const v=${value};${put}}`;
  return `{const v=${value};if(v!==undefined){if(n>=${builder}.capacity)${builder}.reach(n);${put}${builder}.present[n]=1;${builder}.rows=m;}}`;
}

function storeCode(builder: string, { kind }: Field, value: string): string {
  switch (kind) {
    case 'bool':
      return BoolBuilder.code(builder, value);
    case 'ip':
      return AddressBuilder.code(builder, value);
    case 'keyword':
    case 'text':
      return KeywordBuilder.code(builder, value);
    default:
      return NumberBuilder.code(builder, value);
  }
}

/** For what is put by a call. */
function callCode(builder: string, name: string, field: Field, json: JsonTexts): string | undefined {
  if (field.kind === 'slice') return `${builder}.putWire(n,r.bytes,r.${name}At,r.${name}End);`;
  const value = valueCode(name, field);
  const text = jsonTextCode(name, field, value, json);
  return text === undefined ? undefined : `{const e=${text};${builder}.putBytes(n,J.out,J.from,e);}`;
}
