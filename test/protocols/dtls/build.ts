// Builds DTLS: records, fragments of handshake messages, whole handshakes.

import { clientHello, join, kit, serverHello, u8, u16, u24, vector8, vector16 } from '../tls/build.ts';

export const VERSION_12 = 0xfefd;
export const udp = () => kit({}, { transport: 'udp' });

/** A record; `epoch` from 1 on is encrypted. */
export const record = (type: number, body: Uint8Array, { epoch = 0, version = VERSION_12, number = 0 } = {}) =>
  join(u8(type), u16(version), u16(epoch), Buffer.alloc(4), u16(number), vector16(body));

/** Octets [from, to) of a message's body. `message`: as TLS has it, with a header of four octets. */
export function fragment(message: Uint8Array, sequence: number, from = 0, to = message.length - 4): Buffer {
  const body = message.subarray(4);
  return join(message.subarray(0, 4), u16(sequence), u24(from), u24(to - from), body.subarray(from, to));
}

export const handshake = (message: Uint8Array, sequence: number, from?: number, to?: number) =>
  record(22, fragment(message, sequence, from, to));

/** A ClientHello of TLS with DTLS's version and a cookie behind its session id, which is empty. */
export function dtlsHello(parts: Parameters<typeof clientHello>[0] = {}, cookie = new Uint8Array(0)): Buffer {
  const hello = clientHello({ version: VERSION_12, session: new Uint8Array(0), ...parts });
  const behindSession = 4 + 2 + 32 + 1;
  const body = join(hello.subarray(4, behindSession), vector8(cookie), hello.subarray(behindSession));
  return join(u8(1), u24(body.length), body);
}
export const dtlsAnswer = (parts: Parameters<typeof serverHello>[0] = {}) =>
  serverHello({ version: VERSION_12, ...parts });

export const COOKIE = Buffer.alloc(20, 0xc0);
export const VERIFY_REQUEST = join(u8(3), u24(3 + COOKIE.length), u16(0xfeff), vector8(COOKIE));
export const CHANGE_CIPHER_SPEC = record(20, u8(1));
export const FINISHED = record(22, Buffer.alloc(40, 0xee), { epoch: 1 });
export const DATA = record(23, Buffer.alloc(60, 0xdd), { epoch: 1 });
export const alert = (level: number, code: number) => record(21, join(u8(level), u8(code)));
/** A record of DTLS 1.3 with the short header: sequence number of two octets, a length. */
export const short = (epoch: number, octets: number, id = new Uint8Array(0)) =>
  join(u8(0x2c | (id.length > 0 ? 0x10 : 0) | epoch), id, u16(7), vector16(Buffer.alloc(octets, 0xaa)));
