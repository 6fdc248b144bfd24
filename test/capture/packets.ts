// IP packets for the tests of the capture manager.

import { type Bytes, bytes, ip4, ip6, tcp, u16, udp, zeros } from '../wire/frames.ts';

export const tcp4 = (from: number, to: number, flags = 0x10, source = '0a000001', destination = '0a000002'): Bytes =>
  ip4(6, bytes(u16(from), u16(to), zeros(8), 0x50, flags, zeros(6)), { source, destination });
export const udp4 = (from: number, to: number, source = '0a000001', destination = '0a000002'): Bytes =>
  ip4(17, udp(from, to, zeros(4)), { source, destination });
export const udp6 = (from: number, to: number): Bytes => ip6(17, udp(from, to, zeros(4)));
export const tcp6 = (): Bytes => ip6(6, tcp());
export const viewOf = (b: Bytes): DataView => new DataView(b.buffer, b.byteOffset, b.length);
