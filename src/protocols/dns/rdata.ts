// Resource records as people read them: the common fields, `data`, and the typed fields of types that have more than one.
// Truth: RFC 1035 section 3.3 and the RFC named at each type. RDATA that contradicts its type, and RDATA of unknown types,
// is written as RFC 3597 section 5 has it: `\# 3 abcdef`.

import { formatV4 } from '../../records/address.ts';
import { wireText } from '../../records/text.ts';
import { u16, u32, v6Text } from '../octets.ts';
import * as code from './codes.ts';
import { dnskey, ds, nsec, nsec3, nsec3param, rrsig } from './dnssec.ts';
import { amtrelay, hip, ipseckey } from './gateways.ts';
import { a6, atma, nimrod, nsap, nxt, px, wks } from './historic.ts';
import { caa, cert, eui, hinfo, loc, naptr, sshfp, tlsa, twoNames, uri } from './less-common.ts';
import { CLASS_TOP_BIT, type Message } from './message.ts';
import { nameText, walkName } from './names.ts';
import { apl, csync, doa, dsync, encoded, locator32, locator64, locatorName, zonemd } from './rarer.ts';
import { genericRdata, nameTo, type Rdata, type RdataDecoder } from './rdata-parts.ts';
import type { ResourceRecord } from './record.ts';
import { svcb } from './svcb.ts';
import { tkey, tsig } from './transaction-security.ts';

/** Index: type number. */
const DECODERS: (RdataDecoder | undefined)[] = [];
for (const type of [2, 3, 4, code.TYPE_CNAME, 7, 8, 9, code.TYPE_PTR, 23, 39]) DECODERS[type] = singleName;
DECODERS[code.TYPE_A] = a;
DECODERS[code.TYPE_AAAA] = aaaa;
DECODERS[code.TYPE_SOA] = soa;
DECODERS[code.TYPE_MX] = preferenceAndName;
DECODERS[18] = preferenceAndName;
DECODERS[21] = preferenceAndName;
DECODERS[36] = preferenceAndName;
for (const type of [code.TYPE_TXT, 19, 20, 27, 56, 99, 258, 261, 262, 263]) DECODERS[type] = txt;
DECODERS[code.TYPE_SRV] = srv;
DECODERS[code.TYPE_HINFO] = hinfo;
DECODERS[code.TYPE_LOC] = loc;
DECODERS[14] = twoNames;
DECODERS[17] = twoNames;
DECODERS[58] = twoNames;
DECODERS[37] = cert;
DECODERS[108] = eui;
DECODERS[109] = eui;
DECODERS[249] = tkey;
DECODERS[250] = tsig;
DECODERS[256] = uri;
DECODERS[42] = apl;
DECODERS[49] = encoded;
DECODERS[61] = encoded;
DECODERS[62] = csync;
DECODERS[63] = zonemd;
DECODERS[104] = locator64;
DECODERS[105] = locator32;
DECODERS[106] = locator64;
DECODERS[107] = locatorName;
DECODERS[code.TYPE_NAPTR] = naptr;
DECODERS[code.TYPE_SSHFP] = sshfp;
DECODERS[code.TYPE_TLSA] = tlsa;
DECODERS[53] = tlsa;
DECODERS[code.TYPE_CAA] = caa;
DECODERS[code.TYPE_DS] = ds;
DECODERS[59] = ds;
DECODERS[code.TYPE_DNSKEY] = dnskey;
for (const type of [25, 57, 60]) DECODERS[type] = dnskey;
DECODERS[code.TYPE_RRSIG] = rrsig;
DECODERS[24] = rrsig;
DECODERS[code.TYPE_NSEC] = nsec;
DECODERS[code.TYPE_NSEC3] = nsec3;
DECODERS[code.TYPE_NSEC3PARAM] = nsec3param;
DECODERS[code.TYPE_SVCB] = svcb;
DECODERS[code.TYPE_HTTPS] = svcb;
DECODERS[66] = dsync;
DECODERS[259] = doa;
DECODERS[45] = ipseckey;
DECODERS[55] = hip;
DECODERS[260] = amtrelay;
DECODERS[11] = wks;
DECODERS[22] = nsap;
DECODERS[26] = px;
DECODERS[30] = nxt;
DECODERS[31] = nimrod;
DECODERS[32] = nimrod;
DECODERS[34] = atma;
DECODERS[38] = a6;

