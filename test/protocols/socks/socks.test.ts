// SOCKS up to the connection; what is carried gets to detection from its first byte on.

import { describe, expect, it } from 'vitest';
import { socks } from '../../../src/protocols/socks/index.ts';
import { AnalyzerKit } from '../../kit/analyzer.ts';
import fc from '../../kit/arbitrary.ts';
import { runFiles } from '../../kit/engine.ts';
import { capture, hasShared } from '../../kit/shared.ts';
import { CONNECTED, type Exchange, hex, REQUEST_5 } from './seeds.ts';

function drive(exchange: Exchange, step = Number.POSITIVE_INFINITY) {
  const driven = new AnalyzerKit(socks);
  let verdict: unknown = 'ok';
  for (const [side, bytes] of exchange) {
    if (verdict !== 'ok' || driven.handedOver.length > 0) break;
    verdict = driven.data(side === '>' ? 0 : 1, hex(bytes), step);
  }
  return { verdict, handedOver: driven.handedOver };
}

describe.each(Object.entries(CONNECTED))('%s', (_name, exchange) => {
  it('hands over behind the reply, however it is cut', () => {
    for (const step of [1, 2, 3, 100])
      expect(drive(exchange, step).handedOver, `${step}`).toEqual([{ protocol: '', rest: 0 }]);
  });
  it('leaves what stands behind the reply', () => {
    const more = exchange.map(
      ([side, bytes], i) => [side, i === exchange.length - 1 ? `${bytes} 48545450` : bytes] as const,
    );
    expect(drive(more).handedOver).toEqual([{ protocol: '', rest: 4 }]);
  });
});

describe('a client that does not wait', () => {
  it('has what it said for the other protocol handed over', () => {
    const eager: Exchange = [
      ['>', '05 01 00'],
      ['<', '05 00'],
      ['>', `${REQUEST_5} 47455420`],
      ['>', '2f20'],
      ['<', '05 00 00 01 00000000 0000 4854'],
    ];
    expect(drive(eager).handedOver).toEqual([{ protocol: '', rest: 2, early: '474554202f20' }]);
  });
});

describe('no connection', () => {
  it.each([
    [
      'no method',
      [
        ['>', '05 01 02'],
        ['<', '05 ff'],
      ],
    ],
    [
      'wrong password',
      [
        ['>', '05 01 02'],
        ['<', '05 02'],
        ['>', '01 01 61 01 62'],
        ['<', '01 01'],
      ],
    ],
    [
      'refused',
      [
        ['>', '05 01 00'],
        ['<', '05 00'],
        ['>', REQUEST_5],
        ['<', '05 05 00 01 00000000 0000'],
      ],
    ],
    [
      'for UDP',
      [
        ['>', '05 01 00'],
        ['<', '05 00'],
        ['>', '05 03 00 01 00000000 0000'],
      ],
    ],
    [
      'rejected',
      [
        ['>', '04 01 0050 c0a80001 00'],
        ['<', '00 5b 0000 00000000'],
      ],
    ],
  ] as [string, Exchange][])('%s', (_name, exchange) => {
    expect(drive(exchange)).toEqual({ verdict: 'done', handedOver: [] });
  });
  it('and no SOCKS', () => {
    expect(
      drive([
        ['>', '05 01 00'],
        ['<', '48 54'],
      ]).verdict,
    ).toBe('reject');
  });
});

describe('probe', () => {
  const ask = (text: string, direction: 0 | 1 = 0) =>
    socks.probe(direction, hex(text), 0, hex(text).length, false, 'tcp');
  it('believes a whole first message only', () => {
    expect(ask('05 01 00')).toBe('yes');
    expect(ask('05')).toBe('more');
    expect(ask('05 01 00 aa')).toBe('no');
    expect(ask('05 02 00 00')).toBe('no');
    expect(ask('05 01 00', 1)).toBe('no');
    expect(ask('04 01 0050 c0a80001 00')).toBe('yes');
    expect(ask('04 07')).toBe('no');
  });
  it('and anything is what it is, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom<'>' | '<'>('>', '<'), fc.uint8Array({ minLength: 1, maxLength: 40 })), {
          maxLength: 8,
        }),
        (parts) => {
          const rest = parts.map(([side, bytes]) => [side, Buffer.from(bytes).toString('hex')] as const);
          const [one, seven, whole] = [1, 7, Number.POSITIVE_INFINITY].map((step) => {
            const { verdict, handedOver } = drive([['>', '05 01 00'], ...rest], step);
            // Nothing is asked of it once it has handed over.
            return handedOver.length > 0 ? handedOver.map(({ protocol }) => protocol) : verdict;
          });
          expect([seven, whole]).toEqual([one, one]);
          if (Array.isArray(one)) expect(one).toHaveLength(1);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe.skipIf(!hasShared)('captures', () => {
  it.each([
    'arkime__socks-http-example.pcap',
    'arkime__socks-http-pass.pcap',
    'arkime__socks5-http-302.pcap',
    'zeek__tunnels__socks.pcap',
  ])('%s: HTTP comes out', async (name) => {
    const { text } = await runFiles([capture(name)]);
    expect(text.split('\n').filter((line) => line.includes('"dataset":"http"')).length).toBeGreaterThan(0);
  });
});
