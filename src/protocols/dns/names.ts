// Domain names on the wire: labels and compression pointers (RFC 1035 sections 3.1 and 4.1.4), and their text (section 5.1). Labels of
// multicast DNS and LLMNR are UTF-8 (RFC 6762 section 16, RFC 4795 section 2), and so are those of private networks (RFC 6055).

import { utf8Sequence } from '../../records/text.ts';
import { wordsOf } from '../../wire/words.ts';
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

/** Names seen lately, by hash: the same few names come again and again, and what is there costs neither work nor garbage. */
const RECENT = 16_384;
const ROOT = new Name('.');
const recentNames: Name[] = new Array(RECENT).fill(ROOT);
/** The labels of the short ones as they stand on the wire, for comparing, and how many octets; 0 for free places. */
const SHORT = 64;
const recentOctets = new Uint8Array(RECENT * SHORT);
const recentWords = new DataView(recentOctets.buffer);
const recentLengths = new Uint8Array(RECENT);

/** The labels of a name that is written with pointers, one behind the other. */
const joined = new Uint8Array(MAX_NAME_OCTETS);
const joinedWords = new DataView(joined.buffer);
/** Every octet may become four characters. */
const scratch = new Uint8Array(MAX_NAME_OCTETS * 4);

const utf8 = (bytes: Uint8Array, length: number) => Buffer.from(bytes.buffer, 0, length).toString('utf8');

/** Does the name kept at `base` have these labels? */
function isAt(base: number, words: DataView, bytes: Uint8Array, from: number, length: number): boolean {
  let i = 0;
  for (; i + 4 <= length; i += 4) if (recentWords.getInt32(base + i) !== words.getInt32(from + i)) return false;
  for (; i < length; i++) if (recentOctets[base + i] !== bytes[from + i]) return false;
  return true;
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
  let end = at;
  let label = bytes[end];
  while (label !== 0 && label < POINTER) {
    end += label + 1;
    label = bytes[end];
  }
  if (label === 0) return nameOfLabels(bytes, wordsOf(bytes), at, end - at);
  return nameOfLabels(joined, joinedWords, 0, join(bytes, messageAt, at));
}

/** Puts the labels of the name at `at` into `joined`; how many octets they are, without the root's. */
function join(bytes: Uint8Array, messageAt: number, at: number): number {
  let length = 0;
  let position = at;
  for (let label = bytes[position]; label !== 0; label = bytes[position]) {
    if (label >= POINTER) {
      position = messageAt + (((label & 0x3f) << 8) | bytes[position + 1]);
      continue;
    }
    const end = position + label + 1;
    while (position < end) joined[length++] = bytes[position++];
  }
  return length;
}

/** The name of the labels bytes[from, from + length). */
function nameOfLabels(bytes: Uint8Array, words: DataView, from: number, length: number): Name {
  if (length === 0) return ROOT;
  if (length > SHORT) return new Name(textOf(bytes, from, length));
  let hash = length;
  let i = 0;
  for (; i + 4 <= length; i += 4) hash = Math.imul(hash ^ words.getInt32(from + i), 0x01000193) ^ (hash >>> 13);
  for (; i < length; i++) hash = Math.imul(hash ^ bytes[from + i], 0x01000193);
  const place = (hash ^ (hash >>> 15)) & (RECENT - 1);
  const base = place * SHORT;
  if (recentLengths[place] === length && isAt(base, words, bytes, from, length)) return recentNames[place];
  recentLengths[place] = length;
  for (let k = 0; k < length; k++) recentOctets[base + k] = bytes[from + k];
  return (recentNames[place] = new Name(textOf(bytes, from, length)));
}

/** The labels bytes[from, from + octets) in presentation form. */
function textOf(bytes: Uint8Array, from: number, octets: number): string {
  let length = 0;
  let isAscii = true;
  for (let position = from; position < from + octets; ) {
    if (length > 0) scratch[length++] = 0x2e;
    const end = position + 1 + bytes[position];
    for (position++; position < end; position++) {
      const octet = bytes[position];
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
  return isAscii ? latin1(scratch, 0, length) : utf8(scratch, length);
}
