// DTLS handshakes: given these datagrams, this record.

import { describe, expect, it } from 'vitest';
import fc from '../../kit/arbitrary.ts';
import { runFiles } from '../../kit/engine.ts';
import { capture, hasShared } from '../../kit/shared.ts';
import {
  certificate,
  certificates,
  extension,
  groups,
  HELLO_DONE,
  join,
  KEY_EXCHANGE,
  message,
  serverName,
  u8,
  u16,
  vector8,
} from '../tls/build.ts';
import {
  alert,
  CHANGE_CIPHER_SPEC,
  COOKIE,
  DATA,
  dtlsAnswer,
  dtlsHello,
  FINISHED,
  fragment,
  handshake,
  record,
  short,
  udp,
  VERIFY_REQUEST,
} from './build.ts';

const EXTENSIONS = [serverName('dtls.example'), groups(29, 23)];
const HELLO = dtlsHello({ extensions: EXTENSIONS });
const HELLO_AGAIN = dtlsHello({ extensions: EXTENSIONS }, COOKIE);
const ANSWER = dtlsAnswer();
const CHAIN = certificates(certificate(), certificate({ subject: 'Test CA' }));
const CLIENT_KEY = message(16, Buffer.alloc(66));

type Datagram = readonly [0 | 1, Uint8Array];
const FLIGHT_4 = [ANSWER, CHAIN, KEY_EXCHANGE, HELLO_DONE];
const CLIENT_END = join(handshake(CLIENT_KEY, 2), CHANGE_CIPHER_SPEC, FINISHED);
const SERVER_END = join(CHANGE_CIPHER_SPEC, FINISHED);
const HANDSHAKE: readonly Datagram[] = [
  [0, handshake(HELLO, 0)],
  [1, handshake(VERIFY_REQUEST, 0)],
  [0, handshake(HELLO_AGAIN, 1)],
  [1, join(...FLIGHT_4.map((one, i) => handshake(one, i + 1)))],
  [0, CLIENT_END],
  [1, SERVER_END],
  [0, DATA],
];

function told(datagrams: readonly Datagram[]): Record<string, unknown> {
  const driven = udp();
  for (const [direction, bytes] of datagrams) if (driven.message(direction, bytes) !== 'ok') break;
  const emitted = driven.end();
  expect(driven.held).toBe(0);
  expect(emitted.length).toBeLessThan(2);
  return { ...emitted[0]?.record, from: emitted[0]?.from, names: driven.names, counts: driven.counts };
}

/** A message in fragments of `step` octets, each in a datagram of its own. */
function pieces(one: Uint8Array, sequence: number, step: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < one.length - 4; at += step)
    found.push(handshake(one, sequence, at, Math.min(one.length - 4, at + step)));
  return found;
}

