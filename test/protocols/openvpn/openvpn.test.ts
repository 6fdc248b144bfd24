// TLS in OpenVPN: the same record as without the framing.

import { describe, expect, it } from 'vitest';
import { isOpenVpnDatagram, probeOpenVpnStream } from '../../../src/protocols/openvpn/probe.ts';
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
