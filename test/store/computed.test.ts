// Columns that no segment keeps: the store computes them as the program does.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { flowRecord } from '../../src/flow/record.ts';
import { Address } from '../../src/records/address.ts';
import { ColumnarRows, storedFields } from '../../src/records/columnar.ts';
import { flowId } from '../../src/records/flow-id.ts';
import { openReader } from '../../src/store/reader.ts';
import { openStore } from '../../src/store/store.ts';
import { Random } from '../kit/generate/random.ts';
import { makeBatch, type Words } from './batch-kit.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'netscribe-computed-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const addressOf = ([a, b, c, d]: Words): Address =>
  a === 0 && b === 0 && c === 0xffff ? new Address().setV4(d) : new Address().setV6(a, b, c, d);

it('computes the id and the duration of flows', async () => {
  const random = new Random(7);
  const count = 300;
  const several = <T>(make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
  const host = (): Words =>
    random.chance(0.5) ? [0, 0, 0xffff, random.word()] : [random.word(), random.word(), random.word(), random.word()];
  const [sources, destinations] = [several(host), several(host)];
  const port = (i: number) => (i % 5 === 0 ? null : random.below(65536));
  const [sourcePorts, destinationPorts] = [several(port), several(port)];
  const packets = several((i) => (i % 7 === 0 ? random.below(2 ** 32) * 2 ** 20 : random.below(1000)));
  const ends = several(() => [random.below(2 ** 31) + 100, random.below(1e9)] as const);
  const durations = several((i) => (i % 3 === 0 ? 0 : random.below(99e9)));
  const store = openStore(directory, { sync: false });
  const writer = store.beginImport();
  writer.write(
    makeBatch('flow', [
      { name: 'timestamp', kind: 'time', values: ends },
      {
        name: 'event_start',
        kind: 'time',
        values: ends.map(([seconds, nanos], i) => {
          const start = BigInt(seconds) * 1_000_000_000n + BigInt(nanos) - BigInt(durations[i]);
          return [Number(start / 1_000_000_000n), Number(start % 1_000_000_000n)] as const;
        }),
      },
      { name: 'source_ip', kind: 'ip', values: sources },
      { name: 'source_port', kind: 'int', values: sourcePorts },
      { name: 'destination_ip', kind: 'ip', values: destinations },
      { name: 'destination_port', kind: 'int', values: destinationPorts },
      { name: 'netscribe_flow_first_packet', kind: 'int', values: packets },
    ]),
  );
  writer.commit('x');
  store.close();
  const reader = await openReader(directory, { types: [flowRecord] });
  const found = await reader.query('SELECT flow_id, event_duration FROM flow ORDER BY timestamp');
  reader.close();
  const order = several((i) => i).sort((a, b) => ends[a][0] - ends[b][0] || ends[a][1] - ends[b][1]);
  const wanted = order.map((i) => [
    flowId(
      addressOf(sources[i]),
      sourcePorts[i] ?? -1,
      addressOf(destinations[i]),
      destinationPorts[i] ?? -1,
      packets[i],
    ),
    durations[i],
  ]);
  expect(found.rows).toEqual(wanted);
  expect(new Set(wanted.map(([id]) => id)).size).toBe(count);
});

it('gives both directions the same id', () => {
  const [a, b] = [new Address().setV4(1), new Address().setV6(1, 2, 3, 4)];
  expect(flowId(a, 5, b, 6, 7)).toBe(flowId(b, 6, a, 5, 7));
  expect(flowId(a, 5, b, 6, 7)).not.toBe(flowId(a, 6, b, 5, 7));
  expect(flowId(a, -1, b, -1, 2 ** 40)).not.toBe(flowId(a, -1, b, -1, 2 ** 41));
});

it('keeps a column when what it follows from is not kept', () => {
  const names = (fields: typeof flowRecord.fields) => storedFields({ ...flowRecord, fields }).map(([name]) => name);
  expect(names(flowRecord.fields)).not.toContain('flowId');
  const { sourcePort: _, ...rest } = flowRecord.fields;
  expect(names(rest as typeof flowRecord.fields)).toContain('flowId');
  expect(names(rest as typeof flowRecord.fields)).not.toContain('duration');
});

it('keeps small differences in the place of numbers that are close to others', () => {
  const columns = (fields: typeof flowRecord.fields) =>
    new ColumnarRows({ ...flowRecord, fields }).take().columns.map(({ name }) => name);
  expect(columns(flowRecord.fields)).toContain('netscribe_source_payload_bytes_rest');
  const { sourceBytes: _, ...rest } = flowRecord.fields;
  expect(columns(rest as typeof flowRecord.fields)).toContain('netscribe_source_payload_bytes');
});