describe('a handshake', () => {
  it('of 1.2 with a cookie is one record', () => {
    expect(told(HANDSHAKE)).toMatchObject({
      from: 0,
      networkProtocol: 'dtls',
      names: ['dtls'],
      status: 'OK',
      established: true,
      version: '1.2',
      versionProtocol: 'dtls',
      detailedVersion: 'DTLS 1.2',
      cipher: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      curve: 'secp256r1',
      serverName: 'dtls.example',
      isVerified: true,
      serverSubject: 'CN=example.org',
      counts: {},
    });
  });
  it('has fingerprints that do not depend on the cookie', () => {
    const first = told([[0, handshake(HELLO, 0)]]);
    const second = told([[0, handshake(HELLO_AGAIN, 1)]]);
    expect(first.clientJa4).toMatch(/^dd2d02/);
    expect(first.clientJa3).toMatch(/^[0-9a-f]{32}$/);
    expect([second.clientJa3, second.clientJa4]).toEqual([first.clientJa3, first.clientJa4]);
  });
  it('that nobody answers, and one that is refused', () => {
    const alone = told([[0, handshake(HELLO, 0)]]);
    expect(alone).toMatchObject({ status: 'Error', established: false, counts: { unmatchedRequests: 1 } });
    expect(alone.errorMessage).toEqual(['No answer to the ClientHello']);
    expect(told([HANDSHAKE[0], [1, alert(2, 40)]]).errorMessage).toEqual([
      'Fatal alert of the server: handshake_failure',
    ]);
  });
  it('that takes too long', () => {
    const driven = udp();
    driven.message(0, handshake(HELLO, 0));
    driven.advance(59);
    expect(driven.emitted).toEqual([]);
    driven.advance(2);
    expect(driven.emitted[0].record.errorMessage).toEqual(['The handshake did not come to its end in time']);
  });
  it('of which only one direction was captured', () => {
    expect(told(HANDSHAKE.filter(([direction]) => direction === 0))).toMatchObject({ established: true });
    expect(told(HANDSHAKE.filter(([direction]) => direction === 1))).toMatchObject({
      from: 0,
      cipher: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    });
  });
  it('of 1.0, and what OpenSSL spoke before there was a standard', () => {
    for (const [version, mark] of [
      [0xfeff, 'd1'],
      [0x0100, '00'],
    ] as const) {
      const hello = record(22, fragment(dtlsHello({ version }), 0), { version });
      const answer = record(22, fragment(dtlsAnswer({ version }), 0), { version });
      expect(
        told([
          [0, hello],
          [1, answer],
        ]),
      ).toMatchObject({ version: '1.0', versionProtocol: 'dtls', clientJa4: expect.stringMatching(`^d${mark}`) });
    }
  });
  it('in CAPWAP, behind its four octets', () => {
    const wrapped = HANDSHAKE.map(([direction, bytes]) => [direction, join(u8(1), Buffer.alloc(3), bytes)] as const);
    expect(told(wrapped)).toMatchObject({ established: true, serverName: 'dtls.example' });
  });
});

describe('1.3', () => {
  const HELLO_13 = dtlsHello({
    ciphers: [0x1301],
    extensions: [serverName('dtls.example'), extension(43, vector8(u16(0xfefc), u16(0xfefd)))],
  });
  const ANSWER_13 = dtlsAnswer({ ciphers: [0x1301], extensions: [extension(43, u16(0xfefc))] });
  it('has the highest version in its fingerprint, which has the lowest number', () => {
    expect(told([[0, handshake(HELLO_13, 0)]]).clientJa4).toMatch(/^dd3d01/);
  });
  it('is over when the client sends data, or the server behind the Finished', () => {
    const begin: Datagram[] = [
      [0, handshake(HELLO_13, 0)],
      [1, join(handshake(ANSWER_13, 0), short(2, 40), short(2, 900))],
    ];
    const whole = { established: true, version: '1.3', versionProtocol: 'dtls', detailedVersion: 'DTLS 1.3' };
    expect(told([...begin, [0, short(2, 53)], [1, short(3, 35)]])).toMatchObject(whole);
    expect(told([...begin, [0, join(short(2, 53), short(3, 30))]])).toMatchObject(whole);
    expect(told([...begin, [1, short(3, 500)]])).toMatchObject({ established: false });
    expect(told([begin[0], [0, short(1, 500)]])).toMatchObject({ established: false });
  });
});

describe('connection ids', () => {
  const id = (...octets: number[]) => extension(54, vector8(Buffer.from(octets)));
  it('are told, and records with them count', () => {
    const withId = (octets: Uint8Array, body: number) =>
      join(u8(25), u16(0xfefd), u16(1), Buffer.alloc(6), octets, u16(body), Buffer.alloc(body, 0xee));
    const result = told([
      [0, handshake(dtlsHello({ extensions: [id()] }), 0)],
      [1, join(handshake(dtlsAnswer({ extensions: [id(1, 2, 3)] }), 0), handshake(HELLO_DONE, 1))],
      [
        0,
        join(
          handshake(CLIENT_KEY, 1),
          CHANGE_CIPHER_SPEC,
          withId(Buffer.from([1, 2, 3]), 41),
          withId(Buffer.from([1, 2, 3]), 50),
        ),
      ],
      [1, join(CHANGE_CIPHER_SPEC, FINISHED)],
    ]);
    expect(result).toMatchObject({
      established: true,
      clientConnectionId: '',
      serverConnectionId: '010203',
      counts: {},
    });
  });
});

