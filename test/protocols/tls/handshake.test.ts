// Given these bytes, this record.

import { describe, expect, it } from 'vitest';
import {
  alert,
  alpn,
  CHANGE_CIPHER_SPEC,
  certificate,
  certificates,
  clientHello,
  encrypted,
  extension,
  FINISHED,
  HANDSHAKE,
  HELLO,
  HELLO_DONE,
  join,
  kit,
  message,
  record,
  records,
  serverHello,
  u8,
  u16,
  vector8,
  vector16,
  vector24,
} from './build.ts';

const length = HANDSHAKE.reduce((sum, [, bytes]) => sum + bytes.length, 0);

describe('a full handshake', () => {
  const [told] = records(HANDSHAKE);
  it('is one record', () => {
    expect(records(HANDSHAKE)).toHaveLength(1);
    expect(told).toMatchObject({
      status: 'OK',
      established: true,
      resumed: false,
      version: '1.2',
      versionProtocol: 'tls',
      curve: 'secp256r1',
      nextProtocol: 'h2',
      cipher: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      serverName: 'www.example.org',
      destinationDomain: 'www.example.org',
      networkProtocol: 'tls',
      clientCertificateRequested: false,
      detailedVersion: 'TLS 1.2',
    });
    expect(told.errorMessage).toBeUndefined();
  });
  it('tells the hellos without GREASE', () => {
    expect(told.supportedCiphers).toEqual(['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_RSA_WITH_AES_128_GCM_SHA256']);
    expect(told.helloGroups).toEqual(['x25519', 'secp256r1']);
    expect(told.helloSignatures).toEqual(['ecdsa_secp256r1_sha256', 'rsa_pss_sha256']);
    expect(told.helloAlpn).toEqual(['h2', 'http/1.1']);
    expect(told.helloTicket).toBe('');
    expect(told.helloUnparsed).toBeUndefined();
    expect(told.clientJa4).toMatch(/^t12d0206h2_[0-9a-f]{12}_[0-9a-f]{12}$/);
  });
  it('tells the certificates', () => {
    expect(told).toMatchObject({
      serverSubject: 'CN=example.org',
      serverIssuer: 'CN=Test CA',
      serverNotBefore: '2020-01-01T00:00:00.000Z',
      serverNotAfter: '2030-12-31T23:59:59.000Z',
    });
    const x509 = told.serverX509 as Map<string, unknown>;
    expect(x509.get('alternative_names')).toEqual(['example.org']);
    expect(x509.get('public_key_size')).toBe(2048);
    expect(x509.get('public_key_algorithm')).toBe('RSA');
    expect(x509.get('signature_algorithm')).toBe('SHA256-RSA');
    expect(x509.get('serial_number')).toBe('4660');
    expect(told.serverSha1).toMatch(/^[0-9A-F]{40}$/);
    expect(told.serverSha256).toBeUndefined();
    expect(told.serverChain).toBeUndefined();
    expect(told.serverCertificates).toHaveLength(1);
  });
  it('is the same however it is cut', () => {
    for (const step of [1, 2, 3, 4, 5, 6, 7, 11, 64, 100, 501])
      expect(records(HANDSHAKE, {}, { step }), `${step}`).toEqual([told]);
  });
  it('is the same in records of any size', () => {
    for (const size of [1, 2, 3, 5, 17, 300]) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < HELLO.length; at += size) pieces.push(record(22, HELLO.subarray(at, at + size)));
      expect(records([['>', join(...pieces)], ...HANDSHAKE.slice(1)]), `${size}`).toEqual([told]);
    }
  });
  it('gives a part of itself when it is cut off anywhere', () => {
    for (let octets = 6; octets < length; octets++) {
      const found = records(HANDSHAKE, {}, { octets });
      if (found.length === 0) {
        expect(octets).toBeLessThan(10);
        continue;
      }
      const [part] = found;
      if (part.established) continue;
      expect(part.status).toBe('Error');
      expect(part.errorMessage).toBeDefined();
      // Of a version that is not there yet nothing is said.
      expect([undefined, told.version]).toContain(part.version);
      expect([undefined, told.helloVersion]).toContain(part.helloVersion);
      expect([undefined, told.answerVersion]).toContain(part.answerVersion);
      for (const key of ['serverName', 'clientJa3', 'cipher', 'serverSubject', 'helloRandom', 'curve']) {
        if (part[key] !== undefined) expect(part[key], `${octets} ${key}`).toEqual(told[key]);
      }
    }
  });
});

