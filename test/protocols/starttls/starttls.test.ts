// Each protocol's plain beginning, and where TLS takes over.

import { describe, expect, it } from 'vitest';
import type { Direction } from '../../../src/protocols/protocol.ts';
import { starttls } from '../../../src/protocols/starttls/index.ts';
import { AnalyzerKit } from '../../kit/analyzer.ts';
import fc, { often } from '../../kit/arbitrary.ts';
import { runFiles } from '../../kit/engine.ts';
import { capture, hasShared } from '../../kit/shared.ts';
import { BEGINNINGS, type Exchange, hex, text } from './seeds.ts';

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
  it('is waited for while it is not whole', () => {
    for (let octets = 1; octets < first.length; octets++)
      expect(starttls.probe(direction, first, 0, octets, false, 'tcp'), `${octets}`).not.toBe('no');
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

describe('a client that does not wait for the answer', () => {
  const asked = BEGINNINGS.smtp.slice(0, 4);
  const agreed = ['<', text('220 go ahead\r\n')] as const;
  it('has its hello handed over', () => {
    const exchange: Exchange = [...asked, ['>', hex('160301')], ['>', hex('0002')], agreed];
    expect(drive(exchange).handedOver).toEqual([{ protocol: 'tls', rest: 0, early: '1603010002' }]);
  });
  it.each(['postgresql', 'ldap', 'rdp', 'xmpp', 'nntp', 'irc'] as const)(
    'has it handed over from %s, however it is cut',
    (name) => {
      const exchange = BEGINNINGS[name];
      const early: Exchange = [...exchange.slice(0, -1), ['>', hex('160301')], ['>', hex('0002')], exchange.at(-1)!];
      for (const step of [1, 3, 1000]) {
        const driven = new AnalyzerKit(starttls);
        for (const [i, [who, bytes]] of early.entries())
          driven.data(who === '>' ? 0 : 1, bytes, i === 0 ? bytes.length : step);
        expect(driven.handedOver.slice(0, 1)).toEqual([{ protocol: 'tls', rest: 0, early: '1603010002' }]);
      }
    },
  );
  it('has what it said to PostgreSQL read in clear when there is no TLS', () => {
    const exchange: Exchange = [BEGINNINGS.postgresql[0], ['>', hex('00000008')], ['<', text('N')]];
    expect(drive(exchange).handedOver).toEqual([{ protocol: '', rest: 0, early: '00000008' }]);
  });
  it('is not waited for without end', () => {
    for (const name of ['postgresql', 'ldap', 'rdp', 'xmpp'] as const) {
      const exchange = BEGINNINGS[name].slice(0, -1);
      expect(drive([...exchange, ['>', Buffer.alloc(20_000, 0x16)]]).verdict, name).toBe('done');
    }
  });
  it('has commands left out that are no hello', () => {
    const exchange: Exchange = [...asked, ['>', text('MAIL FROM:<evil@example.org>\r\n')], agreed];
    expect(drive(exchange).handedOver).toEqual([{ protocol: 'tls', rest: 0 }]);
  });
  it('is read on when it was refused', () => {
    const exchange: Exchange = [...asked, ['>', text('STARTTLS\r\n')], ['<', text('454 not now\r\n')], agreed];
    expect(drive(exchange).handedOver).toEqual([{ protocol: 'tls', rest: 0 }]);
  });
});

describe('an FTP server whose banner does not say so', () => {
  it.each(['FEAT', 'SYST', 'HOST ftp.test', 'CLNT lftp', 'OPTS UTF8 ON'])('is told by the client: %s', (first) => {
    const line = text(`${first}\r\n`);
    expect(starttls.probe(0, line, 0, line.length, false, 'tcp')).toBe('yes');
    const exchange: Exchange = [
      ['>', line],
      ['<', text('211-Features:\r\n AUTH TLS\r\n211 End\r\n')],
      ...BEGINNINGS.ftp.slice(1),
    ];
    expect(drive(exchange)).toMatchObject({ names: ['ftp'], handedOver: [{ protocol: 'tls', rest: 0 }] });
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
  it('is what it is, however it is cut', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 50 }).map((b) => Buffer.from(b)),
      fc.string({ minLength: 1, maxLength: 60 }).map(text),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(BEGINNINGS)),
        fc.array(fc.tuple(fc.constantFrom<'>' | '<'>('>', '<'), bytes), { maxLength: 8 }),
        (start, rest) => {
          const [one, nine, whole] = [1, 9, Number.POSITIVE_INFINITY].map((step) => {
            const driven = new AnalyzerKit(starttls);
            let verdict: unknown = driven.data(start[0][0] === '>' ? 0 : 1, start[0][1]);
            for (const [side, some] of rest)
              if (verdict === 'ok' && driven.handedOver.length === 0)
                verdict = driven.data(side === '>' ? 0 : 1, some, step);
            const to = driven.handedOver.map(({ protocol }) => protocol);
            // Nothing is asked of it once it has handed over.
            return { verdict: to.length > 0 ? undefined : verdict, names: driven.names, to };
          });
          expect([nine, whole]).toEqual([one, one]);
          expect(one.to.length).toBeLessThanOrEqual(1);
          for (const [, some] of rest)
            expect(['yes', 'no', 'more']).toContain(starttls.probe(0, some, 0, some.length, false, 'tcp'));
        },
      ),
      { numRuns: often(400) },
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
