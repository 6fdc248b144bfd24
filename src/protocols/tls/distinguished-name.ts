// Names in certificates (X.501; RFC 5280 section 4.1.2.4): as ECS takes them apart, and as one line
// with the escapes of RFC 4514.

import type { JsonValue } from '../../records/field.ts';
import { wireText } from '../../records/text.ts';
import { childrenOf, type Element, oidText, TAG_BMP_STRING, TAG_SEQUENCE, TAG_SET } from './der.ts';

/** Attribute types: what is written before the value, and ECS's field. They are written in this order, whatever the certificate's. */
const ATTRIBUTES: ReadonlyMap<string, readonly [short: string, field: string]> = new Map([
  ['2.5.4.5', ['SERIALNUMBER', 'serial_number']],
  ['2.5.4.3', ['CN', 'common_name']],
  ['2.5.4.11', ['OU', 'organizational_unit']],
  ['2.5.4.10', ['O', 'organization']],
  ['2.5.4.17', ['POSTALCODE', 'postal_code']],
  ['2.5.4.9', ['STREET', 'street_address']],
  ['2.5.4.7', ['L', 'locality']],
  ['2.5.4.8', ['ST', 'state_or_province']],
  ['2.5.4.6', ['C', 'country']],
  ['0.9.2342.19200300.100.1.25', ['DC', '']],
  ['0.9.2342.19200300.100.1.1', ['UID', '']],
  ['1.2.840.113549.1.9.1', ['EMAILADDRESS', '']],
]);

const MAX_ATTRIBUTES = 64;
const MAX_VALUE_OCTETS = 4096;
const NEEDS_BACKSLASH = /[,+"\\<>;]/g;

export interface DistinguishedName {
  /** `CN=example.org,O=Example,C=SE`: in the order of Packetbeat, so that what compares these texts goes on to work. */
  readonly text: string;
  readonly fields: ReadonlyMap<string, JsonValue>;
}

/** The Name in `element`. Attributes beyond the first 64 are left out. */
export function distinguishedName(bytes: Uint8Array, element: Element | undefined): DistinguishedName {
  const values = new Map<string, string[]>();
  const others: string[] = [];
  let count = 0;
  for (const { oid, value } of attributes(bytes, element)) {
    if (++count > MAX_ATTRIBUTES) break;
    if (ATTRIBUTES.has(oid)) values.set(oid, [...(values.get(oid) ?? []), stringText(bytes, value)]);
    else others.push(`${oid}=#${hexOf(bytes, value)}`);
  }
  const parts: string[] = [];
  const fields = new Map<string, JsonValue>();
  for (const [oid, [short, field]] of ATTRIBUTES) {
    const list = values.get(oid);
    if (list === undefined) continue;
    parts.push(list.map((text) => `${short}=${escaped(text)}`).join(field === '' ? ',' : '+'));
    if (field !== '') fields.set(field, list.length === 1 ? list[0] : list);
  }
  const text = [...parts, ...others.reverse()].join(',');
  if (text !== '') fields.set('distinguished_name', text);
  return { text, fields };
}

/** RelativeDistinguishedName by RelativeDistinguishedName. */
function* attributes(bytes: Uint8Array, name: Element | undefined): Generator<{ oid: string; value: Element }> {
  if (name === undefined || name.tag !== TAG_SEQUENCE) return;
  for (const set of childrenOf(bytes, name, MAX_ATTRIBUTES)) {
    if (set.tag !== TAG_SET) continue;
    for (const pair of childrenOf(bytes, set, MAX_ATTRIBUTES)) {
      const [type, value] = childrenOf(bytes, pair, 2);
      const oid = oidText(bytes, type);
      if (oid !== '' && value !== undefined) yield { oid, value };
    }
  }
}

/** The whole element, as RFC 4514 section 2.4 has values of types without a name. */
function hexOf(bytes: Uint8Array, { at, to, from }: Element): string {
  const end = Math.min(to, from + MAX_VALUE_OCTETS);
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString('hex');
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
