// QUIC's Initial packets: opened, put together, told as a handshake. Keys are those of RFC 9001 appendix A and RFC 9369 appendix A.

import type { KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { VERSION_2 } from '../../../src/protocols/quic/header.ts';
import { initialKeys } from '../../../src/protocols/quic/initial-keys.ts';
import { datagramProtocol } from '../../../src/protocols/tls/datagrams.ts';
import fc, { often } from '../../kit/arbitrary.ts';
import { alpn, clientHello, extension, join, kit, serverHello, serverName, u8, u16, vector8 } from '../tls/build.ts';
import { crypto, handshake, initial, KEY_ID, PADDING, retry, SHORT } from './build.ts';

const HELLO = clientHello({
  ciphers: [0x1301, 0x1302],
  extensions: [
    serverName('quic.example'),
    alpn('h3'),
    extension(43, vector8(u16(0x0304))),
    extension(57, Buffer.alloc(600, 1)),
  ],
});
const ANSWER = serverHello({ ciphers: [0x1301], extensions: [extension(43, u16(0x0304))] });
const udp = () => kit({}, { transport: 'udp' });
const client = (frames: Uint8Array, parts = {}) =>
  initial(join(frames, PADDING(Math.max(0, 1000 - frames.length))), parts);
const server = (parts = {}) =>
  initial(crypto(0, ANSWER), { side: 1, destination: Buffer.from([9, 9, 9]), source: Buffer.from([7]), ...parts });

describe('keys', () => {
  const hex = (version: number, side: 0 | 1) =>
    Object.values(initialKeys(version, KEY_ID)!.side(side)).map((key: Buffer | KeyObject) =>
      (Buffer.isBuffer(key) ? key : key.export()).toString('hex'),
    );
  it('of version 1', () => {
    expect(hex(1, 0)).toEqual([
      '1f369613dd76d5467730efcbe3b1a22d',
      'fa044b2f42a3fd3b46fb255c',
      '9f50449e04a0e810283a1e9933adedd2',
    ]);
    expect(hex(1, 1)).toEqual([
      'cf3a5331653c364c88f0f379b6067e37',
      '0ac1493ca1905853b0bba03e',
      'c206b8d9b9f0f37644430b490eeaa314',
    ]);
  });
  it('of version 2', () => {
    expect(hex(VERSION_2, 0)).toEqual([
      '8b1a0bc121284290a29e0971b5cd045d',
      '91f73e2351d8fa91660e909f',
      '45b95e15235d6f45a6b19cbcb0294ba9',
    ]);
  });
});

describe('a handshake', () => {
  it.each([1, VERSION_2])('in version %i', (version) => {
    const driven = udp();
    driven.message(0, client(crypto(0, HELLO), { version }));
    driven.message(1, server({ version }));
    driven.message(0, SHORT);
    const [{ record, from, type }] = driven.end();
    expect([type, from]).toEqual(['tls', 0]);
    expect(record).toMatchObject({
      networkProtocol: 'quic',
      serverName: 'quic.example',
      destinationDomain: 'quic.example',
      established: true,
      status: 'OK',
      version: '1.3',
      cipher: 'TLS_AES_128_GCM_SHA256',
      helloAlpn: ['h3'],
      quicVersion: version === 1 ? '1' : '2',
    });
    expect(record.clientJa4).toMatch(/^q13d0204h3_/);
    expect(driven.names).toEqual(['quic']);
    expect(driven.held).toBe(0);
  });
  it('whose hello comes in pieces, in any order, across each other, over several datagrams', () => {
    const expected = udp();
    expected.message(0, client(crypto(0, HELLO)));
    const [{ record: whole }] = expected.end();
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: HELLO.length - 1 }), { minLength: 1, maxLength: 8 }),
        fc.integer(),
        (cuts, seed) => {
          const at = [...new Set([0, ...cuts])].sort((a, b) => a - b);
          const pieces = at.map((from, i) =>
            crypto(from, HELLO.subarray(from, Math.min(HELLO.length, (at[i + 1] ?? HELLO.length) + (seed & 7)))),
          );
          if (seed & 8) pieces.reverse();
          const driven = udp();
          pieces.forEach((piece, number) => void driven.message(0, client(piece, { number })));
          expect(driven.end().map(({ record }) => record)).toEqual([whole]);
          expect(driven.held).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });
  it('that the server lets begin again (Retry)', () => {
    const driven = udp();
    const second = Buffer.from('aabbccddeeff0011', 'hex');
    driven.message(0, client(crypto(0, HELLO)));
    driven.message(1, retry(second));
    driven.message(0, client(crypto(0, HELLO), { keyId: second, token: Buffer.from('a token'), number: 1 }));
    driven.message(1, join(server({ keyId: second }), handshake(300)));
    driven.message(0, SHORT);
    expect(driven.end().map(({ record }) => record.status)).toEqual(['OK']);
  });
  it('that begins again while its hello is not whole, in other pieces', () => {
    const second = Buffer.from('0102030405060708', 'hex');
    for (const cut of [1, 30, HELLO.length - 1]) {
      const driven = udp();
      driven.message(0, client(crypto(0, HELLO.subarray(0, cut))));
      driven.message(1, retry(second));
      const again = { keyId: second, token: Buffer.from('a token'), number: 1 };
      driven.message(0, client(join(crypto(20, HELLO.subarray(20)), crypto(0, HELLO.subarray(0, 20))), again));
      expect(
        driven.end().map(({ record }) => record),
        `${cut}`,
      ).toMatchObject([{ serverName: 'quic.example' }]);
    }
  });
  describe('of several that a client has from one socket', () => {
    const hello = (n: number) =>
      clientHello({ ciphers: [0x1301], extensions: [serverName(`${n}.test`), extension(43, vector8(u16(0x0304)))] });
    /** The packets of connection `n`: client's first, server's, client's data; what the client calls itself has `idOctets`. */
    const packets = (n: number, idOctets: number) => {
      const keyId = Buffer.alloc(8, n);
      const source = Buffer.alloc(idOctets, n);
      return [
        [0, client(crypto(0, hello(n)), { keyId, source })],
        [1, initial(crypto(0, ANSWER), { side: 1, keyId, destination: source, source: Buffer.of(n, 77) })],
        [0, SHORT],
      ] as const;
    };
    const names = (sequence: readonly (readonly [0 | 1, Uint8Array])[]) => {
      const driven = udp();
      for (const [direction, bytes] of sequence) driven.message(direction, bytes);
      const told = driven.end().map(({ record }) => [record.serverName, record.established]);
      expect(driven.held).toBe(0);
      return told;
    };

    it.each([0, 4])('tells one after the other, and nothing of what comes again (ids of %i octets)', (idOctets) => {
      const all = [1, 2, 3].map((n) => packets(n, idOctets));
      const sequence = all.flatMap((own) => [...own, own[0], own[1], ...all[0]]);
      expect(names(sequence)).toEqual([1, 2, 3].map((n) => [`${n}.test`, true]));
    });
    it('tells those that go on at once', () => {
      const [a, b, c] = [1, 2, 3].map((n) => packets(n, 4));
      const told = names([a[0], b[0], c[0], c[1], a[1], b[1], a[2]]);
      expect(told.sort()).toEqual([1, 2, 3].map((n) => [`${n}.test`, true]));
      // An answer belongs to who asked.
      expect(names([a[0], b[0], b[1], b[2]]).sort()).toEqual([
        ['1.test', false],
        ['2.test', true],
      ]);
    });
    it('is not asked about the data of a long download', () => {
      const driven = udp();
      for (const [direction, bytes] of packets(1, 4)) driven.message(direction, bytes);
      for (let i = 0; i < 100; i++) expect(driven.message(1, SHORT)).toBe('ok');
      expect(driven.message(1, SHORT)).toBe('done');
    });
    it('is bounded in work', () => {
      const foreign = Array.from({ length: 500 }, (_, n) => [1, packets(n & 255, 4)[1][1]] as const);
      expect(names([...packets(1, 4), ...foreign])).toEqual([['1.test', true]]);
    });
  });
  it('that is refused', () => {
    const driven = udp();
    driven.message(0, client(crypto(0, HELLO)));
    const close = join(u8(0x1c), u16(0x4000 | 0x128), u8(6), u8(0), PADDING(30));
    driven.message(1, initial(close, { side: 1, destination: Buffer.from([9, 9, 9]) }));
    expect(driven.end()[0].record).toMatchObject({
      status: 'Error',
      version: '1.3',
      errorMessage: ['Fatal alert of the server: handshake_failure'],
    });
  });
  it('with a hole in its hello is told without a fingerprint', () => {
    const driven = udp();
    driven.message(0, client(crypto(0, HELLO.subarray(0, 100))));
    driven.message(0, client(crypto(200, HELLO.subarray(200)), { number: 1 }));
    const [{ record }] = driven.end();
    expect(record.clientJa3).toBeUndefined();
    expect(record.errorMessage).toContain('The end of the ClientHello is missing');
    expect(driven.held).toBe(0);
  });
});

