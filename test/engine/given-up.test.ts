// Fragments that are given up together, each of which ends a flow where there is no more room: more than fit into one stage, or into one
// batch of records. The order is that in which they were given up, whoever analyses.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { documents, runFiles } from '../kit/engine.ts';
import { BEGIN, ip, onEthernet, udpDatagram, udpFrame } from '../kit/packets.ts';
import { pcapFile } from '../sources/writers.ts';

const FLOWS = 2048;
const FRAGMENTS = 3000;
const MORE_FRAGMENTS = 0x2000;

const folder = mkdtempSync(join(tmpdir(), 'netscribe-given-up-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('ends flows in the same order with several threads', async () => {
  const from = (net: number, i: number) => `10.${net}.${i >> 8}.${i & 255}`;
  const file = join(folder, 'fragments.pcap');
  const frames = [
    ...Array.from({ length: FLOWS }, (_, i) => udpFrame(4000, 53, { from: from(1, i) })),
    ...Array.from({ length: FRAGMENTS }, (_, i) => {
      const beginning = udpDatagram(4000, 53, new Uint8Array(64));
      return onEthernet(ip(17, beginning, { from: from(2, i), id: i, fragment: MORE_FRAGMENTS }));
    }),
  ];
  writeFileSync(file, pcapFile(frames.map((bytes, i) => ({ seconds: BEGIN, fraction: i, bytes: Buffer.from(bytes) }))));
  const request = { records: ['flow'], flow: { maxFlows: FLOWS } } as object;
  const one = await runFiles([file], request);
  const evicted = documents(one.text).filter(
    ({ netscribe }) => (netscribe.flow as { reason: string }).reason === 'evicted',
  );
  expect(evicted.length).toBeGreaterThan(FRAGMENTS / 2);
  const two = await runFiles([file], { ...request, workers: 2 });
  if (two.text !== one.text) expect(two.text.split('\n')).toEqual(one.text.split('\n'));
});
