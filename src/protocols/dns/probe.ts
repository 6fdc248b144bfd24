// Is it DNS? On its own ports a sane header is enough, or a whole message with a code that is not assigned yet; anywhere else header and
// message must be right to the last byte.

import { datagramHeaderLength } from '../haproxy/header.ts';
import { u16 } from '../octets.ts';
import type { Transport } from '../protocol.ts';
import { isKnownClass, isKnownOpcode, isKnownType, OPCODE_QUERY, TYPE_OPT } from './codes.ts';
import {
  CLASS_TOP_BIT,
  FLAG_AA,
  FLAG_QR,
  FLAG_RA,
  FLAG_TC,
  FLAG_Z,
  HEADER_OCTETS,
  Message,
  RCODE_MASK,
} from './message.ts';

const LENGTH_OCTETS = 2;
/** Multicast DNS asks many things at once; Zeek's limit for unicast is 25. */
const MAX_QUESTIONS = 255;
/** Beyond its own ports nobody begins with a longer message over TCP, and nobody should wait for so many bytes. */
const MAX_FIRST_MESSAGE = 4096;
const HIGHEST_HEADER_RCODE = 11;

const message = new Message();

export function probe(bytes: Uint8Array, from: number, to: number, hinted: boolean, transport: Transport): Answer {
  if (transport !== 'tcp') {
    if (datagramHeaderLength(bytes, from, to) > 0) return 'no';
    if (to - from < HEADER_OCTETS) return 'no';
    const isPlausible = isPlausibleHeader(bytes, from);
    if (isPlausible && hinted) return 'yes';
    return (isPlausible || hinted) && isWholeMessage(bytes, from, to) ? 'yes' : 'no';
  }
  if (to - from < LENGTH_OCTETS) return 'more';
  const length = u16(bytes, from);
  if (length < HEADER_OCTETS || (!hinted && length > MAX_FIRST_MESSAGE)) return 'no';
  const start = from + LENGTH_OCTETS;
  if (to - start < HEADER_OCTETS) return 'more';
  const isPlausible = isPlausibleHeader(bytes, start);
  if (!isPlausible && !hinted) return 'no';
  if (isPlausible && hinted) return 'yes';
  // Counts first: most of what is not DNS has none that make sense, and is not waited for.
  if (u16(bytes, start + 4) !== 1) return 'no';
  if (to - start < length) return 'more';
  return isWholeMessage(bytes, start, start + length) ? 'yes' : 'no';
}

type Answer = 'yes' | 'no' | 'more';

/** Opcode, Z, response code and number of questions make sense. The 12 bytes must be there. */
export function isPlausibleHeader(bytes: Uint8Array, at: number): boolean {
  const flags = u16(bytes, at + 2);
  if (!isKnownOpcode((flags >>> 11) & 15)) return false;
  if ((flags & RCODE_MASK) > HIGHEST_HEADER_RCODE) return false;
  if (u16(bytes, at + 4) > MAX_QUESTIONS) return false;
  // Z is reserved, yet some set it; then the rest must look all the more usual.
  return (flags & FLAG_Z) === 0 || u16(bytes, at + 4) <= 1;
}

/** One known question, sections that fill the message exactly, and flags that fit a query or a response. */
export function isWholeMessage(bytes: Uint8Array, from: number, to: number): boolean {
  if (!message.parse(bytes, from, to, to - from) || message.fault !== 'none' || message.end !== to) return false;
  const { flags, opcode } = message;
  if ((flags & FLAG_Z) !== 0 || message.questions !== 1) return false;
  if ((flags & FLAG_QR) === 0) {
    if ((flags & (FLAG_RA | FLAG_TC | RCODE_MASK)) !== 0) return false;
    if (opcode === OPCODE_QUERY && ((flags & FLAG_AA) !== 0 || message.answers > 0)) return false;
  }
  if (!isKnownType(message.type(0)) || !isKnownClass(message.class(0) & ~CLASS_TOP_BIT)) return false;
  if (isNetBiosName(bytes, message.nameAt[0])) return false;
  const records = message.answers + message.authorities + message.additionals;
  for (let i = message.firstAnswer; i < message.firstAnswer + records; i++) {
    const type = message.type(i);
    if (!isKnownType(type)) return false;
    // The class of OPT is a size.
    if (type !== TYPE_OPT && !isKnownClass(message.class(i) & ~CLASS_TOP_BIT)) return false;
  }
  return true;
}

const NETBIOS_NAME_OCTETS = 32;

/**
 * NetBIOS name service has DNS's format and names of one label with 32 letters from A to P (RFC 1002 section 4.1). Both
 * alternatives of its types, NB (32) and NBSTAT (33), are DNS types too.
 */
function isNetBiosName(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== NETBIOS_NAME_OCTETS) return false;
  for (let i = at + 1; i <= at + NETBIOS_NAME_OCTETS; i++) if (bytes[i] < 0x41 || bytes[i] > 0x50) return false;
  return true;
}
