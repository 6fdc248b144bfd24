// How long is a body? RFC 9112 section 6.3, with a note wherever readers are known to disagree.

import type { Message } from './message.ts';

export const NO_BODY = 0;
export const BY_LENGTH = 1;
export const CHUNKED = 2;
export const UNTIL_CLOSE = 3;
export type Framing = typeof NO_BODY | typeof BY_LENGTH | typeof CHUNKED | typeof UNTIL_CLOSE;

/** Reads a Content-Length field: digits, or a list of equal numbers (RFC 9110 section 8.6). Marks what is ambiguous. */
export function readContentLength(message: Message, bytes: Uint8Array, from: number, to: number): void {
  let at = from;
  do {
    while (at < to && (bytes[at] === 32 || bytes[at] === 9)) at++;
    const start = at;
    let value = 0;
    while (at < to && bytes[at] >= 0x30 && bytes[at] <= 0x39) value = value * 10 + bytes[at++] - 0x30;
    const isNumber = at > start && value <= Number.MAX_SAFE_INTEGER;
    while (at < to && (bytes[at] === 32 || bytes[at] === 9)) at++;
    if (!isNumber || (at < to && bytes[at] !== 0x2c)) {
      message.ambiguous('Content-Length is no number');
      return;
    }
    if (message.hasContentLength && message.contentLength !== value) message.ambiguous('different Content-Lengths');
    else message.contentLength = value;
    message.hasContentLength = true;
    at++;
  } while (at < to);
}

/** Reads a Transfer-Encoding field whose value is `value` (lower case); several fields are one list. */
export function readTransferEncoding(message: Message, value: string): void {
  const isFirst = message.transferEncoding === '';
  if (message.isChunked || value.indexOf('chunked') !== value.lastIndexOf('chunked'))
    message.ambiguous('chunked twice');
  message.isChunked = value.slice(value.lastIndexOf(',') + 1).trim() === 'chunked';
  if (!message.isChunked) message.ambiguous('Transfer-Encoding does not end with chunked');
  // More than two codings are never taken off, so a list without end need not be kept.
  if (message.transferEncoding.length < 256) message.transferEncoding += isFirst ? value : `, ${value}`;
}

/** `method`: of the request that a response answers; '' when it is not known. */
export function framingOf(message: Message, method: string): Framing {
  if (message.isSimple) return message.isRequest ? NO_BODY : UNTIL_CLOSE;
  if (!message.isRequest) {
    const status = message.status;
    if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return NO_BODY;
  }
  if (message.transferEncoding !== '') {
    if (message.hasContentLength) message.ambiguous('Transfer-Encoding and Content-Length');
    if (message.version === '1.0') message.ambiguous('Transfer-Encoding in HTTP/1.0');
    if (message.isChunked) return CHUNKED;
    if (!message.isRequest) return message.hasContentLength ? BY_LENGTH : UNTIL_CLOSE;
  }
  if (message.hasContentLength) return message.contentLength === 0 ? NO_BODY : BY_LENGTH;
  return message.isRequest ? NO_BODY : UNTIL_CLOSE;
}
