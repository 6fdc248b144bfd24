// Each protocol's plain beginning, and where TLS takes over.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Direction } from '../../../src/protocols/protocol.ts';
import { starttls } from '../../../src/protocols/starttls/index.ts';
import { AnalyzerKit } from '../../kit/analyzer.ts';
import { runFiles } from '../../kit/engine.ts';
import { capture, hasShared } from '../../kit/shared.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const text = (line: string) => Buffer.from(line, 'latin1');
type Exchange = readonly (readonly ['>' | '<', Buffer])[];

const LDAP_REQUEST = Buffer.concat([hex('301d 020101 7718 8016'), text('1.3.6.1.4.1.1466.20037')]);
const MYSQL_GREETING = Buffer.concat([hex('4a000000 0a'), text('8.0.36\0'), Buffer.alloc(0x4a - 8)]);

const BEGINNINGS: Record<string, Exchange> = {
  smtp: [
    ['<', text('220 mx.example ESMTP\r\n')],
    ['>', text('EHLO me\r\n')],
    ['<', text('250-mx.example\r\n250 STARTTLS\r\n')],
    ['>', text('STARTTLS\r\n')],
    ['<', text('220 2.0.0 Ready\r\n')],
  ],
  ftp: [
    ['<', text('220 FTP server\r\n')],
    ['>', text('AUTH TLS\r\n')],
    ['<', text('234 go on\r\n')],
  ],
  imap: [
    ['<', text('* OK IMAP4rev1\r\n')],
    ['>', text('a1 CAPABILITY\r\n')],
    ['<', text('* CAPABILITY STARTTLS\r\na1 OK\r\n')],
    ['>', text('a2 STARTTLS\r\n')],
    ['<', text('a2 OK begin\r\n')],
  ],
  pop3: [
    ['<', text('+OK POP3 ready\r\n')],
    ['>', text('STLS\r\n')],
    ['<', text('+OK begin\r\n')],
  ],
  postgresql: [
    ['>', hex('00000008 04d2162f')],
    ['<', text('S')],
  ],
  mysql: [
    ['<', MYSQL_GREETING],
    ['>', Buffer.concat([hex('20000001 85ae0f00'), Buffer.alloc(28)])],
  ],
  ldap: [
    ['>', LDAP_REQUEST],
    ['<', hex('300c 020101 7807 0a0100 0400 0400')],
  ],
  rdp: [
    ['>', hex('0300000b 06e00000000000')],
    ['<', hex('03000013 0ed00000000000 02000800 01000000')],
  ],
  xmpp: [
    ['>', text("<?xml version='1.0'?><stream:stream xmlns='jabber:client' to='example'>")],
    ['<', text('<stream:stream id="1"><stream:features/>')],
    ['>', text("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")],
    ['<', text("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")],
  ],
  adb: [
    ['>', hex('434e584e 01000001 00001000 00000000 00000000 bcb1a7b1')],
    ['<', hex('53544c53 00000001 00000000 00000000 00000000 acabb3ac')],
    ['>', hex('53544c53 00000001 00000000 00000000 00000000 acabb3ac')],
  ],
  nx: [
    ['>', text('NXSH-8.1\n')],
    ['<', text('NXD-8.1\n')],
  ],
};

function drive(exchange: Exchange, step = Number.POSITIVE_INFINITY) {
  const driven = new AnalyzerKit(starttls);
  let verdict: unknown = 'ok';
  for (const [side, bytes] of exchange) {
    if (verdict !== 'ok' || driven.handedOver.length > 0) break;
    verdict = driven.data(side === '>' ? 0 : 1, bytes, step);
  }
  return { verdict, handedOver: driven.handedOver, names: driven.names };
}

describe.each(Object.entries(BEGINNINGS))('%s', (name, exchange) => {
  const [side, first] = exchange[0];
  const direction: Direction = side === '>' ? 0 : 1;
  it('is recognised', () => {
    expect(starttls.probe(direction, first, 0, first.length, false, 'tcp')).toBe('yes');
  });
  it('is named and handed over at its last byte', () => {
    expect(drive(exchange)).toEqual({ verdict: 'ok', names: [name], handedOver: [{ protocol: 'tls', rest: 0 }] });
  });
  it('leaves to TLS what stands behind it', () => {
    const last = exchange.length - 1;
    const more = exchange.map(
      ([who, bytes], i) => [who, i === last ? Buffer.concat([bytes, hex('160301')]) : bytes] as const,
    );
    expect(drive(more).handedOver).toEqual([{ protocol: 'tls', rest: 3 }]);
  });
  it('may be cut anywhere behind its first message', () => {
    for (const step of [1, 2, 5]) {
      const driven = new AnalyzerKit(starttls);
      driven.data(direction, first);
      for (const [who, bytes] of exchange.slice(1))
        if (driven.handedOver.length === 0) driven.data(who === '>' ? 0 : 1, bytes, step);
      expect(driven.handedOver, `${step}`).toEqual([{ protocol: 'tls', rest: 0 }]);
    }
  });
});

describe('no TLS', () => {
  it('refused in a line', () => {
    const exchange: Exchange = [
      ...BEGINNINGS.smtp.slice(0, 4),
      ['<', text('454 not now\r\n')],
      ['>', text('QUIT\r\n')],
      ['<', text('221 bye\r\n')],
    ];
    expect(drive(exchange).handedOver).toEqual([]);
  });
  it('PostgreSQL goes on in clear, as whatever it is', () => {
    expect(drive([BEGINNINGS.postgresql[0], ['<', text('N')]]).handedOver).toEqual([{ protocol: '', rest: 0 }]);
  });
  it('MySQL without SSL is left alone', () => {
    expect(
      drive([BEGINNINGS.mysql[0], ['>', Buffer.concat([hex('54000001 8da60f00'), Buffer.alloc(80)])]]),
    ).toMatchObject({ verdict: 'done', names: ['mysql'], handedOver: [] });
  });
});

describe('anything', () => {
  it('does not throw', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 50 }).map((b) => Buffer.from(b)),
      fc.string({ minLength: 1, maxLength: 60 }).map(text),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(BEGINNINGS)),
        fc.array(fc.tuple(fc.constantFrom<'>' | '<'>('>', '<'), bytes), { maxLength: 8 }),
        (start, rest) => {
          drive([start[0], ...rest], 9);
          for (const [, some] of rest) starttls.probe(0, some, 0, some.length, false, 'tcp');
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe.skipIf(!hasShared)('captures', () => {
  it.each([
    'zeek__tls__imap-starttls.pcap',
    'zeek__ldap__ldap-starttls.pcap',
    'zeek__tls__xmpp-dialback-starttls.pcap',
    'arkime__adb_synthetic.pcap',
    'zeek__postgresql__psql-aws-ssl-require.pcap',
    'arkime__mysql-tls.pcap',
    'zeek__mysql__encrypted.pcap',
    'real__ldap.pcap',
    'real__postgresql.pcap',
  ])('%s: TLS comes out', async (name) => {
    const { text: out } = await runFiles([capture(name)], { records: ['tls'] });
    expect(out).toContain('"ja3":');
  });
});
