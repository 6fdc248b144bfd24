// Bodies in JSON (RFC 8259): texts are overwritten whose names say that they are secrets, as form parameters are. Numbers stay: they count
// tokens more often than they are any. The body need not be whole, nor right.

import type { Settings } from './options.ts';
import { hidesNothing, isHidden, mask } from './redact.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
/** A name of its own in OAuth's parameters; in JSON it is what came out. */
const CODE = 'code';

/** Overwrites secret texts. Every byte is looked at once. */
export function maskJson(bytes: Uint8Array, settings: Settings): void {
  if (hidesNothing(settings)) return;
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at++] !== QUOTE) continue;
    const nameTo = stringEnd(bytes, at);
    const behind = blanksEnd(bytes, nameTo + 1);
    if (bytes[behind] !== COLON) {
      at = behind;
      continue;
    }
    const value = blanksEnd(bytes, behind + 1);
    if (bytes[value] !== QUOTE) {
      at = value;
      continue;
    }
    const valueTo = stringEnd(bytes, value + 1);
    if (isSecret(bytes, at, nameTo, settings)) mask(bytes, value + 1, valueTo);
    at = valueTo + 1;
  }
}

/** Offset of the quotation mark that ends the string whose text begins at `at`; the end of the bytes when there is none. */
function stringEnd(bytes: Uint8Array, at: number): number {
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return Math.min(at, bytes.length);
}

function blanksEnd(bytes: Uint8Array, at: number): number {
  while (at < bytes.length && (bytes[at] === 32 || (bytes[at] >= 9 && bytes[at] <= 13))) at++;
  return at;
}

function isSecret(bytes: Uint8Array, from: number, to: number, settings: Settings): boolean {
  const name = Buffer.from(unescaped(Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString()));
  if (!isHidden(name, 0, name.length, settings)) return false;
  return name.toString().toLowerCase() !== CODE || settings.hideKeywords.has(CODE);
}

function unescaped(name: string): string {
  if (!name.includes('\\')) return name;
  try {
    return JSON.parse(`"${name}"`);
  } catch {
    return name;
  }
}
