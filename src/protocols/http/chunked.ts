// The framing of chunked bodies (RFC 9112 section 7.1): sizes, extensions, line endings and trailers; the data between them is the
// parser's. Byte by byte, so that it does not matter how the stream is cut, and nothing is kept but a trailer's name.

import type { Message } from './message.ts';

const LF = 10;
const CR = 13;
const TAB = 9;
const SP = 32;
const COLON = 0x3a;
const SEMICOLON = 0x3b;

const MAX_TRAILERS = 16;
const MAX_TRAILER_NAME_BYTES = 64;

/** What `read` found: more is needed; `size` bytes of data follow; the body is complete; this is no chunked body. */
export const MORE = 0;
export const DATA = 1;
export const DONE = 2;
export const BROKEN = 3;
export type Found = typeof MORE | typeof DATA | typeof DONE | typeof BROKEN;

const SIZE = 0;
const EXTENSION = 1;
const AFTER_DATA = 2;
const TRAILER = 3;

const hexDigit = (b: number) =>
  b >= 0x30 && b <= 0x39 ? b - 0x30 : (b | 0x20) >= 0x61 && (b | 0x20) <= 0x66 ? (b | 0x20) - 0x57 : -1;

export class ChunkReader {
  /** Offset behind what `read` took. */
  at = 0;
  /** Bytes of the chunk that begins, after DATA. */
  size = 0;
  #state = SIZE;
  #digits = 0;
  #lineLength = 0;
  #name = '';
  #isName = true;

  /** Before the first chunk. */
  begin(): void {
    this.#state = SIZE;
    this.size = 0;
    this.#digits = 0;
  }

  read(message: Message, bytes: Uint8Array, from: number, to: number): Found {
    let found: Found = MORE;
    let at = from;
    while (at < to && found === MORE) {
      const b = bytes[at++];
      if (this.#state === SIZE) found = this.#sizeByte(message, b);
      else if (this.#state === EXTENSION) found = this.#extensionByte(message, b);
      else if (this.#state === TRAILER) found = this.#trailerByte(message, b);
      else if (b === LF) this.begin();
      else if (b !== CR) found = BROKEN;
    }
    this.at = at;
    return found;
  }

  #sizeByte(message: Message, b: number): Found {
    const digit = hexDigit(b);
    if (digit >= 0) {
      this.#digits++;
      this.size = this.size * 16 + digit;
      if (this.size <= Number.MAX_SAFE_INTEGER) return MORE;
      message.ambiguous('chunk size is too large');
      return BROKEN;
    }
    if (this.#digits === 0) return BROKEN;
    if (b === LF) return this.#sizeEnd();
    if (b === CR) return MORE;
    if (b !== SEMICOLON && b !== SP && b !== TAB) return BROKEN;
    this.#state = EXTENSION;
    return this.#extensionByte(message, b);
  }

  #extensionByte(message: Message, b: number): Found {
    if (b === LF) return this.#sizeEnd();
    if (b === SEMICOLON) message.hasChunkExtensions = true;
    return MORE;
  }

  #sizeEnd(): Found {
    if (this.size > 0) {
      this.#state = AFTER_DATA;
      return DATA;
    }
    this.#state = TRAILER;
    this.#beginTrailer();
    return MORE;
  }

  #beginTrailer(): void {
    this.#lineLength = 0;
    this.#name = '';
    this.#isName = true;
  }

  #trailerByte(message: Message, b: number): Found {
    if (b === CR) return MORE;
    if (b === LF) {
      if (this.#lineLength === 0) return DONE;
      if (this.#name !== '' && !this.#isName && message.trailers.length < MAX_TRAILERS) {
        message.trailers = [...message.trailers, this.#name];
      }
      this.#beginTrailer();
      return MORE;
    }
    this.#lineLength++;
    if (b === COLON) this.#isName = false;
    else if (this.#isName && b > 32 && b < 127 && this.#name.length < MAX_TRAILER_NAME_BYTES) {
      this.#name += String.fromCharCode(b >= 0x41 && b <= 0x5a ? b | 0x20 : b);
    }
    return MORE;
  }
}
