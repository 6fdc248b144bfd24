// What an X.509 certificate says (RFC 5280 section 4). Read here and not by the TLS library of the machine, so that the same bytes
// give the same record everywhere, and a certificate that no library would accept still gives what can be read of it.

import { formatV4 } from '../../records/address.ts';
import type { JsonValue } from '../../records/field.ts';
import { wireText } from '../../records/text.ts';
import { u32, v6Text } from '../octets.ts';
import {
  bitLength,
  childrenOf,
  type Element,
  elementAt,
  oidText,
  TAG_BIT_STRING,
  TAG_BOOLEAN,
  TAG_CONTEXT_0,
  TAG_CONTEXT_3,
  TAG_GENERALIZED_TIME,
  TAG_INTEGER,
  TAG_OCTET_STRING,
  TAG_SEQUENCE,
  TAG_UTC_TIME,
} from './der.ts';
import { distinguishedName } from './distinguished-name.ts';

export interface Certificate {
  readonly subject: string;
  readonly issuer: string;
  /** RFC 3339, or undefined when what stands there is no time. */
  readonly notBefore: string | undefined;
  readonly notAfter: string | undefined;
  /** The fields of ECS's `x509`. */
  readonly x509: ReadonlyMap<string, JsonValue>;
}

const MAX_ALTERNATIVE_NAMES = 1024;
const MAX_EXTENSIONS = 128;
const MAX_SERIAL_OCTETS = 64;
const OID_SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const OID_RSA_PSS = '1.2.840.113549.1.1.10';
const OID_RSA = '1.2.840.113549.1.1.1';
const OID_EC = '1.2.840.10045.2.1';
const OID_DSA = '1.2.840.10040.4.1';

const NAME_EMAIL = 0x81;
const NAME_DNS = 0x82;
const NAME_URI = 0x86;
const NAME_ADDRESS = 0x87;

const SIGNATURES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.2', 'MD2-RSA'],
  ['1.2.840.113549.1.1.4', 'MD5-RSA'],
  ['1.2.840.113549.1.1.5', 'SHA1-RSA'],
  ['1.3.14.3.2.29', 'SHA1-RSA'],
  ['1.2.840.113549.1.1.11', 'SHA256-RSA'],
  ['1.2.840.113549.1.1.12', 'SHA384-RSA'],
  ['1.2.840.113549.1.1.13', 'SHA512-RSA'],
  ['1.2.840.10040.4.3', 'DSA-SHA1'],
  ['2.16.840.1.101.3.4.3.2', 'DSA-SHA256'],
  ['1.2.840.10045.4.1', 'ECDSA-SHA1'],
  ['1.2.840.10045.4.3.2', 'ECDSA-SHA256'],
  ['1.2.840.10045.4.3.3', 'ECDSA-SHA384'],
  ['1.2.840.10045.4.3.4', 'ECDSA-SHA512'],
  ['1.3.101.112', 'Ed25519'],
  ['1.3.101.113', 'Ed448'],
]);
/** Hash of RSASSA-PSS (RFC 4055 section 3.1), whose preset is SHA-1. */
const PSS_HASHES: ReadonlyMap<string, string> = new Map([
  ['2.16.840.1.101.3.4.2.1', 'SHA256'],
  ['2.16.840.1.101.3.4.2.2', 'SHA384'],
  ['2.16.840.1.101.3.4.2.3', 'SHA512'],
]);
const KEYS: ReadonlyMap<string, string> = new Map([
  [OID_RSA, 'RSA'],
  [OID_RSA_PSS, 'RSA'],
  [OID_EC, 'ECDSA'],
  [OID_DSA, 'DSA'],
  ['1.3.101.112', 'Ed25519'],
  ['1.3.101.113', 'Ed448'],
]);
const CURVE_BITS: ReadonlyMap<string, number> = new Map([
  ['1.2.840.10045.3.1.1', 192],
  ['1.3.132.0.33', 224],
  ['1.3.132.0.10', 256],
  ['1.2.840.10045.3.1.7', 256],
  ['1.3.36.3.3.2.8.1.1.7', 256],
  ['1.3.132.0.34', 384],
  ['1.3.36.3.3.2.8.1.1.11', 384],
  ['1.3.36.3.3.2.8.1.1.13', 512],
  ['1.3.132.0.35', 521],
]);

/** Undefined when the bytes have no certificate's outline: what is broken inside is left out. */
export function parseCertificate(bytes: Uint8Array): Certificate | undefined {
  const whole = elementAt(bytes, 0, bytes.length);
  if (whole === undefined || whole.tag !== TAG_SEQUENCE) return undefined;
  const [body, signature] = childrenOf(bytes, whole, 2);
  if (body === undefined || body.tag !== TAG_SEQUENCE) return undefined;
  const parts = childrenOf(bytes, body, 16);
  const hasVersion = parts.length > 0 && parts[0].tag === TAG_CONTEXT_0;
  const [serial, , issuerPart, validity, subjectPart, keyInfo] = hasVersion ? parts.slice(1) : parts;
  if (serial === undefined || serial.tag !== TAG_INTEGER || validity === undefined) return undefined;

  const issuer = distinguishedName(bytes, issuerPart);
  const subject = distinguishedName(bytes, subjectPart);
  const [begins, ends] = childrenOf(bytes, validity, 2);
  const notBefore = timeText(bytes, begins);
  const notAfter = timeText(bytes, ends);
  const x509 = new Map<string, JsonValue>();
  const put = (name: string, value: JsonValue | undefined) => {
    if (value !== undefined && value !== '') x509.set(name, value);
  };
  put('alternative_names', alternativeNames(bytes, parts));
  put('issuer', issuer.fields);
  put('not_after', notAfter);
  put('not_before', notBefore);
  putKey(bytes, keyInfo, put);
  put('serial_number', serialText(bytes, serial));
  put('signature_algorithm', signatureName(bytes, signature));
  put('subject', subject.fields);
  put('version_number', hasVersion ? versionOf(bytes, parts[0]) : 1);
  return { subject: subject.text, issuer: issuer.text, notBefore, notAfter, x509 };
}