describe('hostile datagrams', () => {
  it('of any content do not throw and hold nothing', () => {
    const good = client(crypto(0, HELLO));
    const datagram = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.uint8Array({ minLength: 20, maxLength: 300 }).map((frames) => initial(frames)),
      fc.tuple(fc.integer({ min: 0, max: good.length - 1 }), fc.integer({ min: 0, max: 255 })).map(([at, value]) => {
        const changed = Buffer.from(good);
        changed[at] = value;
        return changed;
      }),
      fc.integer({ min: 1, max: good.length }).map((octets) => good.subarray(0, octets)),
      fc
        .tuple(fc.integer({ min: 0, max: 16000 }), fc.uint8Array({ maxLength: 200 }))
        .map(([offset, bytes]) => client(crypto(offset, bytes))),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom<0 | 1>(0, 1), datagram), { maxLength: 12 }), (datagrams) => {
        const driven = udp();
        for (const [direction, bytes] of datagrams) if (driven.message(direction, bytes) !== 'ok') break;
        driven.end();
        expect(driven.held).toBe(0);
      }),
      { numRuns: often(300) },
    );
  });
  it('cannot make it hold what waits behind a hole without end', () => {
    const driven = udp();
    driven.message(0, client(crypto(0, HELLO.subarray(0, 10))));
    for (let i = 0; i < 300; i++)
      driven.message(0, client(crypto(100 + i * 50, Buffer.alloc(1000, 1)), { number: i + 1 }));
    expect(driven.held).toBeLessThan(80 * 1024);
  });
});

describe('names', () => {
  const ask = (bytes: Uint8Array) => datagramProtocol(bytes, 0, bytes.length);
  it('are told by content', () => {
    expect(ask(client(crypto(0, HELLO)))).toBe('quic');
    expect(ask(Buffer.from('0d00000000000000015130343601', 'hex'))).toBe('gquic');
    const dtls = join(
      u8(22),
      u16(0xfefd),
      u16(0),
      Buffer.alloc(6),
      u16(12 + 40),
      u8(1),
      Buffer.from([0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 40]),
      u16(0xfefd),
      Buffer.alloc(38),
    );
    expect(ask(dtls)).toBe('dtls');
  });
  it('are not told of anything else', () => {
    expect(ask(Buffer.from('c00000000108aaaaaaaaaaaaaaaa', 'hex'))).toBeUndefined();
    expect(ask(Buffer.alloc(100, 0xff))).toBeUndefined();
    expect(ask(Buffer.alloc(0))).toBeUndefined();
  });
});
