// Words that come again and again (media types, host names, phrases): a small cache gives the same string for the same bytes, so
// that none is made per message. Direct-mapped and bounded; what collides is replaced. Bytes are hashed and compared four at a time.

import { asciiLower, wireText } from '../../records/text.ts';
import { bytesDiffer, copyBytes } from '../../wire/bytes.ts';

const SLOTS = 1024;
const MAX_BYTES = 64;
const WORD = 4;

/** What each slot has: a string, and the bytes on the wire that it stands for, `lengths` of them. */
interface Cache {
  readonly texts: string[];
  readonly lengths: Uint8Array;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

const asSent = newCache();
const inLower = newCache();

function newCache(): Cache {
  const bytes = new Uint8Array(SLOTS * MAX_BYTES);
  const texts = new Array<string>(SLOTS).fill('');
  return { texts, lengths: new Uint8Array(SLOTS), bytes, view: new DataView(bytes.buffer) };
}

/** The bytes [from, to), which `view` shows too, as `wireText` gives them; `lower` also puts A to Z into lower case. */
export function word(bytes: Uint8Array, view: DataView, from: number, to: number, lower = false): string {
  const length = to - from;
  if (length > MAX_BYTES) return textOf(bytes, from, to, lower);
  const { texts, lengths, bytes: known, view: knownView } = lower ? inLower : asSent;
  const slot = slotOf(view, bytes, from, to);
  const at = slot * MAX_BYTES;
  if (lengths[slot] !== length || bytesDiffer(known, knownView, at, bytes, view, from, length)) {
    texts[slot] = textOf(bytes, from, to, lower);
    lengths[slot] = length;
    copyBytes(bytes, from, to, known, at);
  }
  return texts[slot];
}

function textOf(bytes: Uint8Array, from: number, to: number, lower: boolean): string {
  const text = wireText(bytes, from, to);
  return lower ? asciiLower(text) : text;
}

function slotOf(view: DataView, bytes: Uint8Array, from: number, to: number): number {
  let hash = to - from;
  let at = from;
  for (; at + WORD <= to; at += WORD) hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1) ^ (hash >>> 15);
  for (; at < to; at++) hash = Math.imul(hash ^ bytes[at], 0x85ebca77);
  return (hash ^ (hash >>> 16)) & (SLOTS - 1);
}
