// Domain names on the wire: labels and compression pointers (RFC 1035 sections 3.1 and 4.1.4), and their text (section 5.1). Labels of
// multicast DNS and LLMNR are UTF-8 (RFC 6762 section 16, RFC 4795 section 2), and so are those of private networks (RFC 6055).

import { utf8Sequence } from '../../records/text.ts';
import type { DomainParts } from './domain.ts';
import { latin1 } from './latin1.ts';

const MAX_NAME_OCTETS = 255;
/** No sane writer chains more pointers; a longer chain only burns time (RFC 9267 section 2). */
const MAX_POINTERS = 20;
const HEADER_OCTETS = 12;
const POINTER = 0xc0;

/**
 * Walks the name at `at` and everything that it points to.
 *
 * Returns the offset behind the name's bytes in place, or, when it is wrong, the bitwise complement (a negative number) of the
 * offset of the wrong byte; `~to` says that the name goes beyond `to`. A pointer must point to before the bytes that led to
 * it, so no name can loop, and never into the header.
 */
export function walkName(bytes: Uint8Array, messageAt: number, at: number, to: number): number {
  let position = at;
  let before = at;
  let octets = 1;
  let pointers = 0;
  let end = -1;
  for (;;) {
    if (position >= to) return ~to;
    const label = bytes[position];
    if (label === 0) return end < 0 ? position + 1 : end;
    if (label < 64) {
      octets += label + 1;
      if (octets > MAX_NAME_OCTETS) return ~position;
      position += label + 1;
    } else if (label >= POINTER) {
      if (position + 1 >= to) return ~to;
      const target = messageAt + (((label & 0x3f) << 8) | bytes[position + 1]);
      if (target >= before || target < messageAt + HEADER_OCTETS || ++pointers > MAX_POINTERS) return ~position;
      if (end < 0) end = position + 2;
      before = target;
      position = target;
    } else return ~position;
  }
}

/** Every octet may become four characters. */
const scratch = new Uint8Array(MAX_NAME_OCTETS * 4);

/** A name in presentation form, with what was made of it. */
export class Name {
  readonly text: string;
  /** See `domain.ts`. */
  parts: DomainParts | undefined = undefined;
  /** The question about it in words, and the type and class that it was asked with. */
  words = '';
  wordsType = -1;
  wordsClass = '';

  constructor(text: string) {
    this.text = text;
  }
}

const utf8 = (bytes: Uint8Array, length: number) => Buffer.from(bytes.buffer, 0, length).toString('utf8');

/** Names seen lately, by hash: the same few names come again and again, and what is there costs neither work nor garbage. */
const RECENT = 4096;
const ROOT = new Name('.');
const recentNames: Name[] = new Array(RECENT).fill(ROOT);
/** The bytes of the short ones, for comparing, and how many; 0 for long ones and free places. */
const SHORT = 64;
const recentBytes = new Uint8Array(RECENT * SHORT);
const recentLengths = new Uint8Array(RECENT);

/** Is the name at this place the one in `scratch`? */
function isAt(slot: number, length: number): boolean {
  if (recentLengths[slot] === length) {
    const base = slot * SHORT;
    for (let i = 0; i < length; i++) if (recentBytes[base + i] !== scratch[i]) return false;
    return true;
  }
  const { text } = recentNames[slot];
  if (length <= SHORT || text.length !== length) return false;
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== scratch[i]) return false;
  return true;
}

function keep(slot: number, length: number): Name {
  const name = new Name(latin1(scratch, 0, length));
  recentNames[slot] = name;
  recentLengths[slot] = length <= SHORT ? length : 0;
  if (length <= SHORT) recentBytes.set(scratch.subarray(0, length), slot * SHORT);
  return name;
}

/** Puts an octet at `length` of `scratch` as \DDD; the length behind it. */
function putEscaped(octet: number, length: number): number {
  scratch[length] = 0x5c;
  scratch[length + 1] = 0x30 + ((octet / 100) | 0);
  scratch[length + 2] = 0x30 + (((octet / 10) | 0) % 10);
  scratch[length + 3] = 0x30 + (octet % 10);
  return length + 4;
}

/**
 * The name at `at` in presentation form, without the final dot; the root is `.`. Dots and backslashes inside a label get a
 * backslash; bytes that are neither printable ASCII nor UTF-8 become \DDD. The name must have passed `walkName`.
 */
export function nameText(bytes: Uint8Array, messageAt: number, at: number): string {
  return nameOf(bytes, messageAt, at).text;
}

export function nameOf(bytes: Uint8Array, messageAt: number, at: number): Name {
  let position = at;
  let length = 0;
  let hash = 0;
  let isAscii = true;
  for (;;) {
    const label = bytes[position];
    if (label === 0) break;
    if (label >= POINTER) {
      position = messageAt + (((label & 0x3f) << 8) | bytes[position + 1]);
      continue;
    }
    if (length > 0) scratch[length++] = 0x2e;
    const end = position + 1 + label;
    for (position++; position < end; position++) {
      const octet = bytes[position];
      hash = (Math.imul(hash, 31) + octet) | 0;
      if (octet === 0x2e || octet === 0x5c) {
        scratch[length++] = 0x5c;
        scratch[length++] = octet;
      } else if (octet >= 0x20 && octet <= 0x7e) scratch[length++] = octet;
      else if (octet < 0x80 || utf8Sequence(bytes, position, end) === 0) length = putEscaped(octet, length);
      else {
        isAscii = false;
        const behind = position + utf8Sequence(bytes, position, end);
        scratch[length++] = octet;
        while (++position < behind) scratch[length++] = bytes[position];
        position--;
      }
    }
  }
  if (length === 0) return ROOT;
  // Too rare to be kept.
  if (!isAscii) return new Name(utf8(scratch, length));
  const slot = (hash ^ (hash >>> 15)) & (RECENT - 1);
  return isAt(slot, length) ? recentNames[slot] : keep(slot, length);
}
