// What the decoders of RDATA share: the contract, and how bytes, addresses and names become text.

import { nameText, walkName } from './names.ts';
import type { ResourceRecord } from './record.ts';

/** What decoders fill. Fields that a type does not have are left out. */
export type Rdata = { -readonly [K in keyof ResourceRecord]?: ResourceRecord[K] };
/** Fills `into` from RDATA [at, end) of the message that starts at `messageAt`; false when the bytes do not fit the type. */
export type RdataDecoder = (into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number) => boolean;

/** RFC 3597 section 5. */
export function genericRdata(bytes: Uint8Array, at: number, end: number): string {
  return `\\# ${end - at} ${hex(bytes, at, end)}`;
}

export function hex(bytes: Uint8Array, at: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString('hex');
}

export function base64(bytes: Uint8Array, at: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString('base64');
}

/** A character-string as zone files write it (RFC 1035 section 5.1). */
export function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** The text of a name that ends exactly at `end`, or undefined. */
export function nameTo(bytes: Uint8Array, messageAt: number, at: number, end: number): string | undefined {
  return walkName(bytes, messageAt, at, end) === end ? nameText(bytes, messageAt, at) : undefined;
}

/** Adds the text of each bit that is set in bytes[from, to), which are counted from the highest one of the first byte. */
export function pushBits(
  words: string[],
  bytes: Uint8Array,
  from: number,
  to: number,
  text: (bit: number) => string,
): void {
  for (let i = from; i < to; i++) {
    for (let bit = 0; bit < 8; bit++) if ((bytes[i] & (0x80 >> bit)) !== 0) words.push(text((i - from) * 8 + bit));
  }
}
