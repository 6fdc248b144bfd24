// From a declaration to CSV: the header, and a function that writes one row per record: straight-line code, made once at start for the
// record types that are asked for. Both go over the same list of fields, so a header can not disagree with its rows.

import { presentCode, valueCode } from './code.ts';
import { type CsvWriter, quoted } from './csv-writer.ts';
import type { Field, JsonValue } from './field.ts';
import { flatFields, flatName } from './flat.ts';
import { JsonTexts, jsonTextCode } from './json-texts.ts';
import type { RecordType } from './record.ts';

/** Writes the record (and what it takes from its flow) at `at`, CR LF behind it; returns the offset behind. Reserves its room. */
export type CsvEncoder = (record: object, flow: object, writer: CsvWriter, at: number) => number;

/** Longest cell whose size does not depend on its value (times, numbers, addresses), with its comma. */
const FIXED_CELL_BYTES = 48;

/** The line with the columns' names: ECS names as they are (`@timestamp` too), CR LF behind the last. */
export function csvHeader(type: RecordType): string {
  return `${flatFields(type)
    .map(([, field]) => quoted(flatName(field)))
    .join(',')}\r\n`;
}

export function csvEncoder(type: RecordType): CsvEncoder {
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
    `//# sourceURL=netscribe-csv-${type.name}.js`,
  ].join('\n');
  return new Function('J', 'K', source)(json, constants) as CsvEncoder;
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
export const constantText = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value));
