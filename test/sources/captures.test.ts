// Every shared capture gives as many packets as its manifest says; damaged ones give what stands before the damage.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openInputs } from '../../src/sources/open.ts';
import { capture, hasShared } from '../kit/shared.ts';
import { readAll } from './read-all.ts';

interface Row {
  file: string;
  packets: number;
  format: string;
}

function manifest(): Row[] {
  if (!hasShared) return [];
  const [head, ...lines] = readFileSync(capture('manifest.tsv'), 'utf8').trimEnd().split('\n');
  const names = head.split('\t');
  return lines.map((line) => {
    const fields = line.split('\t');
    const field = (name: string) => fields[names.indexOf(name)];
    return { file: field('file'), packets: Number(field('packets')), format: field('format') };
  });
}

/** What is wrong with the few captures that do not end where they should. */
const DAMAGED = new Map([
  ['ndpi__fuzz-2021-10-13.pcap', /captured length of 524,501 bytes is not possible/],
  ['suricata__pgsql__pgsql-5000-query-results.pcap', /cut short inside a record header: 16 bytes needed, 1 there/],
  ['suricata__smtp-to-comma__10.7.29.101_49898-178.63.41.150_25.pcap', /captured length of 3,925,868,813 bytes/],
]);

describe.skipIf(!hasShared)('shared captures', () => {
  for (const format of new Set(manifest().map((row) => row.format))) {
    it(`${format}: packets as in the manifest`, async () => {
      for (const { file, packets } of manifest().filter((row) => row.format === format)) {
        const source = openInputs([capture(file)]);
        const read = await readAll(source);
        expect([file, read.length]).toEqual([file, packets]);
        const { damaged, packets: counted } = source.stats();
        expect(counted).toBe(packets);
        const expected = DAMAGED.get(file);
        if (expected === undefined) expect([file, damaged]).toEqual([file, []]);
        else expect(damaged).toMatchObject([{ packet: packets + 1, reason: expect.stringMatching(expected) }]);
      }
    });
  }

  it('tells the direction, the interfaces and the names that pcapng files hold', async () => {
    const source = openInputs([capture('pcpp__Pcap++Test__PcapExamples__many_interfaces-1.pcapng')]);
    const read = await readAll(source);
    expect(new Set(read.map((packet) => packet.linkType)).size).toBeGreaterThan(1);
    for (const packet of read) expect(source.interfaces[packet.interfaceId].linkType).toBe(packet.linkType);
  });
});
