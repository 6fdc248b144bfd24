// The kernel needs to give us only what is asked for.

import { expect, test } from 'vitest';
import { makePlan } from '../../src/engine/plan.ts';
import { portFilter } from '../../src/engine/port-filter.ts';
import { loadFilterCompiler } from '../../src/system/libpcap.ts';

const filter = (records: string[], more = {}) => portFilter(makePlan({ records, ...more }));

test('flows need every packet', () => {
  expect(filter(['flow', 'dns'])).toBe('');
  expect(portFilter(makePlan({}))).toBe('');
});

test('protocols need those of their ports, and fragments', () => {
  expect(filter(['icmp', 'loss'])).toBe('icmp or icmp6');
  expect(filter(['dns'], { protocols: { dns: { ports: [53, 5454] } } })).toBe(
    'port 53 or port 5454 or (ip[6:2] & 0x1fff != 0) or ip6[6] = 44',
  );
  expect(filter(['dns'], { forced: [{ transport: 'udp', port: 7000, protocol: 'dns' }] })).toContain('port 7000');
});

test('libpcap understands it', async () => {
  const compiler = await loadFilterCompiler();
  const records = makePlan({}).records.filter((name) => name !== 'flow');
  expect(compiler.compile(filter([...records]), 1, 65_535).length).toBeGreaterThan(10);
});