/** A pointer to the first question's name: how nearly every answer names its owner. */
const POINTER_TO_QUESTION = 0xc00c;

/**
 * One record. `questionName` saves reading the same name again; `flushBit` says that the class has one (multicast DNS).
 */
export function resourceRecord(
  message: Message,
  entry: number,
  questionName: string,
  flushBit: boolean,
): ResourceRecord {
  const { bytes } = message;
  const nameAt = message.nameAt[entry];
  const type = message.type(entry);
  const wireClass = message.class(entry);
  const record: Rdata = {
    name:
      u16(bytes, nameAt) === POINTER_TO_QUESTION && questionName !== ''
        ? questionName
        : nameText(bytes, message.at, nameAt),
    type: code.typeName(type),
    class: code.className(flushBit ? wireClass & ~CLASS_TOP_BIT : wireClass),
    ttl: ttlText(message.ttl(entry)),
    data: '',
  };
  if (flushBit && (wireClass & CLASS_TOP_BIT) !== 0) record.cacheFlush = true;
  const at = message.rdataAt(entry);
  const end = message.rdataEnd(entry);
  const decode = type < DECODERS.length ? DECODERS[type] : decoderOfHigh(type);
  // No RDATA at all is how RFC 2136 says "any" and "delete".
  if (at < end && (decode === undefined || !decode(record, bytes, message.at, at, end)))
    record.data = genericRdata(bytes, at, end);
  return record as ResourceRecord;
}

/** The numbers of two types are too high for a table that V8 reads fast. */
function decoderOfHigh(type: number): RdataDecoder | undefined {
  return type === code.TYPE_TA || type === code.TYPE_DLV ? ds : undefined;
}

/** Texts of times to live seen lately: there are few. */
const TTLS = 256;
const ttls = new Float64Array(TTLS);
const ttlTexts: string[] = new Array(TTLS).fill('0');

function ttlText(ttl: number): string {
  const place = (ttl ^ (ttl >>> 8)) & (TTLS - 1);
  if (ttls[place] !== ttl) {
    ttls[place] = ttl;
    ttlTexts[place] = String(ttl);
  }
  return ttlTexts[place];
}

function a(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  if (end - at !== 4) return false;
  into.data = formatV4(u32(bytes, at));
  return true;
}

/** RFC 3596. */
function aaaa(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  if (end - at !== 16) return false;
  into.data = v6Text(bytes, at);
  return true;
}

function singleName(into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number): boolean {
  const name = nameTo(bytes, messageAt, at, end);
  if (name === undefined) return false;
  into.data = name;
  return true;
}

function soa(into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number): boolean {
  const mailbox = walkName(bytes, messageAt, at, end);
  if (mailbox < 0) return false;
  const numbers = walkName(bytes, messageAt, mailbox, end);
  if (numbers < 0 || end - numbers !== 20) return false;
  into.data = nameText(bytes, messageAt, at);
  into.rname = nameText(bytes, messageAt, mailbox);
  into.serial = u32(bytes, numbers);
  into.refresh = u32(bytes, numbers + 4);
  into.retry = u32(bytes, numbers + 8);
  into.expire = u32(bytes, numbers + 12);
  into.minimum = u32(bytes, numbers + 16);
  return true;
}

/** MX; AFSDB (its subtype), RT, KX have the same form. */
function preferenceAndName(into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number): boolean {
  if (end - at < 3) return false;
  const name = nameTo(bytes, messageAt, at + 2, end);
  if (name === undefined) return false;
  into.preference = u16(bytes, at);
  into.data = name;
  return true;
}

/** TXT and others that are strings alone. They are joined by spaces, as Packetbeat does. A length that goes beyond the RDATA is an error. */
function txt(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  let text = '';
  for (let next = at; next < end; next += 1 + bytes[next]) {
    const to = next + 1 + bytes[next];
    if (to > end) return false;
    if (next > at) text += ' ';
    text += wireText(bytes, next + 1, to);
  }
  into.data = text;
  return true;
}

/** RFC 2782. */
function srv(into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number): boolean {
  if (end - at < 7) return false;
  const target = nameTo(bytes, messageAt, at + 6, end);
  if (target === undefined) return false;
  into.priority = u16(bytes, at);
  into.weight = u16(bytes, at + 2);
  into.port = u16(bytes, at + 4);
  into.data = target;
  return true;
}
