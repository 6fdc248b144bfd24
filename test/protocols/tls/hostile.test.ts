// Bytes that somebody made to do harm: nothing throws, nothing grows, nothing is believed.

import { describe, expect, it } from 'vitest';
import type { Direction } from '../../../src/protocols/protocol.ts';
import { parseCertificate } from '../../../src/protocols/tls/certificate.ts';
import { MAX_MESSAGE_OCTETS } from '../../../src/protocols/tls/message-reader.ts';
import { probe } from '../../../src/protocols/tls/probe.ts';
import fc, { often } from '../../kit/arbitrary.ts';
import {
  certificate,
  certificates,
  clientHello,
  HANDSHAKE,
  HELLO,
  join,
  kit,
  record,
  records,
  serverHello,
  u8,
  u24,
} from './build.ts';

describe('lengths that lie', () => {
  it('a message of 16 MiB takes no more memory than came of it', () => {
    const driven = kit();
    driven.data(0, record(22, join(u8(1), u24(0xffffff), Buffer.from([3, 3, 1, 2, 3]))));
    expect(driven.held).toBeLessThan(4096);
    const [{ record: told }] = driven.end();
    expect(told.errorMessage).toContain('The end of the ClientHello is missing');
    expect(told.clientJa3).toBeUndefined();
    expect(driven.held).toBe(0);
  });
  it('a message that really is so long is given up at the limit', () => {
    const driven = kit();
    driven.data(0, record(22, HELLO));
    driven.data(1, record(22, serverHello(), join(u8(11), u24(0xffffff))));
    const filler = record(22, Buffer.alloc(16000, 1));
    for (let i = 0; i < 40; i++) driven.data(1, filler);
    expect(driven.held).toBeLessThan(2 * MAX_MESSAGE_OCTETS);
    expect(driven.counts.limit).toBe(1);
    expect(driven.end()[0].record.errorMessage).toContain('A handshake message is too long to be held');
  });
  it('a chain of thousands is kept in part', () => {
    const many = Array.from({ length: 2000 }, () => certificate());
    const [told] = records(
      [['>', record(22, HELLO)], ...chunks(join(serverHello(), certificates(...many.slice(0, 200))))],
      { include_raw_certificates: true },
    );
    expect((told.serverChain as string[]).length).toBe(32);
  });
  it('nothing is held when there is no room', () => {
    const driven = kit();
    driven.holdLimit = 0;
    driven.data(0, record(22, HELLO));
    expect(driven.held).toBe(0);
    driven.end();
    expect(driven.counts.limit).toBeGreaterThan(0);
  });
});

function chunks(bytes: Uint8Array): (readonly ['<', Uint8Array])[] {
  const found: (readonly ['<', Uint8Array])[] = [];
  for (let at = 0; at < bytes.length; at += 16000) found.push(['<', record(22, bytes.subarray(at, at + 16000))]);
  return found;
}

describe('certificates', () => {
  it('nested ten thousand times', () => {
    const nested = Buffer.alloc(20_000);
    for (let i = 0; i < nested.length; i += 2) nested.set([0x30, 0x80], i);
    expect(parseCertificate(nested)).toBeUndefined();
    const definite = Buffer.alloc(60_000);
    for (let i = 0; i < 10_000; i++) definite.set([0x30, 0x83, 0, 0, 0, 0], i * 6);
    expect(parseCertificate(definite)).toBeUndefined();
    const [told] = records([
      ['>', record(22, HELLO)],
      ['<', record(22, serverHello())],
      ...chunks(certificates(nested)),
    ]);
    expect(told.errorMessage).toContain("The server's certificate cannot be read");
    expect(told.serverSha1).toMatch(/^[0-9A-F]{40}$/);
  });
  it('whose names want to be more than one', () => {
    const parsed = parseCertificate(
      certificate({
        names: ['good.example, DNS:evil.example', 'a"b\n', 'nul\0.example', 'caf\xe9'],
        subject: 'x,CN=admin+O=y',
      }),
    )!;
    expect(parsed.x509.get('alternative_names')).toEqual([
      'good.example, DNS:evil.example',
      'a"b\n',
      'nul\0.example',
      'caf\\xe9',
    ]);
    expect(parsed.subject).toBe('CN=x\\,CN=admin\\+O=y');
  });
  it('with times that are none', () => {
    expect(parseCertificate(certificate({ notAfter: '991332250000Z' }))!.notAfter).toBeUndefined();
    expect(parseCertificate(certificate({ notAfter: '20500101000000Z' }))!.notAfter).toBe('2050-01-01T00:00:00.000Z');
    expect(parseCertificate(certificate({ notAfter: '500101000000Z' }))!.notAfter).toBe('1950-01-01T00:00:00.000Z');
  });
  it('cut or changed anywhere', () => {
    const whole = certificate();
    for (let octets = 0; octets < whole.length; octets++)
      expect(parseCertificate(whole.subarray(0, octets))).toBeUndefined();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const changed = Buffer.from(whole);
        changed[at] = value;
        parseCertificate(changed);
      }),
      { numRuns: often(2000) },
    );
  });
});