describe('options', () => {
  it('leave certificates out', () => {
    const [told] = records(HANDSHAKE, { send_certificates: false });
    expect(told.serverX509).toBeUndefined();
    expect(told.serverSha1).toBeUndefined();
  });
  it('put them in whole, with other hashes', () => {
    const [told] = records(HANDSHAKE, { include_raw_certificates: true, fingerprints: ['md5', 'sha256'] });
    expect((told.serverChain as string[])[0]).toMatch(
      /^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----\n$/,
    );
    expect(told.serverChain).toHaveLength(2);
    expect(told.serverMd5).toMatch(/^[0-9A-F]{32}$/);
    expect(told.serverSha256).toMatch(/^[0-9A-F]{64}$/);
    expect(told.serverSha1).toBeUndefined();
  });
  it('leave details out', () => {
    const [told] = records(HANDSHAKE, { include_detailed_fields: false });
    expect(told.helloRandom).toBeUndefined();
    expect(told.detailedVersion).toBeUndefined();
    expect(told.serverCertificates).toBeUndefined();
    expect(told.clientJa3).toBeDefined();
  });
  it('show the hellos', () => {
    const [told] = records(HANDSHAKE, { send_request: true, send_response: true });
    expect(told.request).toBe(HELLO.subarray(4).toString('hex'));
    expect(told.response).toMatch(/^0303bbbb/);
  });
});

describe('resumption', () => {
  const session = Buffer.alloc(32, 5);
  const server = join(record(22, serverHello({ session })), CHANGE_CIPHER_SPEC, FINISHED);
  const rest = [
    ['<', server],
    ['>', join(CHANGE_CIPHER_SPEC, FINISHED)],
  ] as const;
  it('by session id', () => {
    const [told] = records([['>', record(22, clientHello({ session }))], ...rest]);
    expect(told).toMatchObject({ established: true, resumed: true, resumptionMethod: 'id' });
  });
  it('by ticket', () => {
    const [told] = records([
      ['>', record(22, clientHello({ session, extensions: [extension(35, Buffer.alloc(192))] }))],
      ...rest,
    ]);
    expect(told).toMatchObject({ resumed: true, resumptionMethod: 'ticket', helloTicket: '(192 bytes)' });
  });
  it('by one or the other where the extensions of the ClientHello were cut off', () => {
    const hello = record(22, clientHello({ session, extensions: [extension(35, Buffer.alloc(192))] }));
    const driven = kit();
    driven.data(0, hello.subarray(0, hello.length - 196));
    driven.analyzer.gap?.(0, 196);
    driven.data(1, server);
    driven.data(0, join(CHANGE_CIPHER_SPEC, FINISHED));
    const [{ record: told }] = driven.end();
    expect(told).toMatchObject({ resumed: true });
    expect(told.resumptionMethod).toBeUndefined();
  });
  it('is not what TLS 1.3 means by an echoed session id', () => {
    const hello = clientHello({ session, extensions: [extension(43, vector8(u16(0x0304)))] });
    const answer = (...more: Uint8Array[]) =>
      join(
        record(22, serverHello({ session, ciphers: [0x1301], extensions: [extension(43, u16(0x0304)), ...more] })),
        CHANGE_CIPHER_SPEC,
        encrypted(500),
      );
    const client = ['>', join(CHANGE_CIPHER_SPEC, encrypted(53))] as const;
    expect(records([['>', record(22, hello)], ['<', answer()], client])[0]).toMatchObject({
      version: '1.3',
      established: true,
      resumed: false,
    });
    const [told] = records([['>', record(22, hello)], ['<', answer(extension(41, u16(0)))], client]);
    expect(told).toMatchObject({ resumed: true, resumptionMethod: 'ticket' });
  });
  it('is not what a key is for that both sides were given', () => {
    const identity = (name: string, age: number) => join(vector16(Buffer.from(name)), u16(0), u16(age));
    const identities = vector16(join(identity('a ticket', 77), identity('a key', 0)));
    const hello = clientHello({ extensions: [extension(43, vector8(u16(0x0304))), extension(41, identities)] });
    const resumed = (index: number) => {
      const extensions = [extension(43, u16(0x0304)), extension(41, u16(index))];
      const server = join(record(22, serverHello({ ciphers: [0x1301], extensions })), encrypted(500));
      return records([
        ['>', record(22, hello)],
        ['<', server],
        ['>', encrypted(53)],
      ]).map((told) => told.resumed);
    };
    expect([resumed(0), resumed(1), resumed(2)]).toEqual([[true], [false], [true]]);
  });
});

