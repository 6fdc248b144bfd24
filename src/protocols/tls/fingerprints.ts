// Fingerprints of hellos. JA3 and JA3S (Salesforce, 2017): MD5 of decimal numbers. JA4 (FoxIO, technical details of JA4): what a
// person can read, then SHA-256 of the sorted suites and of the sorted extensions with the signature algorithms as they stand.
// GREASE (RFC 8701) counts in none of them.

import { hash } from 'node:crypto';
import {
  EXTENSION_ALPN,
  EXTENSION_SERVER_NAME,
  hex,
  isGrease,
  VERSION_DTLS10,
  VERSION_DTLS12,
  VERSION_DTLS13,
} from './codes.ts';
import { alpnRanges, pointFormats, signatureAlgorithms, supportedGroups, supportedVersions } from './extensions.ts';
import { extensionOf, type Hello } from './hello.ts';
import { Known } from './known.ts';

/** What carried the hello: TCP, datagrams, QUIC. */
export type Ja4Transport = 't' | 'd' | 'q';

const MAX_COUNT = 99;
const HASH_DIGITS = 12;
const NO_HASH = '0'.repeat(HASH_DIGITS);

const JA4_VERSIONS: ReadonlyMap<number, string> = new Map([
  [0x0304, '13'],
  [0x0303, '12'],
  [0x0302, '11'],
  [0x0301, '10'],
  [0x0300, 's3'],
  [0x0002, 's2'],
  [VERSION_DTLS13, 'd3'],
  [VERSION_DTLS12, 'd2'],
  [VERSION_DTLS10, 'd1'],
]);

const withoutGrease = (numbers: readonly number[]): number[] => numbers.filter((number) => !isGrease(number));
/** Browsers shuffle their extensions, so many texts come once only: two tables of some hundred kilobytes. */
const MAX_KNOWN_TEXTS = 1024;
const knownMd5 = new Known<string>(MAX_KNOWN_TEXTS);
const knownSha256 = new Known<string>(MAX_KNOWN_TEXTS);
const md5 = (text: string): string => knownMd5.get(text, () => hash('md5', text));
const sha256Start = (text: string): string => knownSha256.get(text, () => hash('sha256', text).slice(0, HASH_DIGITS));

export function ja3(hello: Hello): string {
  const parts = [
    withoutGrease(hello.ciphers),
    withoutGrease(hello.extensionTypes),
    withoutGrease(supportedGroups(hello)),
    pointFormats(hello),
  ];
  return md5([hello.version, ...parts.map((numbers) => numbers.join('-'))].join(','));
}

export function ja3s(hello: Hello): string {
  return md5([hello.version, hello.ciphers.join('-'), hello.extensionTypes.join('-')].join(','));
}

export function ja4(hello: Hello, transport: Ja4Transport): string {
  const offered = withoutGrease(supportedVersions(hello));
  // Versions of DTLS count down.
  const highest = transport === 'd' ? Math.min : Math.max;
  const version = offered.length > 0 ? highest(...offered) : hello.version;
  const ciphers = withoutGrease(hello.ciphers);
  const extensions = withoutGrease(hello.extensionTypes);
  const domain = extensionOf(hello, EXTENSION_SERVER_NAME) === undefined ? 'i' : 'd';
  const readable =
    transport + (JA4_VERSIONS.get(version) ?? '00') + domain + count(ciphers) + count(extensions) + alpnMark(hello);
  return `${readable}_${suitesHash(ciphers)}_${extensionsHash(hello, extensions)}`;
}

function count(numbers: readonly number[]): string {
  return String(Math.min(numbers.length, MAX_COUNT)).padStart(2, '0');
}

function suitesHash(ciphers: readonly number[]): string {
  return ciphers.length === 0 ? NO_HASH : sha256Start(sortedHex(ciphers));
}

function extensionsHash(hello: Hello, extensions: readonly number[]): string {
  const counted = extensions.filter((type) => type !== EXTENSION_SERVER_NAME && type !== EXTENSION_ALPN);
  if (counted.length === 0) return NO_HASH;
  const algorithms = withoutGrease(signatureAlgorithms(hello)).map(hex4);
  return sha256Start(sortedHex(counted) + (algorithms.length === 0 ? '' : `_${algorithms.join(',')}`));
}

const HEX4: string[] = [];
/** Four digits. */
function hex4(number: number): string {
  return (HEX4[number] ??= hex(number, 4));
}

function sortedHex(numbers: readonly number[]): string {
  return Array.from(Uint16Array.from(numbers).sort(), hex4).join(',');
}

/** First and last character of the first ALPN name; of its hexadecimal form when one of them is no letter or digit. */
function alpnMark(hello: Hello): string {
  const [from, to] = alpnRanges(hello);
  if (from === undefined || from === to) return '00';
  const first = hello.bytes[from];
  const last = hello.bytes[to - 1];
  if (isAlphanumeric(first) && isAlphanumeric(last)) return String.fromCharCode(first, last);
  return hex(first, 2)[0] + hex(last, 2)[1];
}

function isAlphanumeric(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}
