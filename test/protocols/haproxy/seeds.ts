// Headers of the PROXY protocol: for the tests, and for fuzzing to start from.

import { type Exchange, exchange } from '../../fuzz/kit/exchange.ts';

const SIGNATURE = '0d0a0d0a000d0a515549540a';
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

export const HEADERS: Record<string, Uint8Array> = {
  'version 1, IPv4': Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\r\n', 'latin1'),
  'version 1, IPv6': Buffer.from('PROXY TCP6 2001:db8::1 2001:db8::2 40000 80\r\n', 'latin1'),
  'version 1, unknown': Buffer.from('PROXY UNKNOWN\r\n', 'latin1'),
  'version 2, IPv4': hex(`${SIGNATURE} 21 11 000c c0000201 c0000202 9c40 0050`),
  'version 2, IPv6 with a TLV': hex(
    `${SIGNATURE} 21 21 0028 20010db8000000000000000000000001 20010db8000000000000000000000002 9c40 0050 04 0001 00`,
  ),
  'version 2, local': hex(`${SIGNATURE} 20 00 0000`),
};

/** Before datagrams. */
export const DATAGRAM_HEADERS: Record<string, Uint8Array> = {
  IPv4: hex(`${SIGNATURE} 21 12 000c c0000201 c0000202 9c40 0035`),
  'IPv6 with a TLV': hex(
    `${SIGNATURE} 21 22 0028 20010db8000000000000000000000001 20010db8000000000000000000000002 9c40 0035 04 0001 00`,
  ),
  local: hex(`${SIGNATURE} 20 00 0000`),
};

export const seeds: readonly Exchange[] = [
  ...Object.values(HEADERS).map((header) => exchange('tcp', [0, header])),
  ...Object.values(DATAGRAM_HEADERS).map((header) =>
    exchange('udp', [0, Buffer.concat([header, hex('abcd')])], [1, hex('ef01')], [0, header]),
  ),
];