describe('TLS 1.3', () => {
  const hello = clientHello({ session: Buffer.alloc(32, 5), extensions: [extension(43, vector8(u16(0x0304)))] });
  const answer = serverHello({
    ciphers: [0x1302],
    extensions: [extension(43, u16(0x0304)), extension(51, u16(29), vector16(Buffer.alloc(32)))],
  });
  const retry = message(
    2,
    u16(0x0303),
    Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex'),
    vector8(),
    u16(0x1302),
    u8(0),
    vector16(extension(43, u16(0x0304)), extension(51, u16(24))),
  );
  it('with early data behind a ChangeCipherSpec waits for the answer (RFC 8446 appendix D.4)', () => {
    const early = clientHello({
      session: Buffer.alloc(32, 5),
      extensions: [extension(43, vector8(u16(0x0304))), extension(42), extension(41, u16(0))],
    });
    const taken = serverHello({
      ciphers: [0x1302],
      extensions: [
        extension(43, u16(0x0304)),
        extension(51, u16(29), vector16(Buffer.alloc(32))),
        extension(41, u16(0)),
      ],
    });
    const [told] = records([
      ['>', join(record(22, early), CHANGE_CIPHER_SPEC, encrypted(40))],
      ['<', join(record(22, taken), CHANGE_CIPHER_SPEC, encrypted(120))],
      ['>', join(encrypted(21), encrypted(69))],
    ]);
    expect(told).toMatchObject({
      established: true,
      resumed: true,
      version: '1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      hasEarlyData: true,
    });
    const [refused] = records([
      ['>', join(record(22, early), CHANGE_CIPHER_SPEC, encrypted(40))],
      ['<', alert(2, 40)],
    ]);
    expect(refused).toMatchObject({ established: false, alertTypes: ['handshake_failure'] });
  });
  it('that ends behind a HelloRetryRequest has the version that it chose', () => {
    const [told] = records([
      ['>', record(22, hello)],
      ['<', join(record(22, retry), CHANGE_CIPHER_SPEC, alert(2, 50))],
    ]);
    expect(told).toMatchObject({ established: false, version: '1.3', detailedVersion: 'TLS 1.3', isRetried: true });
  });
  it('with a HelloRetryRequest is one handshake, told by its first ClientHello', () => {
    const found = records([
      ['>', record(22, hello)],
      ['<', join(record(22, retry), CHANGE_CIPHER_SPEC)],
      ['>', join(CHANGE_CIPHER_SPEC, record(22, clientHello({ ciphers: [0x1301] })))],
      ['<', join(record(22, answer), encrypted(900))],
      ['>', encrypted(53)],
    ]);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      established: true,
      isRetried: true,
      curve: 'x25519',
      cipher: 'TLS_AES_256_GCM_SHA384',
    });
    expect(found[0].supportedCiphers).toHaveLength(2);
  });
  it('that the client ends with an encrypted alert is not established', () => {
    const [told] = records([
      ['>', record(22, hello)],
      ['<', join(record(22, answer), encrypted(900))],
      ['>', join(CHANGE_CIPHER_SPEC, encrypted(19))],
    ]);
    expect(told).toMatchObject({
      status: 'Error',
      hasEncryptedAlert: true,
      errorMessage: ['An encrypted alert ended the handshake'],
    });
  });
});

