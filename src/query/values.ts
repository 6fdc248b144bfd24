// Values as people type them: numbers with units, addresses, networks, wildcards.

import { parseAddress as readAddress } from '../records/parse-address.ts';

const SIZES = new Map([
  ['', 1],
  ['k', 1e3],
  ['m', 1e6],
  ['g', 1e9],
  ['t', 1e12],
  ['ki', 2 ** 10],
  ['mi', 2 ** 20],
  ['gi', 2 ** 30],
  ['ti', 2 ** 40],
]);

const SPANS = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['µs', 1e3],
  ['μs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['sec', 1e9],
  ['m', 60e9],
  ['min', 60e9],
  ['h', 3600e9],
  ['d', 86400e9],
  ['w', 7 * 86400e9],
]);

const NUMBER = /^([+-]?)(\d{1,30}(?:\.\d{1,18})?|\.\d{1,18})([a-zµμ]{0,4})$/i;
const SPAN_PART = /(\d{1,18}(?:\.\d{1,9})?)(ns|us|µs|μs|ms|sec|min|s|m|h|d|w)/gy;

/**
 * A count or a size: `10MB` (1000), `10MiB` (1024), `5k`, `0x1f`, `1.5`. Exact decimal text where it is a whole number, so that
 * integers above 2^53 stay exact; undefined when it is no such number.
 */
export function parseCount(text: string): { decimal: string; isWhole: boolean } | undefined {
  if (/^0x[0-9a-f]{1,16}$/i.test(text)) return { decimal: BigInt(text).toString(), isWhole: true };
  const m = NUMBER.exec(text);
  if (m === null) return undefined;
  const unit = m[3].toLowerCase().replace(/b(ytes?)?$/, '');
  const factor = SIZES.get(unit);
  if (factor === undefined) return undefined;
  const sign = m[1] === '-' ? '-' : '';
  if (!m[2].includes('.')) return { decimal: sign + (BigInt(m[2]) * BigInt(factor)).toString(), isWhole: true };
  const value = Number(m[2]) * factor;
  return Number.isSafeInteger(value)
    ? { decimal: sign + String(value), isWhole: true }
    : { decimal: sign + String(value), isWhole: false };
}

/** A span of time in ns: `200ms`, `5m`, `1h30m`, `1.5s`. `'unitless'` for a bare number other than 0; undefined for anything else. */
export function parseSpan(text: string): number | 'unitless' | undefined {
  const span = parseLongSpan(text);
  if (typeof span !== 'bigint') return span;
  const ns = Number(span);
  return Number.isSafeInteger(ns) ? ns : undefined;
}

/** The same for spans of more than a hundred days, whose ns are beyond exact doubles. */
export function parseLongSpan(text: string): bigint | 'unitless' | undefined {
  if (/^0+(\.0+)?$/.test(text)) return 0n;
  if (/^\d+(\.\d+)?$/.test(text)) return 'unitless';
  const sign = text.startsWith('-') ? -1n : 1n;
  const body = text.replace(/^[+-]/, '').toLowerCase();
  let total = 0n;
  let at = 0;
  SPAN_PART.lastIndex = 0;
  for (let m = SPAN_PART.exec(body); m !== null; m = SPAN_PART.exec(body)) {
    const unit = SPANS.get(m[2])!;
    const [whole, fraction = ''] = m[1].split('.');
    total += BigInt(whole) * BigInt(unit) + BigInt(Math.round(Number(`0.${fraction}`) * unit));
    at = SPAN_PART.lastIndex;
  }
  return at === 0 || at !== body.length ? undefined : sign * total;
}

/** Addresses as the store keeps them: 128 bits, IPv4 as ::ffff:a.b.c.d. */
export interface Range {
  readonly low: bigint;
  readonly high: bigint;
  readonly isV4: boolean;
}

/** The IPv4 addresses among the 128 bits (RFC 4291 section 2.5.5.2). */
export const MAPPED_LOW = 0xffff_0000_0000n;
export const MAPPED_HIGH = 0xffff_ffff_ffffn;

/** One address, or undefined. */
export function parseAddress(text: string): { bits: bigint; isV4: boolean } | undefined {
  const address = readAddress(text);
  if (address === undefined) return undefined;
  if (!address.v6) return { bits: MAPPED_LOW | BigInt(address.w3), isV4: true };
  const high = (BigInt(address.w0) << 32n) | BigInt(address.w1);
  const bits = (high << 64n) | (BigInt(address.w2) << 32n) | BigInt(address.w3);
  return { bits, isV4: bits >= MAPPED_LOW && bits <= MAPPED_HIGH };
}

/** An address, a network (`10.0.0.0/8`, `2001:db8::/32`) or a range (`10.0.0.1-10.0.0.9`), or undefined. */
export function parseNetwork(text: string): Range | undefined {
  const slash = text.indexOf('/');
  if (slash >= 0) {
    const address = parseAddress(text.slice(0, slash));
    const suffix = text.slice(slash + 1);
    if (address === undefined || !/^\d{1,3}$/.test(suffix)) return undefined;
    const isDotted = !text.includes(':');
    const prefix = Number(suffix) + (isDotted ? 96 : 0);
    if (prefix > 128) return undefined;
    const rest = (1n << BigInt(128 - prefix)) - 1n;
    const low = address.bits & ~rest;
    return { low, high: low | rest, isV4: address.isV4 && prefix >= 96 };
  }
  const dash = text.indexOf('-');
  const low = parseAddress(dash < 0 ? text : text.slice(0, dash));
  const high = dash < 0 ? low : parseAddress(text.slice(dash + 1));
  if (low === undefined || high === undefined || low.isV4 !== high.isV4) return undefined;
  return { low: low.bits, high: high.bits, isV4: low.isV4 };
}

/** `localhost`, `www.example.com`: labels of RFC 1123 section 2.1 and underscores, the last one without digits. */
export const isHostName = (text: string): boolean =>
  text.length <= 253 &&
  (/^localhost$/i.test(text) ||
    /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})\.?$/i.test(text));

export const hasWildcard = (text: string): boolean => /[*?]/.test(text);

/** `a*b?` as a LIKE pattern with `\` as its escape. */
export function wildcardPattern(text: string): string {
  return text.replace(/[\\%_*?]/g, (c) => (c === '*' ? '%' : c === '?' ? '_' : `\\${c}`));
}

/** A LIKE pattern that finds the text anywhere. */
export const containsPattern = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;
