// What a kept body looks like by its first bytes (the signatures of the WHATWG MIME Sniffing Standard that are met in bodies).

import { utf8Sequence } from '../../records/text.ts';

const SIGNATURES: readonly (readonly [string, string])[] = [
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['\xff\xd8\xff', 'image/jpeg'],
  ['GIF87a', 'image/gif'],
  ['GIF89a', 'image/gif'],
  ['%PDF-', 'application/pdf'],
  ['PK\x03\x04', 'application/zip'],
  ['\x1f\x8b\x08', 'application/gzip'],
  ['Rar!\x1a\x07', 'application/vnd.rar'],
  ['MZ', 'application/vnd.microsoft.portable-executable'],
  ['\x7fELF', 'application/x-executable'],
  ['<?xml', 'text/xml'],
];
const SNIFFED_BYTES = 512;

/** A media type, `application/octet-stream` for bytes that are no text. `bytes` is not empty. */
export function sniff(bytes: Uint8Array): string {
  for (const [signature, type] of SIGNATURES) {
    let i = 0;
    while (i < signature.length && bytes[i] === signature.charCodeAt(i)) i++;
    if (i === signature.length) return type;
  }
  const end = Math.min(bytes.length, SNIFFED_BYTES);
  let at = 0;
  while (at < end && (bytes[at] === 32 || (bytes[at] >= 9 && bytes[at] <= 13))) at++;
  if (bytes[at] === 0x7b || bytes[at] === 0x5b) return 'application/json';
  const start = Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(15, end - at))
    .toString('latin1')
    .toLowerCase();
  if (/^<(?:!doctype html|html|head|body|script|!--)/.test(start)) return 'text/html';
  for (let i = 0; i < end; ) {
    const b = bytes[i];
    if (b < 9 || (b > 13 && b < 32 && b !== 27)) return 'application/octet-stream';
    const length = utf8Sequence(bytes, i, bytes.length);
    // A sequence that the limit cuts is still text.
    if (length === 0 && bytes.length - i > 3) return 'application/octet-stream';
    i += length === 0 ? 1 : length;
  }
  return 'text/plain';
}