describe('handshakes that fail', () => {
  it('tell the alert', () => {
    const [told] = records([
      ['>', record(22, HELLO)],
      ['<', alert(2, 40)],
    ]);
    expect(told).toMatchObject({
      status: 'Error',
      established: false,
      alertTypes: ['handshake_failure'],
      alerts: [{ severity: 'fatal', code: 40, type: 'handshake_failure', source: 'server' }],
      errorMessage: ['Fatal alert of the server: handshake_failure'],
    });
    expect(told.duration).toBeUndefined();
  });
  it('are told when nobody answers', () => {
    expect(records([['>', record(22, HELLO)]], {}, { end: 'timeout' })[0]).toMatchObject({
      status: 'Error',
      errorMessage: ['No answer to the ClientHello'],
    });
  });
  it('are told when they take too long', () => {
    const driven = kit();
    driven.data(0, record(22, HELLO));
    driven.advance(61);
    expect(driven.emitted).toHaveLength(1);
    expect(driven.data(1, record(22, serverHello()))).toBe('done');
    expect(driven.end()).toHaveLength(1);
  });
  it('are told with a gap in them, and go on behind it', () => {
    const driven = kit();
    driven.data(0, HANDSHAKE[0][1]);
    driven.data(1, HANDSHAKE[1][1].subarray(0, 300));
    expect(driven.analyzer.gap?.(1, 500)).toBe('continue');
    driven.data(0, HANDSHAKE[2][1]);
    driven.data(1, HANDSHAKE[3][1]);
    const [{ record: told }] = driven.end();
    expect(told).toMatchObject({ established: true, cipher: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256' });
    expect(told.errorMessage).toContain('Packet loss while capturing the handshake');
  });
  it('say which hello was not captured, and no version that the server may not have chosen', () => {
    const [hello, answer, keys, finished] = HANDSHAKE.map(([, bytes]) => bytes);
    const told = (...said: (readonly [0 | 1, Uint8Array])[]) => {
      const driven = kit();
      for (const [direction, bytes] of said) driven.data(direction, bytes);
      return driven.end()[0].record;
    };
    const unanswered = told([0, hello], [0, keys], [1, finished]);
    expect(unanswered).toMatchObject({ established: true, errorMessage: ['The ServerHello was not captured'] });
    expect(unanswered).not.toHaveProperty('version', expect.anything());
    expect(told([1, answer], [0, keys], [1, finished])).toMatchObject({
      established: true,
      version: '1.2',
      errorMessage: ['The ClientHello was not captured'],
    });
    expect(told([0, hello])).toMatchObject({ version: '1.2', errorMessage: ['No answer to the ClientHello'] });
  });
  it('say what the server asked for', () => {
    const request = message(13, vector8(u8(1)), vector16(u16(0x0401)), vector16());
    const server = join(record(22, serverHello(), certificates(certificate()), request, HELLO_DONE));
    const own = certificates(certificate({ subject: 'somebody' }));
    const [told] = records([
      ['>', record(22, HELLO)],
      ['<', server],
      ['>', record(22, own)],
      ['<', alert(2, 46)],
    ]);
    expect(told).toMatchObject({
      clientCertificateRequested: true,
      clientSubject: 'CN=somebody',
      alertTypes: ['certificate_unknown'],
    });
  });
});

describe('odd beginnings', () => {
  it('SSL 2.0 ClientHello', () => {
    const body = join(
      u8(1),
      u16(0x0301),
      u16(6),
      u16(0),
      u16(16),
      Buffer.from([0, 0, 0x2f, 1, 0, 0x80]),
      Buffer.alloc(16, 9),
    );
    const hello = join(u16(0x8000 | body.length), body);
    const rest = [
      [
        '<',
        join(record(22, serverHello({ version: 0x0301, ciphers: [0x2f] }), certificates(certificate()), HELLO_DONE)),
      ],
      ['>', join(record(22, message(16)), CHANGE_CIPHER_SPEC, FINISHED)],
      ['<', join(CHANGE_CIPHER_SPEC, FINISHED)],
    ] as const;
    for (const step of [1, 3, 1000]) {
      const [told] = records([['>', hello], ...rest], {}, { step });
      expect(told).toMatchObject({ established: true, version: '1.0', cipher: 'TLS_RSA_WITH_AES_128_CBC_SHA' });
      expect(told.supportedCiphers).toEqual(['TLS_RSA_WITH_AES_128_CBC_SHA', 'SSL_CK_RC4_128_WITH_MD5']);
    }
  });
  it('a client whose server was not captured', () => {
    const [told] = records(HANDSHAKE.filter(([side]) => side === '>'));
    expect(told).toMatchObject({ established: true, serverName: 'www.example.org' });
  });
  it('a server whose client was not captured', () => {
    const driven = kit();
    driven.data(1, record(22, serverHello({ extensions: [alpn('h2')] })));
    const [emitted] = driven.end();
    expect(emitted.from).toBe(0);
    expect(emitted.record).toMatchObject({ nextProtocol: 'h2', version: '1.2' });
  });
  it('a stapled OCSP response', () => {
    const status = message(22, u8(1), vector24(Buffer.from([0x30, 3, 10, 1, 0])));
    const [told] = records([
      ['>', record(22, HELLO)],
      ['<', join(record(22, serverHello(), certificates(certificate()), status))],
    ]);
    expect(told.ocspResponse).toBe('successful');
  });
});