describe('one association after the other', () => {
  const again = (name: string, octet: number): Datagram[] => {
    const parts = { extensions: [serverName(name)], random: Buffer.alloc(32, octet) };
    return [[0, handshake(dtlsHello(parts), 0)], HANDSHAKE[1], [0, handshake(dtlsHello(parts, COOKIE), 1)]];
  };
  function records(datagrams: readonly Datagram[]) {
    const driven = udp();
    for (const [direction, bytes] of datagrams) expect(driven.message(direction, bytes)).toBe('ok');
    const emitted = driven.end();
    expect(driven.held).toBe(0);
    return emitted.map(({ record: { serverName: name, established } }) => [name, established]);
  }
  const SECOND = [...again('second.example', 2), ...HANDSHAKE.slice(3)];
  it('from the same port has a record of its own', () => {
    expect(records([...HANDSHAKE, [0, alert(1, 0)], ...SECOND, ...again('third.example', 3)])).toEqual([
      ['dtls.example', true],
      ['second.example', true],
      ['third.example', false],
    ]);
  });
  it('begins also when the one before it came to nothing', () => {
    expect(records([...HANDSHAKE.slice(0, 4), ...SECOND])).toEqual([
      ['dtls.example', false],
      ['second.example', true],
    ]);
  });
  it('does not begin with a flight that is sent again', () => {
    expect(records([...HANDSHAKE, HANDSHAKE[0], HANDSHAKE[2], HANDSHAKE[3], HANDSHAKE[5]])).toEqual([
      ['dtls.example', true],
    ]);
    expect(records([HANDSHAKE[3], HANDSHAKE[2], ...HANDSHAKE.slice(4)])).toEqual([['dtls.example', true]]);
  });
  it('is waited for through a hundred datagrams of data, and no more', () => {
    const driven = udp();
    const send = ([direction, bytes]: Datagram) => driven.message(direction, bytes);
    for (const datagram of HANDSHAKE.slice(0, 6)) send(datagram);
    for (let i = 0; i < 100; i++) expect(send([1, DATA])).toBe('ok');
    for (const datagram of SECOND.slice(0, -1)) send(datagram);
    // What is not DTLS counts, too: behind the handshake of a call comes SRTP.
    for (let i = 0; i < 100; i++) expect(send([0, i % 2 === 0 ? DATA : u16(0x8060)])).toBe('ok');
    expect(send([1, DATA])).toBe('done');
    expect(driven.end()).toHaveLength(2);
  });
  it('begins from the other side, too', () => {
    const swapped = SECOND.map(([direction, bytes]) => [direction === 0 ? 1 : 0, bytes] as const);
    expect(records([...HANDSHAKE, ...swapped])).toEqual([
      ['dtls.example', true],
      ['second.example', true],
    ]);
  });
});

describe('fragments', () => {
  const plain = told(HANDSHAKE);
  const server = FLIGHT_4.flatMap((one, i) => pieces(one, i + 1, 100));
  const around = (flight: readonly Uint8Array[]) =>
    told([...HANDSHAKE.slice(0, 3), ...flight.map((bytes) => [1, bytes] as const), ...HANDSHAKE.slice(4)]);
  it('of every size give the same', () => {
    for (const step of [1, 7, 100, 5000]) {
      const datagrams = HANDSHAKE.flatMap(([direction, bytes]): Datagram[] =>
        bytes === HANDSHAKE[2][1] ? pieces(HELLO_AGAIN, 1, step).map((one) => [0, one] as const) : [[direction, bytes]],
      );
      expect(told(datagrams)).toEqual(plain);
    }
  });
  it('in any order, and again, and across each other', () => {
    expect(around(server.toReversed())).toEqual(plain);
    expect(around([...server, ...server.slice(2, 5)])).toEqual(plain);
    expect(around([...pieces(CHAIN, 2, 130), ...server])).toEqual(plain);
    fc.assert(
      fc.property(fc.shuffledSubarray(server, { minLength: server.length }), (shuffled) => {
        expect(around(shuffled)).toEqual(plain);
      }),
      { numRuns: 30 },
    );
  });
  it('a flight that is sent again counts once', () => {
    expect(told([HANDSHAKE[0], HANDSHAKE[0], ...HANDSHAKE.slice(1, 4), ...HANDSHAKE.slice(2)])).toEqual(plain);
  });
  it('that are missing cost their message', () => {
    const result = around(server.filter((bytes) => bytes !== server[4]));
    expect(result).toMatchObject({ established: true, cipher: plain.cipher });
    expect(result.errorMessage).toEqual(["The end of the server's certificates is missing"]);
  });
});

