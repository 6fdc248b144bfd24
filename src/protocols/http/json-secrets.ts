// Bodies in JSON (RFC 8259): texts are overwritten whose names say that they are secrets, as form parameters are, and texts in the lists and
// objects under such names. Numbers stay: they count tokens more often than they are any. Under a name that the user hides nothing stays. The
// body need not be whole, nor right.

import type { Settings } from './options.ts';
import { hidesNothing, isHidden, mask } from './redact.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPENS = [0x5b, 0x7b];
const CLOSES = [0x5d, 0x7d];
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
    const hides = hidden(bytes, at, nameTo, settings);
    if (hides !== 'nothing') at = maskValue(bytes, value, hides === 'all', settings);
    else at = bytes[value] === QUOTE ? stringEnd(bytes, value + 1) + 1 : value;
  }
}

/** Overwrites the texts, or all, of the value that begins at `at`; gives where it ends. Names within it stay. */
function maskValue(bytes: Uint8Array, at: number, isAll: boolean, settings: Settings): number {
  let depth = 0;
  while (at < bytes.length) {
    const b = bytes[at];
    if (b === QUOTE) {
      const end = stringEnd(bytes, at + 1);
      const behind = blanksEnd(bytes, end + 1);
      if (depth > 0 && bytes[behind] === COLON) {
        const value = blanksEnd(bytes, behind + 1);
        const isMore = !isAll && hidden(bytes, at + 1, end, settings) === 'all';
        at = isMore ? maskValue(bytes, value, true, settings) : value;
        continue;
      }
      mask(bytes, at + 1, end);
      at = end + 1;
    } else if (OPENS.includes(b)) {
      depth++;
      at++;
    } else if (CLOSES.includes(b)) {
      // That of what it stands in.
      if (depth === 0) return at;
      depth--;
      at++;
    } else if (b === COMMA) {
      if (depth === 0) return at;
      at++;
    } else {
      const end = wordEnd(bytes, at);
      if (isAll) mask(bytes, at, end);
      at = end;
    }
    at = blanksEnd(bytes, at);
    if (depth === 0) return at;
  }
  return at;
}

/** Where the number, true, false or null ends that begins at `at`; always behind it. */
function wordEnd(bytes: Uint8Array, at: number): number {
  const from = at;
  while (at < bytes.length && at === blanksEnd(bytes, at) && !isPunctuation(bytes[at])) at++;
  return Math.max(at, from + 1);
}

const isPunctuation = (b: number): boolean =>
  b === QUOTE || b === COMMA || b === COLON || OPENS.includes(b) || CLOSES.includes(b);

/** Offset of the quotation mark that ends the string whose text begins at `at`; the end of the bytes when there is none. */
function stringEnd(bytes: Uint8Array, at: number): number {
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return Math.min(at, bytes.length);
}

function blanksEnd(bytes: Uint8Array, at: number): number {
  while (at < bytes.length && (bytes[at] === 32 || (bytes[at] >= 9 && bytes[at] <= 13))) at++;
  return at;
}

/** What of the value of this name nobody shall see. */
function hidden(bytes: Uint8Array, from: number, to: number, settings: Settings): 'nothing' | 'texts' | 'all' {
  const name = Buffer.from(unescaped(Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString()));
  if (!isHidden(name, 0, name.length, settings)) return 'nothing';
  const lower = name.toString().toLowerCase();
  if (settings.hideKeywords.has(lower)) return 'all';
  return lower === CODE ? 'nothing' : 'texts';
}

function unescaped(name: string): string {
  if (!name.includes('\\')) return name;
  try {
    return JSON.parse(`"${name}"`);
  } catch {
    return name;
  }
}
