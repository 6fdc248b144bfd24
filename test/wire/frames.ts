// Builds headers byte by byte. Every function takes what is behind its header and returns header and content.

import { addWords, foldChecksum } from '../../src/wire/internet-checksum.ts';

export type Bytes = Uint8Array;

export function bytes(...parts: (number | string | Bytes)[]): Bytes {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'number') return Buffer.from([part]);
      return typeof part === 'string' ? Buffer.from(part.replaceAll(/[^0-9a-f]/g, ''), 'hex') : Buffer.from(part);
    }),
  );
}
export const u16 = (n: number): Bytes => bytes(n >>> 8, n & 255);
export const u32 = (n: number): Bytes => bytes(n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255);
export const le16 = (n: number): Bytes => bytes(n & 255, n >>> 8);
export const zeros = (n: number): Bytes => new Uint8Array(n);
export const text = (s: string): Bytes => Buffer.from(s, 'latin1');

export const eth = (type: number, rest: Bytes): Bytes => bytes('020000000002', '020000000001', u16(type), rest);
export const tag = (id: number, type: number, rest: Bytes): Bytes => bytes(u16(id), u16(type), rest);
export const llcSnap = (oui: string, pid: number, rest: Bytes): Bytes => bytes('aaaa03', oui, u16(pid), rest);

export interface Ipv4Fields {
  source?: string;
  destination?: string;
  options?: Bytes;
  /** Flags and offset as they stand in the header. */
  fragment?: number;
  totalLength?: number;
  first?: number;
}
export function ip4(protocol: number, rest: Bytes, fields: Ipv4Fields = {}): Bytes {
  const options = fields.options ?? zeros(0);
  const length = 20 + options.length;
  const header = bytes(
    fields.first ?? 0x40 + length / 4,
    0xb8,
    u16(fields.totalLength ?? length + rest.length),
    u16(0x1234),
    u16(fields.fragment ?? 0),
    64,
    protocol,
    u16(0),
    fields.source ?? '0a000001',
    fields.destination ?? '0a000002',
    options,
  );
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  view.setUint16(10, foldChecksum(addWords(0, view, 0, header.length)));
  return bytes(header, rest);
}
export const IP6_A = '20010db8000000000000000000000001';
export const IP6_B = '20010db8000000000000000000000002';
export const ip6 = (next: number, rest: Bytes, payloadLength = rest.length): Bytes =>
  bytes('6b800abc', u16(payloadLength), next, 63, IP6_A, IP6_B, rest);

export const tcp = (rest: Bytes = zeros(0), options: Bytes = zeros(0), dataOffset = 5 + options.length / 4): Bytes =>
  bytes(u16(40000), u16(80), u32(1001), u32(5001), dataOffset << 4, 0x18, u16(64240), u16(0), u16(0), options, rest);
export const udp = (from: number, to: number, rest: Bytes, length = 8 + rest.length): Bytes =>
  bytes(u16(from), u16(to), u16(length), u16(0), rest);
export const echo = (rest: Bytes = text('ping')): Bytes => bytes('0800f7ff', u16(7), u16(1), rest);

/** The packet inside of tunnels: other addresses and ports than outside. */
export const inner4 = (): Bytes =>
  ip4(17, udp(5000, 5001, text('inner')), { source: 'c0a80001', destination: 'c0a80002' });
export const inner6 = (): Bytes => ip6(6, tcp(text('inner')));
