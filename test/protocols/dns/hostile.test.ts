// Bytes that were made to hurt: nothing throws, nothing is read outside, nothing stays held.

import { describe, expect, it } from 'vitest';
import { dns } from '../../../src/protocols/dns/index.ts';
import { AnalyzerKit } from '../../kit/analyzer.ts';
import fc, { often } from '../../kit/arbitrary.ts';
import { a, bytes, framed, message, opt, query, response, soa, TO_QUESTION, u16 } from './build.ts';

const everything = { include_authorities: true, include_additionals: true, send_request: true, send_response: true };
const samples = [
  query('www.example.com', 1, { additionals: [opt([[10, bytes('0102030405060708')]])] }),
  response('www.example.com', [a('192.0.2.1'), soa('example.com', 7)], {
    additionals: [
      opt([
        [15, bytes('0012 6e6f')],
        [8, bytes('0001 18 00 c00002')],
      ]),
    ],
  }),
  response('x', [
    { name: TO_QUESTION, type: 65, rdata: bytes('0001 00 0001 0003 026832 0004 0004 c0000201') },
    { name: TO_QUESTION, type: 47, rdata: bytes('0179 00 00 06 400000000003') },
    { name: TO_QUESTION, type: 50, rdata: bytes('01 01 000a 02 aabb 04 00112233 00 01 40') },
    { name: TO_QUESTION, type: 35, rdata: bytes('0001 0002 0175 00 00 00') },
  ]),
  message({ flags: 5 << 11, questions: [{ name: 'z', type: 6 }], authorities: [a('192.0.2.1', 'x.z')] }),
];

function playUdp(datagrams: readonly Uint8Array[], port = 53): AnalyzerKit<never> {
  const kit = new AnalyzerKit(dns, everything, { destinationPort: port }) as AnalyzerKit<never>;
  datagrams.forEach((datagram, i) => {
    dns.probe(0, datagram, 0, datagram.length, false, 'udp');
    kit.message((i & 1) as 0 | 1, datagram);
  });
  kit.end();
  expect(kit.held).toBe(0);
  return kit;
}

describe('hostile bytes', () => {
  it('every truncation, in a packet whose other bytes are a canary', () => {
    for (const sample of samples) {
      for (let length = 0; length < sample.length; length++) {
        const packet = Buffer.concat([sample.subarray(0, length), Buffer.alloc(300, 'CANARY')]);
        const kit = new AnalyzerKit(dns, everything);
        kit.analyzer.message?.(1, packet, 0, length, length);
        expect(JSON.stringify(kit.end())).not.toContain('CANARY');
      }
    }
  });
  it('every byte changed to 00, ff, c0, 3f', () => {
    for (const sample of samples) {
      for (let i = 0; i < sample.length; i++) {
        for (const value of [0x00, 0xff, 0xc0, 0x3f]) {
          const changed = Buffer.from(sample);
          changed[i] = value;
          playUdp([changed, changed]);
        }
      }
    }
  });
  it('arbitrary datagrams, most with a sane header', () => {
    const header = fc.constantFrom(bytes('1234 0100 0001 0000 0000 0000'), bytes('1234 8180 0001 0002 0001 0001'));
    const datagram = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.tuple(header, fc.uint8Array({ maxLength: 80 })).map(([start, rest]) => Buffer.concat([start, rest])),
    );
    fc.assert(
      fc.property(fc.array(datagram, { maxLength: 6 }), fc.constantFrom(53, 5353, 4000), (all, port) => {
        playUdp(all, port);
      }),
      { numRuns: often(300) },
    );
  });
  it('arbitrary streams, arbitrarily cut', () => {
    const frame = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom(...samples.map((sample) => framed(sample))),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), frame), { maxLength: 6 }),
        fc.integer({ min: 1, max: 40 }),
        (parts, step) => {
          const kit = new AnalyzerKit(dns, everything, { transport: 'tcp' });
          for (const [fromServer, part] of parts) if (kit.data(fromServer ? 1 : 0, part, step) !== 'ok') break;
          kit.end();
          expect(kit.held).toBe(0);
        },
      ),
      { numRuns: often(200) },
    );
  });
  it('pointers that all lead through long chains cost little', () => {
    const chain = Buffer.concat(Array.from({ length: 19 }, (_, i) => u16(0xc000 | (12 + 2 * i))));
    const head = Buffer.concat([bytes('0000'), chain]);
    const record = Buffer.concat([u16(0xc000 | (14 + 2 * 17)), bytes('0001 0001 00000000 0000')]);
    const count = 4000;
    const packet = Buffer.concat([
      bytes('1234 8180'),
      u16(0, count, 0, 0),
      head,
      ...Array.from({ length: count }, () => record),
    ]);
    expect(packet.length).toBeLessThan(65536);
    playUdp([packet]);
  });
});