function versionOf(bytes: Uint8Array, part: Element): number | undefined {
  const [number] = childrenOf(bytes, part, 1);
  return number?.tag === TAG_INTEGER && number.to === number.from + 1 ? bytes[number.from] + 1 : undefined;
}

/** In decimal, as Packetbeat has it. */
function serialText(bytes: Uint8Array, { from, to }: Element): string {
  if (to - from > MAX_SERIAL_OCTETS || to === from) return '';
  const digits = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('hex');
  return BigInt.asIntN((to - from) * 8, BigInt(`0x${digits}`)).toString();
}

function signatureName(bytes: Uint8Array, algorithm: Element | undefined): string {
  if (algorithm === undefined) return '';
  const [oidPart, parameters] = childrenOf(bytes, algorithm, 2);
  const oid = oidText(bytes, oidPart);
  if (oid !== OID_RSA_PSS) return SIGNATURES.get(oid) ?? oid;
  const [hash] = parameters === undefined ? [] : childrenOf(bytes, parameters, 1);
  const [name] = hash?.tag === TAG_CONTEXT_0 ? childrenOf(bytes, hash, 1) : [];
  const [hashOid] = name === undefined ? [] : childrenOf(bytes, name, 1);
  return `${PSS_HASHES.get(oidText(bytes, hashOid)) ?? 'SHA1'}-RSAPSS`;
}

function putKey(
  bytes: Uint8Array,
  info: Element | undefined,
  put: (name: string, value: JsonValue | undefined) => void,
): void {
  if (info === undefined) return;
  const [algorithm, key] = childrenOf(bytes, info, 2);
  if (algorithm === undefined) return;
  const [oidPart, parameters] = childrenOf(bytes, algorithm, 2);
  const oid = oidText(bytes, oidPart);
  put('public_key_algorithm', KEYS.get(oid) ?? oid);
  put('public_key_size', keyBits(bytes, oid, parameters, key) || undefined);
}

/** Bits of the modulus (RSA, DSA) or of the curve; 0 when unknown. */
function keyBits(bytes: Uint8Array, oid: string, parameters: Element | undefined, key: Element | undefined): number {
  if (oid === OID_EC) return CURVE_BITS.get(oidText(bytes, parameters)) ?? 0;
  const numbers =
    oid === OID_DSA
      ? parameters
      : (oid === OID_RSA || oid === OID_RSA_PSS) && key?.tag === TAG_BIT_STRING
        ? // Behind the number of unused bits.
          elementAt(bytes, key.from + 1, key.to)
        : undefined;
  if (numbers === undefined || numbers.tag !== TAG_SEQUENCE) return 0;
  const [modulus] = childrenOf(bytes, numbers, 1);
  return modulus?.tag === TAG_INTEGER ? bitLength(bytes, modulus.from, modulus.to) : 0;
}

function alternativeNames(bytes: Uint8Array, parts: readonly Element[]): string[] | undefined {
  const outer = parts.find((part) => part.tag === TAG_CONTEXT_3);
  const [list] = outer === undefined ? [] : childrenOf(bytes, outer, 1);
  if (list === undefined) return undefined;
  for (const extension of childrenOf(bytes, list, MAX_EXTENSIONS)) {
    const [oid, second, third] = childrenOf(bytes, extension, 3);
    if (oidText(bytes, oid) !== OID_SUBJECT_ALTERNATIVE_NAME) continue;
    const value = second?.tag === TAG_BOOLEAN ? third : second;
    if (value?.tag !== TAG_OCTET_STRING) return undefined;
    const names = elementAt(bytes, value.from, value.to);
    return names?.tag === TAG_SEQUENCE ? generalNames(bytes, names) : undefined;
  }
  return undefined;
}

function generalNames(bytes: Uint8Array, names: Element): string[] | undefined {
  const found: string[] = [];
  for (const { tag, from, to } of childrenOf(bytes, names, MAX_ALTERNATIVE_NAMES)) {
    if (tag === NAME_DNS || tag === NAME_EMAIL || tag === NAME_URI) found.push(wireText(bytes, from, to));
    else if (tag === NAME_ADDRESS && to - from === 4) found.push(formatV4(u32(bytes, from)));
    else if (tag === NAME_ADDRESS && to - from === 16) found.push(v6Text(bytes, from));
  }
  return found.length > 0 ? found : undefined;
}

/** UTCTime (two digits of the year: 50 to 99 are of the last century) and GeneralizedTime, both in UTC (RFC 5280 section 4.1.2.5). */
function timeText(bytes: Uint8Array, element: Element | undefined): string | undefined {
  if (element === undefined) return undefined;
  const text = wireText(bytes, element.from, Math.min(element.to, element.from + 32));
  const match =
    element.tag === TAG_UTC_TIME
      ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z$/.exec(text)
      : element.tag === TAG_GENERALIZED_TIME
        ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/.exec(text)
        : null;
  if (match === null) return undefined;
  const [, years, month, day, hour, minute, second = '00'] = match;
  const year = years.length === 4 ? years : (Number(years) < 50 ? '20' : '19') + years;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  return Number.isNaN(Date.parse(iso)) ? undefined : iso;
}
