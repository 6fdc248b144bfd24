// Text from the wire: valid UTF-8 is kept, every other byte becomes \xNN, and backslashes that stand before an x or before such a byte
// are doubled, so that the bytes can be told from the text and nothing is lost.

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const HEX = '0123456789abcdef';

/** Length of the valid UTF-8 sequence at `at` (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF); 0 when there is none. */
export function utf8Sequence(bytes: Uint8Array, at: number, end: number): number {
  const b = bytes[at];
  if (b < 0x80) return 1;
  if (b < 0xc2 || b > 0xf4) return 0;
  const length = b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
  if (at + length > end) return 0;
  const second = bytes[at + 1];
  if (second < 0x80 || second > 0xbf) return 0;
  if (b === 0xe0 && second < 0xa0) return 0;
  if (b === 0xed && second > 0x9f) return 0;
  if (b === 0xf0 && second < 0x90) return 0;
  if (b === 0xf4 && second > 0x8f) return 0;
  for (let i = 2; i < length; i++) {
    const next = bytes[at + i];
    if (next < 0x80 || next > 0xbf) return 0;
  }
  return length;
}

/** Where the run of backslashes at `at` ends. */
export function backslashesEnd(bytes: Uint8Array, at: number, to: number): number {
  let end = at;
  while (end < to && bytes[end] === 0x5c) end++;
  return end;
}

/** Backslashes that end at `end` are doubled: what follows would otherwise read as an escaped byte, or is one. */
export function isDoubled(bytes: Uint8Array, end: number, to: number): boolean {
  return end < to && (bytes[end] === 0x78 || utf8Sequence(bytes, end, to) === 0);
}

/** The bytes [from, to) as text that is safe to put into any record. */
export function wireText(bytes: Uint8Array, from: number, to: number): string {
  let plain = true;
  for (let i = from; i < to; i++) {
    const b = bytes[i];
    if (b >= 0x80 || b === 0x5c) {
      plain = false;
      break;
    }
  }
  if (plain) return asciiText(bytes, from, to);
  let out = '';
  let start = from;
  let i = from;
  while (i < to) {
    if (bytes[i] === 0x5c) {
      const end = backslashesEnd(bytes, i, to);
      if (isDoubled(bytes, end, to)) {
        out += decoder.decode(bytes.subarray(start, end)) + '\\'.repeat(end - i);
        start = end;
      }
      i = end;
      continue;
    }
    const length = utf8Sequence(bytes, i, to);
    if (length === 0) {
      out += `${decoder.decode(bytes.subarray(start, i))}\\x${HEX[bytes[i] >> 4]}${HEX[bytes[i] & 15]}`;
      i += 1;
      start = i;
    } else i += length;
  }
  return out + decoder.decode(bytes.subarray(start, to));
}

/** Bytes that are known to be ASCII, as a string. */
export function asciiText(bytes: Uint8Array, from: number, to: number): string {
  if (to - from < 12) {
    let out = '';
    for (let i = from; i < to; i++) out += String.fromCharCode(bytes[i]);
    return out;
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
}

/** A to Z in lower case, everything else as it is (`toLowerCase` would change letters that no protocol compares, and lengths). */
export function asciiLower(text: string): string {
  return text.replace(/[A-Z]+/g, (upper) => upper.toLowerCase());
}
