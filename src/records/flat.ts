// Record types in flat formats (CSV, Parquet): one column for each field, under its ECS name; and the function that writes a record as a
// row: straight-line code, made once at start for the record types that are asked for.

import { presentCode, valueCode } from './code.ts';
import type { Field, JsonValue } from './field.ts';
import type { FlatWriter } from './flat-writer.ts';
import { JsonTexts, jsonTextCode } from './json-texts.ts';
import type { RecordType } from './record.ts';

/** Longest cell whose size does not depend on its value (times, numbers, addresses), with what stands around it. */
const FIXED_CELL_BYTES = 56;

/**
 * The fields that have a column, in the declaration's order. Of several ECS names the first counts; the constants of the declaration
 * (`event.kind`, `ecs.version`, …) say the same in every row and are left out, those that the user added are not.
 */
export function flatFields(type: RecordType): [string, Field][] {
  return Object.entries(type.fields).filter(([, field]) => field.kind !== 'constant' || field.isAdded === true);
}

export const flatName = (field: Field): string => field.paths[0];

/** Writes the record (and what it takes from its flow) at `at` as a row; returns the offset behind. Reserves its room. */
export type FlatEncoder = (record: object, flow: object, writer: FlatWriter, at: number) => number;

export function flatEncoder(type: RecordType): FlatEncoder {
  const json = new JsonTexts();
  const constants: string[] = [];
  const fields = flatFields(type);
  const lines = fields.map(([name, field]) => {
    const cell = cellCode(name, field, json, constants);
    return field.isOptional ? `if(${presentCode(name, field)})at=w.${cell};else at=w.none(at);` : `at=w.${cell};`;
  });
  const source = [
    '"use strict";return function encode(r,f,w,at){',
    `w.begin(at,${(fields.length + 1) * FIXED_CELL_BYTES});`,
    ...lines,
    'return w.end(at);}',
    `//# sourceURL=netscribe-flat-${type.name}.js`,
  ].join('\n');
  return new Function('J', 'K', source)(json, constants) as FlatEncoder;
}

/** The call that writes a field's cell. */
function cellCode(name: string, field: Field, json: JsonTexts, constants: string[]): string {
  const value = valueCode(name, field);
  switch (field.kind) {
    case 'time':
      return `time(r.${name}Seconds,r.${name}Nanos,at)`;
    case 'slice':
      return `slice(r.bytes,r.${name}At,r.${name}End,at)`;
    case 'int':
    case 'float':
    case 'duration':
      return `number(${value},at)`;
    case 'bool':
      return `flag(${value},at)`;
    case 'ip':
      return `ip(${value},at)`;
    case 'keyword':
    case 'text':
      return `text(${value},at)`;
    case 'constant':
      constants.push(constantText(field.sub as JsonValue));
      return `text(K[${constants.length - 1}],at)`;
    case 'keywords':
      if (field.isSingle === true) return `single(${value},J,at)`;
      break;
  }
  return `cell(J,${jsonTextCode(name, field, value, json)},at)`;
}

/** A constant that the user added: text as it is, everything else as JSON. */
const constantText = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value));