describe('hostile datagrams', () => {
  it('lengths that do not fit are malformed and cost themselves', () => {
    const tooLong = Buffer.from(handshake(ANSWER, 1));
    tooLong.writeUIntBE(0xfffff0, 13 + 6, 3);
    const beyond = record(22, Buffer.alloc(20)).subarray(0, 20);
    const result = told([...HANDSHAKE.slice(0, 3), [1, tooLong], [1, beyond], ...HANDSHAKE.slice(3)]);
    expect(result).toMatchObject({ established: true, counts: { malformed: 2 } });
  });
  it('thousands of messages, and messages of megabytes, are not kept', () => {
    const driven = udp();
    driven.message(0, handshake(HELLO, 0));
    const long = message(11, Buffer.alloc(60_000));
    for (let i = 1; i < 3000; i++) {
      const part = handshake(long, i, 30_000, 31_000);
      driven.message(1, part);
    }
    expect(driven.held).toBeLessThan(100_000);
    expect(driven.counts.limit).toBeGreaterThan(2900);
    driven.end();
    expect(driven.held).toBe(0);
  });
  it('other protocols on the same port are passed by', () => {
    const stun = Buffer.from('000100002112a442000102030405060708090a0b', 'hex');
    const rtp = Buffer.alloc(50, 0x80);
    expect(told([HANDSHAKE[0], [1, stun], [0, rtp], ...HANDSHAKE.slice(1)])).toEqual(told(HANDSHAKE));
  });
});

describe.skipIf(!hasShared)('captures', () => {
  /** Port of the server, version, outcome, JA3 as tshark 4.0 computes it. */
  const EXPECTED: Record<string, [number, string, boolean, string][]> = {
    'arkime__wireshark-dtls0.pcap': [[4433, '1.0', true, 'af322fd164d4c667145802d082cca779']],
    'mercury__unit_tests__pcaps__dtls_interleaved_client_hello.pcap': [
      [4400, '1.2', false, '3c3d129780d0066cd8936a6291a8d44f'],
    ],
    'mercury__unit_tests__pcaps__emix.pcap': [[443, '1.2', true, '4ab8c4549e210f1412ee8c908b67a63d']],
    'ndpi__capwap.pcap': [[5246, '1.0', true, 'f4ae103be37a7b4a3b3d090823492b9f']],
    'ndpi__stun_google_meet.pcapng': [
      [19305, '1.2', true, 'c14667d7da3e6f7a7ab5519ef78c2452'],
      [19305, '1.2', true, 'c14667d7da3e6f7a7ab5519ef78c2452'],
    ],
    'zeek__tls__dtls1_2.pcap': [[4400, '1.2', true, '3c3d129780d0066cd8936a6291a8d44f']],
  };
  it.each(Object.entries(EXPECTED))('%s', async (file, expected) => {
    const { text } = await runFiles([capture(file)]);
    const documents = text.split('\n').filter((line) => line.includes('"version_protocol":"dtls"'));
    const found = documents.map((line) => {
      const { destination, tls } = JSON.parse(line);
      return [destination.port, tls.version, tls.established, tls.client.ja3];
    });
    expect(found).toEqual(expected);
  });
});
