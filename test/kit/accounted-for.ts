// What hostile bytes come to in a protocol of one datagram, one record.

import { expect } from 'vitest';
import type { Protocol } from '../../src/protocols/protocol.ts';
import { AnalyzerKit } from './analyzer.ts';

/**
 * The record of a datagram between these ports, as text. There is one, or it is counted why not; what is wrong with it is in both: `allowed` are
 * the numbers of malformed and truncated ones with the record's status. Nothing is kept.
 */
export function accountedFor<Options>(
  protocol: Protocol<Options>,
  [sourcePort, destinationPort]: readonly [number, number],
  allowed: readonly string[],
  bytes: Uint8Array,
  to = bytes.length,
  wireLength = to,
): string {
  const kit = new AnalyzerKit(protocol, {}, { transport: 'udp', sourcePort, destinationPort });
  protocol.probe(0, bytes, 0, to, false, 'udp');
  expect(kit.analyzer.message?.(0, bytes, 0, to, wireLength)).toBe('ok');
  const emitted = kit.end();
  const { malformed = 0, truncated = 0 } = kit.counts;
  const told = emitted.map(({ record }) => record.status);
  expect(allowed).toContain(`${malformed} ${truncated} ${told}`);
  expect(kit.held).toBe(0);
  return JSON.stringify(emitted);
}
