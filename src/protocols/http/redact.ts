// What is kept out of records unless asked for: credentials in header fields, in URLs and in forms. Values are overwritten in our
// own copy of the bytes, so their length stays and nothing downstream can show them.

import type { Settings } from './options.ts';

const STAR = 0x2a;
const LOWER_X = 0x78;
const PLUS = 0x2b;
const SP = 0x20;

const codes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** A parameter is a secret when its name contains one of these … */
const SECRET_PARTS = ['passw', 'pwd', 'secret', 'token', 'api_key', 'api-key', 'apikey', 'credential'].map(codes);
/** … or is one of these. */
const SECRET_NAMES = ['pass', 'code', 'auth', 'authorization'].map(codes);

/** Does `bytes` at `at` begin with `name` (lower case)? */
function isAt(bytes: Uint8Array, at: number, to: number, name: Uint8Array): boolean {
  if (to - at < name.length) return false;
  for (let i = 0; i < name.length; i++) {
    const b = bytes[at + i];
    if ((b >= 0x41 && b <= 0x5a ? b | 0x20 : b) !== name[i]) return false;
  }
  return true;
}

function isSecretName(bytes: Uint8Array, from: number, to: number): boolean {
  for (const name of SECRET_NAMES) {
    if (name.length === to - from && isAt(bytes, from, to, name)) return true;
  }
  for (let at = from; at < to; at++) {
    const b = bytes[at] | 0x20;
    // Only p, s, t, a and c begin one of the parts.
    if (b !== 0x70 && b !== 0x73 && b !== 0x74 && b !== 0x61 && b !== 0x63) continue;
    for (const part of SECRET_PARTS) if (isAt(bytes, at, to, part)) return true;
  }
  return false;
}

/** Most names fit; a longer one (generated forms nest them) gets room of its own. */
const ROOM = new Uint8Array(128);

const hexValue = (b: number) =>
  b >= 0x30 && b <= 0x39 ? b - 0x30 : (b | 0x20) >= 0x61 && (b | 0x20) <= 0x66 ? (b | 0x20) - 0x57 : -1;

/** Is the name [from, to), written as urlencoded forms and queries have it, that of a secret? */
function isHiddenWhenDecoded(bytes: Uint8Array, from: number, to: number, settings: Settings): boolean {
  const decoded = to - from <= ROOM.length ? ROOM : new Uint8Array(to - from);
  let length = 0;
  for (let at = from; at < to; at++) {
    const b = bytes[at];
    if (b === 0x25 && at + 2 < to) {
      const high = hexValue(bytes[at + 1]);
      const low = hexValue(bytes[at + 2]);
      if (high >= 0 && low >= 0) {
        decoded[length++] = high * 16 + low;
        at += 2;
        continue;
      }
    }
    decoded[length++] = b === PLUS ? SP : b;
  }
  return isHidden(decoded, 0, length, settings);
}

/** Every value may be shown. */
export function hidesNothing(settings: Settings): boolean {
  return settings.showSecrets && settings.hideKeywords.size === 0;
}

/** Writes over bytes[from, to). */
export function mask(bytes: Uint8Array, from: number, to: number): void {
  bytes.fill(LOWER_X, from, to);
}

/** Is this the name of a parameter whose value nobody shall see? The name itself, not as a form or a URL encodes it. */
export function isHidden(name: Uint8Array, from: number, to: number, settings: Settings): boolean {
  if (!settings.showSecrets && isSecretName(name, from, to)) return true;
  if (settings.hideKeywords.size === 0) return false;
  const text = Buffer.from(name.buffer, name.byteOffset + from, to - from).toString('utf8');
  return settings.hideKeywords.has(text.toLowerCase());
}

/** Overwrites the values of secret parameters in a query string or urlencoded form [from, to). */
export function maskParameters(bytes: Uint8Array, from: number, to: number, settings: Settings): void {
  if (hidesNothing(settings)) return;
  let name = from;
  while (name < to) {
    let equals = name;
    while (equals < to && bytes[equals] !== 0x3d && bytes[equals] !== 0x26 && bytes[equals] !== 0x3b) equals++;
    let end = equals;
    while (end < to && bytes[end] !== 0x26 && bytes[end] !== 0x3b) end++;
    if (end > equals + 1 && isHiddenWhenDecoded(bytes, name, equals, settings)) mask(bytes, equals + 1, end);
    name = end + 1;
  }
}

/** Overwrites what a URL or request target [from, to) has of secrets: the password before the host, parameters. */
export function maskUrl(bytes: Uint8Array, from: number, to: number, settings: Settings): void {
  let at = from;
  while (at < to && bytes[at] !== 0x3f && bytes[at] !== 0x23) at++;
  if (!settings.showSecrets) maskUserInfo(bytes, from, at);
  // A fragment carries parameters too (OAuth's implicit grant).
  while (at < to) {
    let end = at + 1;
    while (end < to && bytes[end] !== 0x23) end++;
    maskParameters(bytes, at + 1, end, settings);
    at = end;
  }
}

/** `scheme://user:password@host`: the password is overwritten. */
function maskUserInfo(bytes: Uint8Array, from: number, to: number): void {
  if (to - from < 5 || bytes[from] === 0x2f) return;
  let at = from;
  while (at + 2 < to && !(bytes[at] === 0x3a && bytes[at + 1] === 0x2f && bytes[at + 2] === 0x2f)) at++;
  if (at + 2 >= to) return;
  at += 3;
  let colon = -1;
  let sign = -1;
  for (let i = at; i < to && bytes[i] !== 0x2f; i++) {
    if (bytes[i] === 0x3a && colon === -1) colon = i;
    else if (bytes[i] === 0x40) sign = i;
  }
  if (colon !== -1 && sign > colon) mask(bytes, colon + 1, sign);
}

const AUTHORIZATION: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization']);
const COOKIES: ReadonlySet<string> = new Set(['cookie', 'cookie2', 'set-cookie', 'set-cookie2']);
const URLS: ReadonlySet<string> = new Set([
  'referer',
  'location',
  'content-location',
  'refresh',
  'link',
  'destination',
]);

/** Overwrites the value [from, to) of the header field `name` (lower case) as far as it is a secret. */
export function maskHeader(name: string, bytes: Uint8Array, from: number, to: number, settings: Settings): void {
  if (settings.redactHeaders.has(name)) bytes.fill(STAR, from, to);
  else if (AUTHORIZATION.has(name)) {
    if (!settings.showSecrets || settings.redactAuthorization) bytes.fill(STAR, from, to);
  } else if (COOKIES.has(name)) {
    if (!settings.showSecrets) maskCookies(bytes, from, to, name.startsWith('set'));
  } else if (URLS.has(name)) maskUrl(bytes, from, to, settings);
  else if (!settings.showSecrets && (name.includes('token') || name.includes('key') || name.includes('secret'))) {
    bytes.fill(STAR, from, to);
  }
}

/** Cookie names and the attributes of Set-Cookie stay. */
function maskCookies(bytes: Uint8Array, from: number, to: number, onlyFirst: boolean): void {
  let at = from;
  while (at < to) {
    let end = at;
    let equals = -1;
    while (end < to && bytes[end] !== 0x3b) {
      if (bytes[end] === 0x3d && equals === -1) equals = end;
      end++;
    }
    bytes.fill(STAR, equals === -1 ? at : equals + 1, end);
    if (onlyFirst) return;
    at = end + 1;
  }
}
