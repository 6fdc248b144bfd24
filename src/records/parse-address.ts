// Text → Address, for what people write: options, queries, headers such as X-Forwarded-For. IPv4 in strict dotted decimal
// (RFC 6943 section 3.1.1: four parts, no octal, no leading zeros), IPv6 as RFC 4291 section 2.2, the dotted tail included.
// A zone (`%eth0`) is refused: it has no meaning outside the machine that wrote it.

import { Address } from './address.ts';

const DOT = 0x2e;
const COLON = 0x3a;
const MAX_TEXT = 45; // eight groups with a dotted tail: RFC 4291's longest form

/** The address that `text` is, undefined when it is none. An IPv4-mapped IPv6 address stays an IPv6 one. */
export function parseAddress(text: string): Address | undefined {
  if (text.length > MAX_TEXT) return undefined;
  if (text.includes(':')) return parseV6(text);
  const word = parseV4(text, 0);
  return word < 0 ? undefined : new Address().setV4(word);
}

/** The IPv4 address from `at` to the end of `text` as a number; -1 when it is none. */
function parseV4(text: string, at: number): number {
  let word = 0;
  let part = 0;
  let digits = 0;
  let parts = 1;
  for (let i = at; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === DOT) {
      if (digits === 0 || parts === 4) return -1;
      word = word * 256 + part;
      part = 0;
      digits = 0;
      parts++;
      continue;
    }
    if (c < 0x30 || c > 0x39) return -1;
    if (digits > 0 && part === 0) return -1; // a leading zero
    part = part * 10 + (c - 0x30);
    digits++;
    if (part > 255) return -1;
  }
  return parts === 4 && digits > 0 ? word * 256 + part : -1;
}

function hexValue(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const lower = c | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function parseV6(text: string): Address | undefined {
  const groups: number[] = [];
  let gap = -1; // number of groups before `::`
  let i = 0;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return undefined;
    gap = 0;
    i = 2;
  }
  while (i < text.length) {
    if (groups.length === 8) return undefined;
    const start = i;
    let value = 0;
    while (i < text.length && i - start < 5) {
      const digit = hexValue(text.charCodeAt(i));
      if (digit < 0) break;
      value = value * 16 + digit;
      i++;
    }
    if (i < text.length && text.charCodeAt(i) === DOT) {
      const tail = parseV4(text, start);
      if (tail < 0 || groups.length > 6) return undefined;
      groups.push(tail >>> 16, tail & 0xffff);
      i = text.length;
      break;
    }
    if (i === start || i - start > 4) return undefined;
    groups.push(value);
    if (i === text.length) break;
    if (text.charCodeAt(i) !== COLON) return undefined;
    i++;
    if (text.charCodeAt(i) === COLON) {
      if (gap >= 0) return undefined;
      gap = groups.length;
      i++;
    } else if (i === text.length) return undefined; // a single colon at the end
  }
  if (gap < 0 ? groups.length !== 8 : groups.length > 7) return undefined;
  if (gap >= 0) groups.splice(gap, 0, ...new Array<number>(8 - groups.length).fill(0));
  const word = (n: number) => groups[n] * 0x10000 + groups[n + 1];
  return new Address().setV6(word(0), word(2), word(4), word(6));
}
