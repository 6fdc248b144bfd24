// The OPT pseudo-record (RFC 6891) and the options in it, into the record's fields. Numbers: IANA "DNS EDNS0 Option Codes".

import { formatV4 } from '../../records/address.ts';
import { wireText } from '../../records/text.ts';
import { u16, u32, v6Text } from '../octets.ts';
import { algorithmName, digestName, extendedErrorName, rcodeName } from './codes.ts';
import type { Message } from './message.ts';
import { hex, nameTo } from './rdata-parts.ts';
import type { DnsRecord, ExtendedError } from './record.ts';

const OPTION_LLQ = 1;
const OPTION_UL = 2;
const OPTION_NSID = 3;
const OPTION_DAU = 5;
const OPTION_DHU = 6;
const OPTION_N3U = 7;
const OPTION_SUBNET = 8;
const OPTION_EXPIRE = 9;
const OPTION_COOKIE = 10;
const OPTION_KEEPALIVE = 11;
const OPTION_PADDING = 12;
const OPTION_CHAIN = 13;
const OPTION_KEY_TAG = 14;
const OPTION_EXTENDED_ERROR = 15;
const LOCAL_FIRST = 65001;
const LOCAL_LAST = 65534;

/** A message may hold thousands of empty options; nobody reads more than these. */
const MAX_OTHER_OPTIONS = 64;

export function clearEdns(into: DnsRecord): void {
  into.optVersion = undefined;
  into.optDo = undefined;
  into.optExtRcode = undefined;
  into.optUdpSize = undefined;
  into.optDau = undefined;
  into.optDhu = undefined;
  into.optN3u = undefined;
  into.optLlq = undefined;
  into.optLocal = undefined;
  into.optNsid = undefined;
  into.optSubnet = undefined;
  into.optCookie = undefined;
  into.optUl = undefined;
  into.optExpire = undefined;
  into.extendedErrors = undefined;
  into.padding = undefined;
  into.tcpKeepalive = undefined;
  into.chain = undefined;
  into.keyTags = undefined;
  into.otherOptions = undefined;
}

/** DO: the top bit of the flags in the OPT record's TTL. */
export function hasDnssecOk(message: Message): boolean {
  return message.opt >= 0 && (message.ttl(message.opt) & 0x8000) !== 0;
}

/**
 * `into` was cleared before. Options that do not fit their type go to `otherOptions` with all their bytes; one that goes beyond the record
 * and what follows it, as `malformed`.
 */
export function fillEdns(into: DnsRecord, message: Message): void {
  const { bytes, opt } = message;
  const ttl = message.ttl(opt);
  into.optVersion = String((ttl >>> 16) & 255);
  into.optDo = (ttl & 0x8000) !== 0;
  into.optExtRcode = rcodeName((ttl >>> 24) << 4);
  into.optUdpSize = message.class(opt);
  const end = message.rdataEnd(opt);
  let others: [string, string][] | undefined;
  for (let at = message.rdataAt(opt); at < end; ) {
    const from = at + 4;
    const to = from <= end ? from + u16(bytes, at + 2) : from;
    if (to > end) {
      others = [...(others ?? []), ['malformed', hex(bytes, at, end)]];
      break;
    }
    const code = u16(bytes, at);
    if (!fillOption(into, message, code, from, to)) {
      others ??= [];
      if (others.length < MAX_OTHER_OPTIONS) others.push([String(code), hex(bytes, from, to)]);
    }
    at = to;
  }
  into.otherOptions = others;
}

