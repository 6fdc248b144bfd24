// TLS in OpenVPN: the same record as without the framing.

import { describe, expect, it } from 'vitest';
import { isEncryptedOpenVpn, isOpenVpnDatagram, probeOpenVpnStream } from '../../../src/protocols/openvpn/probe.ts';
import { runFiles } from '../../kit/engine.ts';
import { capture, hasShared } from '../../kit/shared.ts';
import { HANDSHAKE, join, kit, records } from '../tls/build.ts';
import { framed, openVpn, reset, type Step } from './build.ts';

const [PLAIN] = records(HANDSHAKE);

function told(transport: 'tcp' | 'udp', steps: readonly Step[], step = Number.POSITIVE_INFINITY) {
  const driven = kit({}, { transport });
  for (const { direction, bytes } of steps) {
    const verdict = transport === 'tcp' ? driven.data(direction, bytes, step) : driven.message(direction, bytes);
    if (verdict !== 'ok') break;
  }
  const emitted = driven.end();
  expect(driven.held).toBe(0);
  expect(driven.names).toEqual(['openvpn']);
  return emitted.map(({ record }) => record);
}

describe('over UDP', () => {
  it('with and without an HMAC', () => {
    for (const hmac of [0, 16, 20, 32, 64]) expect(told('udp', openVpn(HANDSHAKE, hmac)), `${hmac}`).toEqual([PLAIN]);
  });
  it('in any order, and again', () => {
    const steps = openVpn(HANDSHAKE);
    const [first, ...rest] = steps;
    const swapped = rest.map((_, i) => rest[(i ^ 1) < rest.length ? i ^ 1 : i]);
    expect(told('udp', [first, ...swapped])).toEqual([PLAIN]);
    expect(told('udp', [first, ...rest.flatMap((step) => [step, step])])).toEqual([PLAIN]);
  });
  it('with a packet lost tells what came before it', () => {
    const steps = openVpn(HANDSHAKE).filter((_, i) => i !== 8);
    expect(told('udp', steps)).toMatchObject([{ established: false, clientJa3: PLAIN.clientJa3 }]);
  });
});

describe('over TCP', () => {
  it('however it is cut', () => {
    const steps = openVpn(HANDSHAKE, 20).map(framed);
    for (const step of [1, 3, 1000]) {
      const driven = kit();
      for (const { direction, bytes } of steps) if (driven.data(direction, bytes, step) !== 'ok') break;
      expect(driven.end().map(({ record }) => record)).toEqual([PLAIN]);
    }
  });
  it('gives up behind a gap', () => {
    const steps = openVpn(HANDSHAKE).map(framed);
    const driven = kit();
    for (const { direction, bytes } of steps.slice(0, 8)) driven.data(direction, bytes);
    expect(driven.analyzer.gap?.(1, 100)).toBe('give-up');
    expect(driven.end()).toMatchObject([{ record: { established: false, clientJa4: PLAIN.clientJa4 } }]);
  });
});

describe('probe', () => {
  const ask = (bytes: Uint8Array) => isOpenVpnDatagram(bytes, 0, bytes.length);
  it('knows a first packet by its length and its zeros', () => {
    for (const hmac of [0, 16, 20, 28, 32, 48, 64]) expect(ask(reset(hmac))).toBe(true);
    expect(ask(reset().subarray(1))).toBe(false);
    expect(ask(reset(21))).toBe(false);
    expect(ask(join(reset(), Buffer.alloc(1)))).toBe(false);
    const acknowledging = Buffer.from(reset());
    acknowledging[9] = 1;
    expect(ask(acknowledging)).toBe(false);
    expect(ask(join(Buffer.from([0x38]), Buffer.alloc(13)))).toBe(false);
  });
  it('wants all of it over TCP', () => {
    const { bytes } = framed({ direction: 0, bytes: reset() });
    for (let octets = 1; octets < bytes.length; octets++)
      expect(probeOpenVpnStream(0, bytes, 0, octets), `${octets}`).toBe('more');
    expect(probeOpenVpnStream(0, bytes, 0, bytes.length)).toBe('yes');
    expect(probeOpenVpnStream(1, bytes, 0, bytes.length)).toBe('no');
  });
});

describe('tls-crypt', () => {
  // First packets of OpenVPN 2.6.14; their encrypted part is of no importance.
  const start = Buffer.from(
    '38af8a5db29e141e91000000016b09284e64c0b16c3740acac500731644b9373d277da3d99fce6f271464c910021a44bf7a602b5048e',
    'hex',
  );
  const wrapped = join(
    Buffer.from('507bdf238383e9e7d50f0000016b092850', 'hex'),
    Buffer.alloc(32 + 5 + 297, 0xc3),
    Buffer.from('012b', 'hex'),
  );
  it('is named, for nobody without the key can read it', () => {
    for (const bytes of [start, wrapped]) {
      const driven = kit({}, { transport: 'udp' });
      expect(driven.message(0, bytes)).toBe('done');
      expect(driven.names).toEqual(['openvpn-tls-crypt']);
      expect(driven.end()).toEqual([]);
    }
  });
  it('over TCP too, however it is cut', () => {
    for (const first of [start, wrapped]) {
      const { bytes } = framed({ direction: 0, bytes: first });
      for (let octets = 1; octets < bytes.length; octets++)
        expect(probeOpenVpnStream(0, bytes, 0, octets), `${octets}`).toBe('more');
      expect(probeOpenVpnStream(0, bytes, 0, bytes.length)).toBe('yes');
      for (const step of [1, 7, 1000]) {
        const driven = kit();
        expect(driven.data(0, bytes, step)).toBe('done');
        expect(driven.names.at(-1)).toBe('openvpn-tls-crypt');
        expect(driven.end()).toEqual([]);
        expect(driven.held).toBe(0);
      }
    }
  });
  it('is nothing else', () => {
    const ask = (bytes: Uint8Array) => isEncryptedOpenVpn(bytes, 0, bytes.length);
    for (const at of [0, 9, 12, 13]) {
      const other = Buffer.from(start);
      other[at] ^= 0x40;
      expect(ask(other), `${at}`).toBe(false);
    }
    expect(ask(start.subarray(1))).toBe(false);
    expect(ask(join(start, Buffer.alloc(1)))).toBe(false);
    expect(ask(wrapped.subarray(0, -1))).toBe(false);
    expect(ask(reset(32))).toBe(false);
  });
});

it('cannot be made to keep what waits for a packet that never comes', () => {
  const steps = openVpn(
    Array.from({ length: 500 }, () => ['>', Buffer.alloc(1000, 22)] as const),
    0,
    1000,
  );
  const driven = kit({}, { transport: 'udp' });
  steps.forEach(({ direction, bytes }, i) => {
    if (i !== 3) driven.message(direction, bytes);
  });
  expect(driven.held).toBeLessThan(70_000);
  driven.end();
  expect(driven.held).toBe(0);
});

describe.skipIf(!hasShared)('captures', () => {
  it.each([
    ['ndpi__openvpn_nohmac_tcp.pcapng', ['f0d20361ae57a5c81d94ac774a736a52']],
    ['arkime__openvpn_synthetic.pcap', Array(4).fill('feb53fe05f3e7852942a6e3cb98e8b45')],
  ])('%s', async (file, expected) => {
    const { text } = await runFiles([capture(file)], { records: ['tls'] });
    expect([...text.matchAll(/"ja3":"(\w+)"/g)].map(([, ja3]) => ja3)).toEqual(expected);
  });
});
