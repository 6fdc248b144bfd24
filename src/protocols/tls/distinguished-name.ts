// Names in certificates (X.501; RFC 5280 section 4.1.2.4): as ECS takes them apart, and as one line in the form of RFC 4514.

import type { JsonValue } from '../../records/field.ts';
import { wireText } from '../../records/text.ts';
import { childrenOf, type Element, oidText, TAG_BMP_STRING, TAG_SEQUENCE, TAG_SET } from './der.ts';

/** Attribute types: what RFC 4514 and its users write, and ECS's field. */
const ATTRIBUTES: ReadonlyMap<string, readonly [short: string, field: string]> = new Map([
  ['2.5.4.3', ['CN', 'common_name']],
  ['2.5.4.5', ['SERIALNUMBER', 'serial_number']],
  ['2.5.4.6', ['C', 'country']],
  ['2.5.4.7', ['L', 'locality']],
  ['2.5.4.8', ['ST', 'state_or_province']],
  ['2.5.4.9', ['STREET', 'street_address']],
  ['2.5.4.10', ['O', 'organization']],
  ['2.5.4.11', ['OU', 'organizational_unit']],
  ['2.5.4.17', ['POSTALCODE', 'postal_code']],
  ['0.9.2342.19200300.100.1.25', ['DC', '']],
  ['0.9.2342.19200300.100.1.1', ['UID', '']],
  ['1.2.840.113549.1.9.1', ['EMAILADDRESS', '']],
]);

const MAX_ATTRIBUTES = 64;
const MAX_VALUE_OCTETS = 4096;
const NEEDS_BACKSLASH = /[,+"\\<>;]/g;

export interface DistinguishedName {
  /** `CN=example.org,O=Example,C=SE`: the last attribute first. */
  readonly text: string;
  readonly fields: ReadonlyMap<string, JsonValue>;
}

/** The Name in `element`. Attributes beyond the first 64 are left out. */
export function distinguishedName(bytes: Uint8Array, element: Element | undefined): DistinguishedName {
  const parts: string[] = [];
  const values = new Map<string, string[]>();
  if (element !== undefined && element.tag === TAG_SEQUENCE) {
    for (const set of childrenOf(bytes, element, MAX_ATTRIBUTES)) {
      if (set.tag !== TAG_SET) continue;
      const together: string[] = [];
      for (const pair of childrenOf(bytes, set, MAX_ATTRIBUTES)) {
        const [type, value] = childrenOf(bytes, pair, 2);
        const oid = oidText(bytes, type);
        if (oid === '' || value === undefined) continue;
        const text = stringText(bytes, value);
        const [short, field] = ATTRIBUTES.get(oid) ?? [oid, ''];
        together.push(`${short}=${escaped(text)}`);
        if (field !== '') values.set(field, [...(values.get(field) ?? []), text]);
        if (parts.length + together.length >= MAX_ATTRIBUTES) break;
      }
      if (together.length > 0) parts.push(together.join('+'));
      if (parts.length >= MAX_ATTRIBUTES) break;
    }
  }
  const text = parts.reverse().join(',');
  const fields = new Map<string, JsonValue>();
  for (const [field, list] of values) fields.set(field, list.length === 1 ? list[0] : list);
  if (text !== '') fields.set('distinguished_name', text);
  return { text, fields };
}

function stringText(bytes: Uint8Array, { tag, from, to }: Element): string {
  const end = Math.min(to, from + MAX_VALUE_OCTETS);
  if (tag !== TAG_BMP_STRING) return wireText(bytes, from, end);
  let text = '';
  for (let at = from; at + 2 <= end; at += 2) text += String.fromCharCode((bytes[at] << 8) | bytes[at + 1]);
  return text.toWellFormed();
}

/** RFC 4514 section 2.4. */
function escaped(text: string): string {
  let out = text.replace(NEEDS_BACKSLASH, '\\$&');
  if (out.startsWith('#') || out.startsWith(' ')) out = `\\${out}`;
  if (out.endsWith(' ') && !out.endsWith('\\ ')) out = `${out.slice(0, -1)}\\ `;
  return out;
}
