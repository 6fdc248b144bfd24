// Builds packets of OpenVPN's control channel around a TLS conversation.

import { type Exchange, join, u8, u16, vector16 } from '../tls/build.ts';

const SESSIONS = [Buffer.from('CLIENTID'), Buffer.from('SERVERID')] as const;
const u32 = (n: number) => join(u16(n >>> 16), u16(n & 0xffff));

export interface Step {
  direction: 0 | 1;
  bytes: Buffer;
}

/** `hmac`: octets of the HMAC of `tls-auth`; 0: without. */
function packet(direction: 0 | 1, opcode: number, hmac: number, acknowledged: number[], rest: Uint8Array): Buffer {
  const auth = hmac === 0 ? Buffer.alloc(0) : join(Buffer.alloc(hmac, 0xab), u32(1), u32(0x65000000));
  const remote = acknowledged.length > 0 ? SESSIONS[1 - direction] : Buffer.alloc(0);
  return join(
    u8(opcode << 3),
    SESSIONS[direction],
    auth,
    u8(acknowledged.length),
    ...acknowledged.map(u32),
    remote,
    rest,
  );
}

export const reset = (hmac = 0) => packet(0, 7, hmac, [], u32(0));

/** The conversation in packets with at most `most` octets of TLS each, between two resets. */
export function openVpn(exchange: Exchange, hmac = 0, most = 100): Step[] {
  const steps: Step[] = [
    { direction: 0, bytes: reset(hmac) },
    { direction: 1, bytes: packet(1, 8, hmac, [0], u32(0)) },
    { direction: 0, bytes: packet(0, 5, hmac, [0], Buffer.alloc(0)) },
  ];
  const numbers = [1, 1];
  for (const [side, bytes] of exchange) {
    const direction = side === '>' ? 0 : 1;
    for (let at = 0; at < bytes.length; at += most) {
      const acknowledged = at === 0 && numbers[1 - direction] > 1 ? [numbers[1 - direction] - 1] : [];
      const rest = join(u32(numbers[direction]++), bytes.subarray(at, at + most));
      steps.push({ direction, bytes: packet(direction, 4, hmac, acknowledged, rest) });
    }
  }
  return steps;
}

/** Over TCP each packet stands behind its length. */
export const framed = ({ direction, bytes }: Step): Step => ({ direction, bytes: vector16(bytes) });