function fillOption(into: DnsRecord, message: Message, code: number, from: number, to: number): boolean {
  const { bytes } = message;
  const length = to - from;
  switch (code) {
    case OPTION_COOKIE:
      into.optCookie = hex(bytes, from, to);
      return true;
    case OPTION_NSID:
      into.optNsid = hex(bytes, from, to);
      return true;
    case OPTION_SUBNET:
      into.optSubnet = subnetText(bytes, from, to);
      return into.optSubnet !== undefined;
    case OPTION_DAU:
      into.optDau = namesOf(bytes, from, to, algorithmName);
      return true;
    case OPTION_DHU:
      into.optDhu = namesOf(bytes, from, to, digestName);
      return true;
    case OPTION_N3U:
      into.optN3u = namesOf(bytes, from, to, digestName);
      return true;
    case OPTION_EXPIRE:
      // Empty in a query: "tell me" (RFC 7314 section 3.1).
      if (length === 4) into.optExpire = u32(bytes, from);
      return length === 4 || length === 0;
    case OPTION_KEEPALIVE:
      // Units of 100 ms, empty in a query (RFC 7828 section 3.1).
      if (length === 2) into.tcpKeepalive = u16(bytes, from) / 10;
      return length === 2 || length === 0;
    case OPTION_PADDING:
      into.padding = length;
      return true;
    case OPTION_CHAIN:
      into.chain = nameTo(bytes, message.at, from, to);
      return into.chain !== undefined;
    case OPTION_KEY_TAG:
      into.keyTags = keyTags(bytes, from, to);
      return length % 2 === 0;
    case OPTION_EXTENDED_ERROR:
      return addExtendedError(into, bytes, from, to);
    case OPTION_LLQ:
      if (length !== 18) return false;
      into.optLlq = `${u16(bytes, from)} ${u16(bytes, from + 2)} ${u16(bytes, from + 4)} ${u64(bytes, from + 6)} ${u32(bytes, from + 14)}`;
      return true;
    case OPTION_UL:
      if (length === 4) into.optUl = String(u32(bytes, from));
      else if (length === 8) into.optUl = `${u32(bytes, from)} ${u32(bytes, from + 4)}`;
      return length === 4 || length === 8;
    default:
      if (code < LOCAL_FIRST || code > LOCAL_LAST || into.optLocal !== undefined) return false;
      into.optLocal = hex(bytes, from, to);
      return true;
  }
}

/** RFC 7871 section 6: address, source prefix length, scope prefix length; the address is cut to the prefix. */
function subnetText(bytes: Uint8Array, from: number, to: number): string | undefined {
  const octets = to - from - 4;
  if (octets < 0 || octets > 16) return undefined;
  const address = new Uint8Array(16);
  for (let i = 0; i < octets; i++) address[i] = bytes[from + 4 + i];
  const family = u16(bytes, from);
  const prefixes = `${bytes[from + 2]}/${bytes[from + 3]}`;
  if (family === 1 && octets <= 4) return `${formatV4(u32(address, 0))}/${prefixes}`;
  return family === 2 ? `${v6Text(address, 0)}/${prefixes}` : undefined;
}

function namesOf(bytes: Uint8Array, from: number, to: number, name: (code: number) => string): string {
  let text = '';
  for (let i = from; i < to; i++) text += `${i > from ? ' ' : ''}${name(bytes[i])}`;
  return text;
}

function keyTags(bytes: Uint8Array, from: number, to: number): string[] {
  const tags: string[] = [];
  for (let at = from; at + 2 <= to; at += 2) tags.push(String(u16(bytes, at)));
  return tags;
}

/** RFC 8914 section 2: INFO-CODE, EXTRA-TEXT. There may be several; a reader is served by the first few. */
function addExtendedError(into: DnsRecord, bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 2) return false;
  const infoCode = u16(bytes, from);
  const extraText = to - from > 2 ? wireText(bytes, from + 2, to) : undefined;
  const error: ExtendedError = { infoCode, purpose: extendedErrorName(infoCode), extraText };
  const before = into.extendedErrors ?? [];
  if (before.length < MAX_OTHER_OPTIONS) into.extendedErrors = [...before, error];
  return true;
}

function u64(bytes: Uint8Array, at: number): string {
  return ((BigInt(u32(bytes, at)) << 32n) | BigInt(u32(bytes, at + 4))).toString();
}
