// What stands behind a PROXY header gets to detection from its first byte on.

import { describe, expect, it } from 'vitest';
import { haproxy } from '../../../src/protocols/haproxy/index.ts';
import { AnalyzerKit } from '../../kit/analyzer.ts';
import { DATAGRAM_HEADERS, HEADERS } from './seeds.ts';

const probe = (bytes: Uint8Array, direction: 0 | 1 = 0) =>
  haproxy.probe(direction, bytes, 0, bytes.length, false, 'tcp');

const CLIENTS: Record<string, string | undefined> = {
  'version 1, IPv4': '192.0.2.1',
  'version 1, IPv6': '2001:db8::1',
  'version 1, unknown': undefined,
  'version 2, IPv4': '192.0.2.1',
  'version 2, IPv6 with a TLV': '2001:db8::1',
  'version 2, local': undefined,
};

describe.each(Object.entries(HEADERS))('%s', (name, header) => {
  it('is recognised when it is whole', () => {
    for (let i = 1; i < header.length; i++) expect(probe(header.subarray(0, i)), `${i}`).toBe('more');
    expect(probe(header)).toBe('yes');
    expect(probe(header, 1)).toBe('no');
  });
  it('hands over what follows, however it is cut', () => {
    const more = Buffer.concat([header, Buffer.from('GET /')]);
    const whole = new AnalyzerKit(haproxy);
    whole.data(1, Buffer.from('220 hello'));
    whole.data(0, more);
    expect(whole.handedOver).toEqual([{ protocol: '', rest: 5, early: Buffer.from('220 hello').toString('hex') }]);
    for (const step of [1, 2, 7]) {
      const driven = new AnalyzerKit(haproxy);
      for (let at = 0; at < more.length && driven.handedOver.length === 0; at += step)
        driven.data(0, more.subarray(at, at + step));
      expect(driven.handedOver, `${step}`).toHaveLength(1);
      expect(driven.flow.forwardedIp).toBe(CLIENTS[name]);
    }
  });
});

it.each(['PROXY TCP5 1', `PROXY TCP4 ${'1'.repeat(100)}`, 'PROXY TCP4 1.2.3.4\n', 'PROXIES', '\r\n\r\n\0\r\nQUIX'])(
  '%j is none',
  (text) => {
    expect(probe(Buffer.from(text, 'latin1'))).toBe('no');
  },
);

describe.each(Object.entries(DATAGRAM_HEADERS))('before a datagram: %s', (name, header) => {
  const question = Buffer.concat([header, Buffer.from('question')]);
  const probe = (bytes: Uint8Array) => haproxy.probe(0, bytes, 0, bytes.length, false, 'udp');

  it('is recognised when it is whole, and nothing else is', () => {
    for (let i = 0; i < header.length; i++) expect(probe(header.subarray(0, i)), `${i}`).toBe('no');
    expect(probe(header)).toBe('yes');
    expect(probe(HEADERS['version 1, IPv4'])).toBe('no');
  });
  it('is passed over, in each datagram that has one', () => {
    const driven = new AnalyzerKit(haproxy);
    expect(driven.message(0, question)).toEqual({ skip: header.length });
    const client = { IPv4: '192.0.2.1', 'IPv6 with a TLV': '2001:db8::1' }[name];
    expect(driven.flow.forwardedIp).toBe(client);
    expect(driven.message(1, Buffer.from('answer'))).toEqual({ skip: 0 });
    expect(driven.flow.forwardedIp).toBe(client);
    expect(driven.message(0, Buffer.from('bare'))).toEqual({ skip: 0 });
    expect(driven.flow.forwardedIp).toBeUndefined();
  });
});

it('of another version is none', () => {
  const header = Buffer.from(HEADERS['version 2, IPv4']);
  header[12] = 0x31;
  expect(probe(header)).toBe('no');
});
