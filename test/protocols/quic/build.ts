// Seals Initial packets as a client or a server would (RFC 9001 section 5, RFC 9369).

import { createCipheriv } from 'node:crypto';
import { VERSION_2 } from '../../../src/protocols/quic/header.ts';
import { initialKeys } from '../../../src/protocols/quic/initial-keys.ts';
import { HELLO, join, u8, u16, vector8 } from '../tls/build.ts';

export const integer = (n: number) => (n < 64 ? u8(n) : u16(0x4000 | n));
export const crypto = (offset: number, bytes: Uint8Array) => join(u8(6), integer(offset), integer(bytes.length), bytes);
export const CRYPTO_HELLO = crypto(0, HELLO);
export const PADDING = (octets: number) => Buffer.alloc(octets);

const u32 = (n: number) => join(u16(n >>> 16), u16(n & 0xffff));

interface PacketParts {
  version?: number;
  side?: 0 | 1;
  /** What the keys follow from. */
  keyId?: Uint8Array;
  destination?: Uint8Array;
  source?: Uint8Array;
  token?: Uint8Array;
  number?: number;
}

export const KEY_ID = Buffer.from('8394c8f03e515708', 'hex');

export function initial(frames: Uint8Array, parts: PacketParts = {}): Buffer {
  const {
    version = 1,
    side = 0,
    keyId = KEY_ID,
    destination = keyId,
    source = Buffer.from([9, 9, 9]),
    token = new Uint8Array(0),
    number = 0,
  } = parts;
  const first = 0xc0 | (version === VERSION_2 ? 0x10 : 0) | 1;
  const header = join(
    u8(first),
    u32(version),
    vector8(destination),
    vector8(source),
    integer(token.length),
    token,
    integer(2 + frames.length + 16),
    u16(number),
  );
  const { key, iv, headerKey } = initialKeys(version, keyId)!.side(side);
  const nonce = Buffer.from(iv);
  nonce[10] ^= number >> 8;
  nonce[11] ^= number & 255;
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  cipher.setAAD(header);
  const packet = join(header, cipher.update(frames), cipher.final(), cipher.getAuthTag());
  const numberAt = header.length - 2;
  const mask = createCipheriv('aes-128-ecb', headerKey, null).update(packet.subarray(numberAt + 4, numberAt + 20));
  packet[0] ^= mask[0] & 0x0f;
  packet[numberAt] ^= mask[1];
  packet[numberAt + 1] ^= mask[2];
  return packet;
}

/** RFC 9000 section 17.2.5. */
export function retry(source: Uint8Array): Buffer {
  return join(
    u8(0xf0),
    u32(1),
    vector8(Buffer.from([9, 9, 9])),
    vector8(source),
    Buffer.from('a token'),
    Buffer.alloc(16),
  );
}

export const handshake = (octets: number) =>
  join(u8(0xe0), u32(1), vector8(KEY_ID), vector8(Buffer.from([9, 9, 9])), integer(octets), Buffer.alloc(octets, 0x77));
export const SHORT = join(u8(0x41), KEY_ID, Buffer.alloc(40, 0x55));
