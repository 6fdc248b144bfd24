// Builds TLS byte by byte: records, handshake messages, hellos, certificates.

import type { FlowView } from '../../../src/protocols/flow-view.ts';
import type { Direction, EndReason } from '../../../src/protocols/protocol.ts';
import { tls } from '../../../src/protocols/tls/index.ts';
import type { TlsOptions } from '../../../src/protocols/tls/options.ts';
import { AnalyzerKit } from '../../kit/analyzer.ts';

export const u8 = (n: number) => Buffer.from([n]);
export const u16 = (n: number) => Buffer.from([n >> 8, n & 255]);
export const u24 = (n: number) => Buffer.from([n >> 16, (n >> 8) & 255, n & 255]);
export const join = (...parts: Uint8Array[]) => Buffer.concat(parts);
export const vector8 = (...parts: Uint8Array[]) => join(u8(join(...parts).length), ...parts);
export const vector16 = (...parts: Uint8Array[]) => join(u16(join(...parts).length), ...parts);
export const vector24 = (...parts: Uint8Array[]) => join(u24(join(...parts).length), ...parts);

export const record = (type: number, ...parts: Uint8Array[]) => join(u8(type), u16(0x0303), vector16(...parts));
export const message = (type: number, ...parts: Uint8Array[]) => join(u8(type), vector24(...parts));
export const extension = (type: number, ...parts: Uint8Array[]) => join(u16(type), vector16(...parts));

export const CHANGE_CIPHER_SPEC = record(20, u8(1));
export const FINISHED = record(22, Buffer.alloc(40, 0xee));
export const encrypted = (octets: number) => record(23, Buffer.alloc(octets, 0xdd));
export const alert = (level: number, code: number) => record(21, u8(level), u8(code));

export const serverName = (name: string) => extension(0, vector16(u8(0), vector16(Buffer.from(name, 'latin1'))));
export const alpn = (...names: string[]) =>
  extension(16, vector16(...names.map((name) => vector8(Buffer.from(name, 'latin1')))));
export const groups = (...numbers: number[]) => extension(10, vector16(...numbers.map(u16)));
export const signatures = (...numbers: number[]) => extension(13, vector16(...numbers.map(u16)));

interface HelloParts {
  version?: number;
  session?: Uint8Array;
  ciphers?: number[];
  extensions?: Uint8Array[];
}

export function clientHello({
  version = 0x0303,
  session = new Uint8Array(0),
  ciphers = [0xc02f, 0x009c],
  extensions = [],
  random = Buffer.alloc(32, 0xaa),
}: HelloParts & { random?: Uint8Array } = {}) {
  const body = [u16(version), random, vector8(session), vector16(...ciphers.map(u16)), vector8(u8(0))];
  return message(1, ...body, ...(extensions.length > 0 ? [vector16(...extensions)] : []));
}

export function serverHello({
  version = 0x0303,
  session = new Uint8Array(0),
  ciphers = [0xc02f],
  extensions = [],
}: HelloParts = {}) {
  const body = [u16(version), Buffer.alloc(32, 0xbb), vector8(session), u16(ciphers[0]), u8(0)];
  return message(2, ...body, ...(extensions.length > 0 ? [vector16(...extensions)] : []));
}

export const certificates = (...chain: Uint8Array[]) => message(11, vector24(...chain.map((der) => vector24(der))));
/** Ephemeral key on secp256r1. */
export const KEY_EXCHANGE = message(12, u8(3), u16(23), vector8(Buffer.alloc(65, 4)), Buffer.alloc(70, 7));
export const HELLO_DONE = message(14);

// ---- DER

export function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const body = join(...parts);
  const length =
    body.length < 128
      ? u8(body.length)
      : body.length < 256
        ? join(u8(0x81), u8(body.length))
        : join(u8(0x82), u16(body.length));
  return join(u8(tag), length, body);
}

export const oid = (hex: string) => der(6, Buffer.from(hex, 'hex'));
const SHA256_RSA = der(0x30, oid('2a864886f70d01010b'), der(5));
const name = (common: string) => der(0x30, der(0x31, der(0x30, oid('550403'), der(12, Buffer.from(common)))));
const time = (text: string) => der(text.length === 13 ? 0x17 : 0x18, Buffer.from(text));

interface CertificateParts {
  subject?: string;
  issuer?: string;
  notAfter?: string;
  /** DNS names. */
  names?: string[];
}

export function certificate({
  subject = 'example.org',
  issuer = 'Test CA',
  notAfter = '301231235959Z',
  names = ['example.org'],
}: CertificateParts = {}) {
  const modulus = der(2, u8(0), Buffer.alloc(256, 0xc1));
  const key = der(
    0x30,
    der(0x30, oid('2a864886f70d010101'), der(5)),
    der(3, u8(0), der(0x30, modulus, der(2, Buffer.from([1, 0, 1])))),
  );
  const alternative = der(0x30, ...names.map((one) => der(0x82, Buffer.from(one, 'latin1'))));
  const extensions = der(0xa3, der(0x30, der(0x30, oid('551d11'), der(4, alternative))));
  const body = der(
    0x30,
    der(0xa0, der(2, u8(2))),
    der(2, Buffer.from([0x12, 0x34])),
    SHA256_RSA,
    name(issuer),
    der(0x30, time('200101000000Z'), time(notAfter)),
    name(subject),
    key,
    extensions,
  );
  return der(0x30, body, SHA256_RSA, der(3, Buffer.alloc(257)));
}

// ---- driving

export type Told = Record<string, unknown>;
/** `>` what the client sends, `<` what the server sends. */
export type Exchange = readonly (readonly ['>' | '<', Uint8Array])[];

export function kit(options: Partial<TlsOptions> = {}, flow: Partial<FlowView> = {}) {
  return new AnalyzerKit(tls, options, flow);
}

/** The records of an exchange cut into pieces of `step` bytes; `octets`: no more than so many of it. */
export function records(
  exchange: Exchange,
  options: Partial<TlsOptions> = {},
  { step = Number.POSITIVE_INFINITY, octets = Number.POSITIVE_INFINITY, end = 'fin' as EndReason } = {},
): Told[] {
  const driven = kit(options);
  let left = octets;
  for (const [side, bytes] of exchange) {
    const part = bytes.subarray(0, Math.max(0, left));
    left -= bytes.length;
    if (part.length > 0) driven.data((side === '>' ? 0 : 1) as Direction, part, step);
  }
  return driven.end(end).map((emitted) => emitted.record);
}

export const HELLO = clientHello({
  ciphers: [0x0a0a, 0xc02f, 0x009c],
  extensions: [
    extension(0x1a1a),
    serverName('www.example.org'),
    groups(0x2a2a, 29, 23),
    extension(11, vector8(u8(0))),
    extension(35),
    signatures(0x0403, 0x0804),
    alpn('h2', 'http/1.1'),
  ],
});

/** A full handshake of TLS 1.2. */
export const HANDSHAKE: Exchange = [
  ['>', record(22, HELLO)],
  [
    '<',
    join(
      record(
        22,
        serverHello({ extensions: [alpn('h2'), extension(35)] }),
        certificates(certificate(), certificate({ subject: 'Test CA' })),
      ),
      record(22, KEY_EXCHANGE, HELLO_DONE),
    ),
  ],
  ['>', join(record(22, message(16, Buffer.alloc(66))), CHANGE_CIPHER_SPEC, FINISHED)],
  ['<', join(CHANGE_CIPHER_SPEC, FINISHED)],
  ['>', encrypted(100)],
];
