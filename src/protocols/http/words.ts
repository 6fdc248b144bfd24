// Words that come again and again (media types, host names, phrases): a small cache gives the same string for the same bytes, so
// that none is made per message. Direct-mapped and bounded; what collides is replaced.

import { asciiLower, wireText } from '../../records/text.ts';

const SLOTS = 1024;
const MAX_BYTES = 64;
const slots: string[] = new Array<string>(SLOTS).fill('');

/** The bytes [from, to) as `wireText` gives them; `lower` also puts A to Z into lower case. */
export function word(bytes: Uint8Array, from: number, to: number, lower = false): string {
  const length = to - from;
  if (length === 0) return '';
  if (length > MAX_BYTES) return lower ? asciiLower(wireText(bytes, from, to)) : wireText(bytes, from, to);
  let hash = length;
  for (let i = from; i < to; i++) {
    let b = bytes[i];
    if (b >= 0x80 || b === 0x5c) return lower ? asciiLower(wireText(bytes, from, to)) : wireText(bytes, from, to);
    if (lower && b >= 0x41 && b <= 0x5a) b |= 0x20;
    hash = (Math.imul(hash, 31) + b) | 0;
  }
  const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
  const known = slots[slot];
  if (known.length === length) {
    let i = 0;
    for (; i < length; i++) {
      let b = bytes[from + i];
      if (lower && b >= 0x41 && b <= 0x5a) b |= 0x20;
      if (known.charCodeAt(i) !== b) break;
    }
    if (i === length) return known;
  }
  const text = lower ? asciiLower(wireText(bytes, from, to)) : wireText(bytes, from, to);
  slots[slot] = text;
  return text;
}