describe('anything', () => {
  const side = fc.constantFrom<Direction>(0, 1);
  it('does not throw, and gives back what it held', () => {
    const plausible = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ maxLength: 80 }).map((body) => record(22, body)),
      fc.uint8Array({ maxLength: 80 }).map((body) => record(22, join(u8(1), u24(body.length), body))),
      fc.uint8Array({ maxLength: 120 }).map((body) => record(22, join(u8(2), u24(body.length), body))),
      fc.uint8Array({ maxLength: 80 }).map((body) => record(22, join(u8(11), u24(body.length), body))),
      fc.constantFrom(record(22, HELLO), record(22, serverHello()), HANDSHAKE[1][1]),
      fc
        .tuple(fc.integer({ min: 20, max: 24 }), fc.uint8Array({ maxLength: 10 }))
        .map(([type, body]) => record(type, body)),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(side, plausible), { maxLength: 12 }),
        fc.integer({ min: 1, max: 60 }),
        (parts, step) => {
          const driven = kit({ include_raw_certificates: true });
          for (const [direction, bytes] of parts) if (driven.data(direction, bytes, step) !== 'ok') break;
          driven.end();
          expect(driven.held).toBe(0);
          expect(driven.emitted.length).toBeLessThan(2);
        },
      ),
      { numRuns: often(400) },
    );
  });
  it('gives back what one side held when the other one is no TLS', () => {
    const driven = kit();
    driven.data(0, u8(0), 1);
    driven.data(1, record(22, join(u8(11), u24(2), u8(0))), 1);
    expect(driven.data(0, join(u8(22), u8(3), u8(3), u8(0), u8(4), u8(2), u24(0)), 1)).toBe('reject');
    driven.end();
    expect(driven.held).toBe(0);
  });
  it('with one octet changed gives a record of the same outline', () => {
    const client = HANDSHAKE[0][1];
    fc.assert(
      fc.property(fc.integer({ min: 0, max: client.length - 1 }), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const changed = Buffer.from(client);
        changed[at] = value;
        expect(records([['>', changed], ...HANDSHAKE.slice(1)]).length).toBeLessThan(2);
      }),
      { numRuns: often(500) },
    );
  });
});

describe('probe', () => {
  const ask = (bytes: Uint8Array, hinted = false) => probe(0, bytes, 0, bytes.length, hinted);
  it('wants more until it can tell', () => {
    const hello = record(22, clientHello());
    for (let octets = 1; octets < 11; octets++) expect(ask(hello.subarray(0, octets)), `${octets}`).toBe('more');
    expect(ask(hello.subarray(0, 11))).toBe('yes');
  });
  it('refuses what only begins alike', () => {
    expect(ask(Buffer.from('160301', 'hex'))).toBe('more');
    expect(ask(Buffer.from('1603090040010000', 'hex'))).toBe('no');
    expect(ask(Buffer.from('160301004005', 'hex'))).toBe('no');
    expect(ask(Buffer.from('16030100400100003c0909', 'hex'))).toBe('no');
    expect(ask(Buffer.from('GET / HTTP/1.1\r\n'))).toBe('no');
    expect(ask(Buffer.from('1703030040aabb', 'hex'))).toBe('no');
    expect(ask(Buffer.from('1703030040aabb', 'hex'), true)).toBe('yes');
  });
});
