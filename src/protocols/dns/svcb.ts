// SVCB and HTTPS records (RFC 9460): priority, target, parameters; ECH is RFC 9848, dohpath RFC 9461, ohttp RFC 9540.

import { formatV4 } from '../../records/address.ts';
import type { MapEntries } from '../../records/field.ts';
import { wireText } from '../../records/text.ts';
import { u16, u32, v6Text } from '../octets.ts';
import { nameText, walkName } from './names.ts';
import { base64, quoted, type Rdata } from './rdata-parts.ts';

/** IANA "Service Parameter Keys (SvcParamKeys)". */
const KEYS = [
  'mandatory',
  'alpn',
  'no-default-alpn',
  'port',
  'ipv4hint',
  'ech',
  'ipv6hint',
  'dohpath',
  'ohttp',
  'tls-supported-groups',
];
const MANDATORY = 0;
const ALPN = 1;
const PORT = 3;
const IPV4_HINT = 4;
const ECH = 5;
const IPV6_HINT = 6;
const TLS_SUPPORTED_GROUPS = 9;

type Value = string | readonly string[] | number | boolean;

/**
 * `data` is the presentation form (`1 . alpn=h2,h3 port=8443`), `svcParams` the same as a map. Keys must rise (section 2.2),
 * so each comes once.
 */
export function svcb(into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number): boolean {
  if (end - at < 3) return false;
  let next = walkName(bytes, messageAt, at + 2, end);
  if (next < 0) return false;
  const priority = u16(bytes, at);
  const target = nameText(bytes, messageAt, at + 2);
  const params: [string, Value][] = [];
  let text = `${priority} ${target}`;
  let last = -1;
  while (next < end) {
    if (end - next < 4) return false;
    const key = u16(bytes, next);
    const from = next + 4;
    next = from + u16(bytes, next + 2);
    if (next > end || key <= last) return false;
    last = key;
    const name = keyName(key);
    const value = paramValue(key, bytes, from, next);
    if (value === undefined) return false;
    params.push([name, value]);
    text += value === true ? ` ${name}` : ` ${name}=${valueText(value)}`;
  }
  into.priority = priority;
  into.target = target;
  into.data = text;
  if (params.length > 0) into.svcParams = params as MapEntries;
  return true;
}

function keyName(key: number): string {
  return KEYS[key] ?? `key${key}`;
}

/** In quotes where it needs them. Commas and backslashes within a list's items are escaped once more (appendix A.1). */
function valueText(value: Value): string {
  const text =
    typeof value === 'object' ? value.map((item) => item.replaceAll(/[\\,]/g, '\\$&')).join(',') : String(value);
  return /[\s"\\]/.test(text) ? quoted(text) : text;
}

/** `true` for a key without value; undefined when the value does not fit the key. */
function paramValue(key: number, bytes: Uint8Array, from: number, to: number): Value | undefined {
  if (from === to) return true;
  switch (key) {
    case MANDATORY:
      return list(from, to, 2, (at) => keyName(u16(bytes, at)));
    case ALPN:
      return protocols(bytes, from, to);
    case PORT:
      return to - from === 2 ? u16(bytes, from) : undefined;
    case IPV4_HINT:
      return list(from, to, 4, (at) => formatV4(u32(bytes, at)));
    case IPV6_HINT:
      return list(from, to, 16, (at) => v6Text(bytes, at));
    case ECH:
      return base64(bytes, from, to);
    case TLS_SUPPORTED_GROUPS:
      return list(from, to, 2, (at) => String(u16(bytes, at)));
    default:
      return wireText(bytes, from, to);
  }
}

function list(from: number, to: number, step: number, text: (at: number) => string): string[] | undefined {
  if ((to - from) % step !== 0) return undefined;
  const values: string[] = [];
  for (let at = from; at < to; at += step) values.push(text(at));
  return values;
}

/** Length-prefixed ALPN ids (section 7.1.1). */
function protocols(bytes: Uint8Array, from: number, to: number): string[] | undefined {
  const ids: string[] = [];
  for (let at = from; at < to; at += 1 + bytes[at]) {
    const end = at + 1 + bytes[at];
    if (end > to || bytes[at] === 0) return undefined;
    ids.push(wireText(bytes, at + 1, end));
  }
  return ids;
}
