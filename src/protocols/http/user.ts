// The user that an Authorization field names (RFC 7617 Basic, RFC 7616 Digest). The password of Basic is never looked at.

import { wireText } from '../../records/text.ts';

const MAX_CREDENTIALS_BYTES = 1024;
const COLON = 0x3a;

/** The user name in the credentials [from, to); '' when they have none. */
export function userOf(bytes: Uint8Array, from: number, to: number): string {
  const end = Math.min(to, from + MAX_CREDENTIALS_BYTES);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from).toString('latin1');
  const scheme = text.slice(0, 7).toLowerCase();
  if (scheme.startsWith('basic ')) {
    const decoded = Buffer.from(text.slice(6).trim(), 'base64');
    const colon = decoded.indexOf(COLON);
    return colon > 0 ? wireText(decoded, 0, colon) : '';
  }
  if (scheme === 'digest ') {
    const at = text.search(/[ ,]username="/i);
    if (at === -1) return '';
    const start = at + 11;
    const stop = text.indexOf('"', start);
    return stop === -1 ? '' : wireText(bytes, from + start, from + stop);
  }
  return '';
}
