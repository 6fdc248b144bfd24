// Packets of TDS, Microsoft SQL Server's protocol, as far as TLS is concerned: MS-TDS sections 2.2.3.1 (header), 2.2.6.5 (PRELOGIN).

import { u16 } from '../octets.ts';

/** Type, status, length with the header, channel, number, window. */
export const HEADER_OCTETS = 8;
/** Both sides' handshake records, and the client's first message. */
export const TYPE_PRELOGIN = 0x12;
/** The server's answer to that message. */
export const TYPE_RESPONSE = 0x04;
/** Before the login, which may ask for more, packets have 4096 octets at most. */
export const MAX_PACKET_OCTETS = 4096;

const END_OF_MESSAGE = 1;
/** Options of PRELOGIN: token, offset and length of the value. VERSION stands first. */
const OPTION_OCTETS = 5;
const TOKEN_VERSION = 0x00;
const TOKEN_ENCRYPTION = 0x01;
const TOKEN_END = 0xff;
const VERSION_OCTETS = 6;
const ENCRYPTION_NOT_SUPPORTED = 2;

/** Is it TDS? The client's PRELOGIN message, of which [from, to) has come. */
export function probeTds(direction: number, bytes: Uint8Array, from: number, to: number): 'yes' | 'no' | 'more' {
  if (direction !== 0 || bytes[from] !== TYPE_PRELOGIN) return 'no';
  const body = from + HEADER_OCTETS;
  if (to - from >= 2 && bytes[from + 1] !== END_OF_MESSAGE) return 'no';
  if (to < body + OPTION_OCTETS) return 'more';
  const length = u16(bytes, from + 2);
  const room = length - HEADER_OCTETS;
  const value = u16(bytes, body + 1);
  const isFirst = u16(bytes, from + 4) === 0 && length <= MAX_PACKET_OCTETS;
  const isVersion = bytes[body] === TOKEN_VERSION && u16(bytes, body + 3) === VERSION_OCTETS;
  return isFirst && isVersion && value > OPTION_OCTETS && value + VERSION_OCTETS <= room ? 'yes' : 'no';
}

/** Does this PRELOGIN message [from, to) say that its sender knows no TLS? */
export function refusesTls(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at + OPTION_OCTETS <= to && bytes[at] !== TOKEN_END; at += OPTION_OCTETS) {
    const value = from + u16(bytes, at + 1);
    if (bytes[at] === TOKEN_ENCRYPTION) return value < to && bytes[value] === ENCRYPTION_NOT_SUPPORTED;
  }
  return false;
}
