// Is a record what its declaration says? Checked field by field, before it is encoded.

import { Address } from '../../../src/records/address.ts';
import { LAST_SECOND } from '../../../src/records/columns.ts';
import type { Field, Fields } from '../../../src/records/field.ts';
import { propertiesOf, type RecordType } from '../../../src/records/record.ts';
import { Finding } from './target.ts';

export function checkRecord(type: RecordType, record: object): void {
  checkFields(type.name, type.fields, record as Record<string, unknown>);
}

function checkFields(where: string, fields: Fields, record: Record<string, unknown>): void {
  const known = new Set(['bytes']);
  for (const [name, field] of Object.entries(fields)) {
    for (const property of propertiesOf(name, field)) known.add(property);
    checkField(`${where}.${name}`, name, field, record);
  }
  for (const property of Object.keys(record)) {
    if (!known.has(property)) throw new Finding('declaration', `${where} has no field ${property}`);
  }
}

function checkField(where: string, name: string, field: Field, record: Record<string, unknown>): void {
  if (field.flowProperty !== undefined || field.kind === 'constant') return;
  if (field.kind === 'time') {
    checkTime(where, record[`${name}Seconds`], record[`${name}Nanos`], field.isOptional);
    return;
  }
  if (field.kind === 'slice') {
    checkSlice(where, record, name, field.isOptional);
    return;
  }
  const value = record[name];
  if (value === undefined) {
    if (!field.isOptional) throw new Finding('declaration', `${where} is not optional and absent`);
    return;
  }
  if (field.kind === 'list') {
    if (!Array.isArray(value)) throw wrong(where, field.kind, value);
    for (const [i, entry] of value.entries()) checkFields(`${where}[${i}]`, field.sub as Fields, entry);
    return;
  }
  if (!isOfKind(field.kind, value)) throw wrong(where, field.kind, value);
}

function isOfKind(kind: Field['kind'], value: unknown): boolean {
  switch (kind) {
    case 'int':
      return Number.isInteger(value);
    case 'duration':
      return Number.isFinite(value);
    case 'float':
      return typeof value === 'number' && Number.isFinite(value);
    case 'bool':
      return typeof value === 'boolean';
    case 'ip':
      return value instanceof Address;
    case 'keyword':
    case 'text':
      return isText(value);
    case 'keywords':
      return Array.isArray(value) && value.every(isText);
    case 'map':
      return (
        // A Map is a list of pairs to who walks over it.
        (Array.isArray(value) || value instanceof Map) &&
        [...(value as Iterable<[unknown, unknown]>)].every(([key, one]) => isText(key) && isJson(one))
      );
    case 'json':
      return isJson(value);
    default:
      return true;
  }
}

/** Text has no halves of surrogate pairs: they have no UTF-8. */
function isText(value: unknown): boolean {
  return typeof value === 'string' && value.isWellFormed();
}

function isJson(value: unknown): boolean {
  if (value === null || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return value.isWellFormed();
  if (Array.isArray(value)) return value.every(isJson);
  return value instanceof Map && [...value].every(([key, one]) => isText(key) && isJson(one));
}

function checkTime(where: string, seconds: unknown, nanos: unknown, isOptional: boolean): void {
  if (seconds === undefined && isOptional) return;
  const isTime =
    typeof seconds === 'number' &&
    Number.isInteger(seconds) &&
    seconds >= 0 &&
    seconds <= LAST_SECOND &&
    typeof nanos === 'number' &&
    nanos >= 0 &&
    nanos < 1e9;
  if (!isTime) throw new Finding('declaration', `${where} is no time: ${seconds} s, ${nanos} ns`);
}

function checkSlice(where: string, record: Record<string, unknown>, name: string, isOptional: boolean): void {
  const from = record[`${name}At`];
  const to = record[`${name}End`];
  if (isOptional && from === -1) return;
  const length = (record.bytes as Uint8Array | undefined)?.length ?? -1;
  const isInside =
    typeof from === 'number' && typeof to === 'number' && from >= 0 && from <= to && to <= length && length >= 0;
  if (!isInside) throw new Finding('declaration', `${where} is [${from}, ${to}) of ${length} bytes`);
}

function wrong(where: string, kind: string, value: unknown): Finding {
  return new Finding('declaration', `${where} is no ${kind}: ${String(value).slice(0, 100)}`);
}
