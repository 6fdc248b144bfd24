// What a sample frame is, and the frames around most of them.

import type { Cursor } from '../../src/wire/cursor.ts';
import { type Bytes, bytes, eth, ip4, ip6, udp } from './frames.ts';

export interface Sample {
  name: string;
  linkType: number;
  frame: Bytes;
  /** Layer names from the outside in. */
  stack: string;
  /** Fields of the cursor. */
  cursor?: Partial<Cursor>;
  /** Text of the captured payload. */
  payload?: string;
  wireLength?: number;
}

/** An Ethernet frame around IPv4, IPv6, or UDP over IPv4. */
export const on4 = (protocol: number, rest: Bytes): Bytes => eth(0x0800, ip4(protocol, rest));
export const on6 = (next: number, rest: Bytes): Bytes => eth(0x86dd, ip6(next, rest));
export const overUdp = (port: number, rest: Bytes): Bytes => on4(17, udp(50000, port, rest));
export const ARP = bytes('0001080006040001', '020000000001', '0a000001', '000000000000', '0a000002');
