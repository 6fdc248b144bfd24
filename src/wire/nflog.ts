// Linux netfilter log: LINKTYPE_NFLOG in tcpdump.org's registry. Family, version, resource id, then attributes (length,
// type, data, padded to 4 bytes) of which NFULA_PAYLOAD is the packet. Their numbers are in the capturing machine's order.

import { type Cursor, Fault } from './cursor.ts';
import { Layer } from './layers.ts';
import { OTHER_FAMILY, other } from './other.ts';

const NFLOG_HEADER = 4;
const ATTRIBUTE_TYPE = 2;
const ATTRIBUTE_HEADER = 4;
/** NFULA_PAYLOAD; the two bits above are flags. */
const ATTRIBUTE_PAYLOAD = 9;
const ATTRIBUTE_TYPE_MASK = 0x3fff;

const FAMILY_INET = 2;
const FAMILY_BRIDGE = 7;
const FAMILY_INET6 = 10;

const NFLOG = Layer.nflog;
const IP = Layer.ip;
const IPV6 = Layer.ipv6;
const RAW = Layer.raw;

export function decodeNflog(c: Cursor): number {
  const { at, view, end } = c;
  if (end - at < NFLOG_HEADER + ATTRIBUTE_HEADER) return c.short(NFLOG, NFLOG_HEADER + ATTRIBUTE_HEADER);
  let attribute = at + NFLOG_HEADER;
  // The first attribute is short (it is the packet header's): in the wrong order its length would be 256 or more.
  const little = view.getUint16(attribute, true) < 256;
  while (end - attribute >= ATTRIBUTE_HEADER) {
    const length = view.getUint16(attribute, little);
    if (length < ATTRIBUTE_HEADER) return c.fail(Fault.malformed, NFLOG, attribute);
    if ((view.getUint16(attribute + ATTRIBUTE_TYPE, little) & ATTRIBUTE_TYPE_MASK) === ATTRIBUTE_PAYLOAD) {
      c.push(NFLOG, at, attribute + ATTRIBUTE_HEADER - at);
      c.at = attribute + ATTRIBUTE_HEADER;
      if (attribute + length < c.wireEnd) c.wireEnd = attribute + length;
      if (c.wireEnd < end) c.end = c.wireEnd;
      return enterFamily(c, c.bytes[at]);
    }
    attribute += (length + 3) & ~3;
  }
  return c.short(NFLOG, attribute + ATTRIBUTE_HEADER - at);
}

function enterFamily(c: Cursor, family: number): number {
  if (family === FAMILY_INET) return IP;
  if (family === FAMILY_INET6) return IPV6;
  return family === FAMILY_BRIDGE ? RAW : other(c, OTHER_FAMILY + family);
}
