// The forms that rows have in segments: whatever the times, what is read is what was written, for SQL and for merging.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { flowRecord } from '../../src/flow/record.ts';
import { dnsRecord } from '../../src/protocols/dns/record.ts';
import type { ColumnBatch } from '../../src/records/columns.ts';
import { checkStore } from '../../src/store/check.ts';
import type { StoreColumn } from '../../src/store/parquet/row-group.ts';
import { readBatches } from '../../src/store/read-rows.ts';
import { openReader } from '../../src/store/reader.ts';
import { repairStore } from '../../src/store/repair.ts';
import { rollupSpecs } from '../../src/store/rollup/tables.ts';
import { type RowForm, rowForm, rowForms } from '../../src/store/row-form.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import fc, { often } from '../kit/arbitrary.ts';
import { Random } from '../kit/generate/random.ts';
import { makeBatch, type NamedValues, type Time } from './batch-kit.ts';
import { START } from './rollup/flow-kit.ts';

const types = [flowRecord, dnsRecord];
const folders: string[] = [];
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'netscribe-form-'));
  folders.push(path);
  return path;
};
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

/** Flows of which each is told from the others; `step`: their times are multiples of it, in ns; `days`: how long they last at most. */
function flows(seed: number, rows: number, step: number, days = 0.01): ColumnBatch {
  const random = new Random(seed);
  const several = <T>(make: (i: number) => T): T[] => Array.from({ length: rows }, (_, i) => make(i));
  const ns = (below: number) => Math.floor(random.below(Math.ceil(below / step))) * step;
  const ends = several((): Time => [START + random.below(3000), ns(1e9)]);
  const starts = ends.map(([seconds, nanos], i): Time | null =>
    i % 11 === 3 ? null : [seconds - 1 - random.below(Math.ceil(days * 86_400)), i % 7 === 0 ? nanos : ns(1e9)],
  );
  return makeBatch('flow', [
    { name: 'timestamp', kind: 'time', values: ends },
    { name: 'event_start', kind: 'time', values: starts },
    { name: 'source_port', kind: 'int', values: several(() => 1024 + random.below(60_000)) },
    { name: 'network_transport', kind: 'keyword', values: several(() => ['udp', 'tcp', null][random.below(3)]) },
    { name: 'network_protocol', kind: 'keyword', values: several(() => ['dns', 'tls', null][random.below(3)]) },
    { name: 'netscribe_flow_first_packet', kind: 'int', values: several((i) => seed * 100_000 + i) },
    { name: 'source_bytes', kind: 'int', values: several(() => Math.floor(2 ** ((random.word() / 2 ** 32) * 40))) },
    {
      name: 'netscribe_tcp_server_rtt',
      kind: 'int',
      values: several(() => (random.chance(0.4) ? null : ns(5e8))),
    },
    {
      name: 'netscribe_tcp_handshake_rtt_rest',
      kind: 'int',
      values: several((i) => (random.chance(0.4) ? null : (i % 5 === 0 ? -1 : 1) * ns(3e7))),
    },
    {
      name: 'netscribe_tunnel',
      kind: 'text',
      values: several((i) => (i % 3 === 0 ? `[{"type":"gre","id":${i}}]` : null)),
    },
    { name: 'flow_final', kind: 'bool', values: several((i) => i % 4 !== 0) },
    {
      name: 'source_ip',
      kind: 'ip',
      values: several((i) => [0, 0, 0xffff, 0x0a000000 + random.below(i + 1)] as const),
    },
  ]);
}

interface Options {
  readonly forms?: RowForm[];
}

function write(batches: readonly (readonly ColumnBatch[])[], each: (i: number) => Options): Store {
  const directory = folder();
  for (const [i, some] of batches.entries()) {
    const store = openStore(directory, { sync: false, rollups: rollupSpecs(types), ...each(i) });
    const writer = store.beginImport();
    for (const batch of some) writer.write(batch);
    writer.commit(`import ${i}`);
    store.close();
  }
  return openStore(directory, { readOnly: true });
}

async function rowsOf(directory: string, sql = 'SELECT * FROM flow ORDER BY ALL'): Promise<unknown[][]> {
  const reader = await openReader(directory, { types });
  try {
    return (await reader.query(sql)).rows;
  } finally {
    reader.close();
  }
}

const form = { forms: rowForms(types) };
const columnsOf = (store: Store): StoreColumn[] =>
  store.manifest.segments.flatMap(({ schema }) => [...store.manifest.schemas[schema]]);
const column = (store: Store, name: string): StoreColumn[] => columnsOf(store).filter((one) => one.name === name);

describe('rows in their form', () => {
  const cases: [string, ColumnBatch[], Partial<StoreColumn> | undefined][] = [
    ['of nanoseconds', [flows(1, 700, 1), flows(2, 300, 1)], { before: 'timestamp' }],
    ['of microseconds', [flows(3, 700, 1000)], { before: 'timestamp', isMicros: true }],
    ['that last for years', [flows(4, 700, 1, 4000)], undefined],
  ];
  it.each(cases)('%s are those that were written', async (_, batches, expected) => {
    const [formed, plain] = [write([batches], () => form), write([batches], () => ({}))];
    const starts = column(formed, 'event_start');
    expect(starts).toHaveLength(1);
    if (expected === undefined) expect(starts[0]).toEqual({ name: 'event_start', kind: 'time' });
    else expect(starts[0]).toMatchObject(expected);
    expect(column(formed, 'timestamp')[0].isMicros).toBe(expected?.isMicros);
    expect(await rowsOf(formed.directory)).toEqual(await rowsOf(plain.directory));
    expect(checkStore(formed.directory, { isDeep: true }).problems).toEqual([]);
  });

  it('are smaller', () => {
    const { columns, ...batch } = flows(7, 8000, 1000);
    // Texts and numbers that count up, as no real ones do, are smallest in the order in which they come.
    const real = columns.filter(({ name }) => !/tunnel|first_packet/.test(name));
    const batches = [{ ...batch, columns: real }];
    const [formed, plain] = [write([batches], () => form), write([batches], () => ({}))];
    expect(formed.manifest.segments[0].bytes).toBeLessThan(0.85 * plain.manifest.segments[0].bytes);
    expect(column(formed, 'source_bytes')).toEqual([{ name: 'source_bytes', kind: 'int', isDouble: true }]);
  });

  it('stand beside those of other forms and of none', async () => {
    const batches = [[flows(1, 700, 1)], [flows(2, 2100, 1000)], [flows(3, 2100, 1)], [flows(4, 700, 1, 900)]];
    const [mixed, plain] = [write(batches, (i) => (i === 0 ? {} : form)), write(batches, () => ({}))];
    expect(new Set(mixed.manifest.segments.map(({ schema }) => schema)).size).toBeGreaterThanOrEqual(3);
    expect(await rowsOf(mixed.directory)).toEqual(await rowsOf(plain.directory));
    for (const sql of [
      `SELECT count(*), min(event_start), max(event_duration), sum(source_bytes) FROM flow WHERE timestamp >= '2026-11-21 10:20:00'`,
      'SELECT sum(rows), min(first_time), max(last_time), sum(source_bytes), sum(ended) FROM flow_service_hour',
      'SELECT network_transport, sum(rows), sum(duration_sum) FROM flow_service_minute GROUP BY 1 ORDER BY 1',
    ])
      expect(await rowsOf(mixed.directory, sql), sql).toEqual(await rowsOf(plain.directory, sql));
  });

  it('split a batch stream by the unit of its times', async () => {
    const batches = [flows(1, 700, 1), flows(2, 700, 1000), flows(3, 700, 1)];
    const [formed, plain] = [write([batches], () => form), write([batches], () => ({}))];
    expect(
      column(formed, 'timestamp')
        .map(({ isMicros }) => isMicros === true)
        .sort(),
    ).toEqual([false, true]);
    expect(await rowsOf(formed.directory)).toEqual(await rowsOf(plain.directory));
  });

  it.each([1, 1000])('are the same after merging (steps of %d ns)', async (step) => {
    const directory = folder();
    const store = openStore(directory, { sync: false, rollups: rollupSpecs(types), ...form });
    for (let i = 0; i < 4; i++) {
      store.append(flows(i + 1, 300, step), `batch ${i}`);
      store.rotate();
    }
    const before = await rowsOf(directory);
    expect(before).toHaveLength(1200);
    expect(store.merge().into).toBe(1);
    expect(store.manifest.segments).toHaveLength(1);
    expect(column(store, 'timestamp')[0].isMicros).toBe(step === 1000 ? true : undefined);
    expect(column(store, 'event_start')[0].before).toBe('timestamp');
    expect(await rowsOf(directory)).toEqual(before);
    store.close();
  });

  it('are saved from a damaged segment', async () => {
    const directory = folder();
    const store = openStore(directory, { sync: false, waitingBytes: 1, ...form });
    const writer = store.beginImport();
    for (let i = 0; i < 3; i++) writer.write(flows(i, 400, 1));
    writer.commit('x');
    store.close();
    const [{ path }] = store.manifest.segments;
    const file = readFileSync(join(directory, path));
    file[100] ^= 255;
    writeFileSync(join(directory, path), file);
    expect(repairStore(directory, { sync: false, ...form }).lostRows).toBe(400);
    const rest = write([[flows(1, 400, 1), flows(2, 400, 1)]], () => form);
    expect(await rowsOf(directory)).toEqual(await rowsOf(rest.directory));
    expect(column(openStore(directory, { readOnly: true }), 'event_start')[0].before).toBe('timestamp');
  });

  it('are sorted by what makes them alike and by time', () => {
    const store = write([[flows(5, 2000, 1), flows(6, 2000, 1)]], () => form);
    const [{ path, schema }] = store.manifest.segments;
    const [batch] = readBatches(readFileSync(join(store.directory, path)), 'flow', store.manifest.schemas[schema]);
    const texts = (name: string) => {
      const one = batch.columns.find((c) => c.name === name);
      if (one?.kind !== 'keyword') throw new Error(name);
      const { codes, dictionaryBytes: bytes, dictionaryOffsets: at } = one;
      return (i: number) =>
        one.present?.[i] === 0 ? '' : Buffer.from(bytes.subarray(at[codes[i]], at[codes[i] + 1])).toString();
    };
    const [transport, protocol] = [texts('network_transport'), texts('network_protocol')];
    const time = batch.columns.find((c) => c.name === 'timestamp');
    if (time?.kind !== 'time') throw new Error('no time');
    for (let i = 1; i < batch.rows; i++) {
      const [a, b] = [i - 1, i].map((row) => `${transport(row)} ${protocol(row)}`);
      expect(a <= b).toBe(true);
      const earlier = time.seconds[i] - time.seconds[i - 1];
      if (a === b) expect(earlier).toBeGreaterThanOrEqual(0);
    }
    const again = write([[flows(5, 2000, 1), flows(6, 2000, 1)]], () => form);
    expect(again.manifest.segments[0].crc).toBe(store.manifest.segments[0].crc);
  });
});

it('a store of version 1 is read', async () => {
  const store = write([[flows(1, 300, 1)]], () => ({}));
  const path = join(store.directory, 'manifest.json');
  const before = await rowsOf(store.directory);
  writeFileSync(path, readFileSync(path, 'utf8').replace('"version":2', '"version":1'));
  expect(await rowsOf(store.directory)).toEqual(before);
  const again = openStore(store.directory, { sync: false, ...form });
  const writer = again.beginImport();
  writer.write(flows(2, 300, 1000));
  writer.commit('more');
  again.close();
  expect(readFileSync(path, 'utf8')).toContain('"version":2');
  expect(await rowsOf(store.directory, 'SELECT count(*) FROM flow')).toEqual([[600]]);
});

it('takes declarations at their word', () => {
  expect(rowForm(flowRecord)).toMatchObject({
    order: expect.arrayContaining(['network_transport', 'netscribe_flow_reason', 'netscribe_tcp_state']),
    before: ['event_start'],
    durations: expect.arrayContaining(['netscribe_tcp_handshake_rtt_rest', 'netscribe_tcp_server_rtt']),
    magnitudes: expect.arrayContaining(['source_bytes', 'netscribe_source_payload_bytes_rest', 'source_port']),
  });
  expect(rowForm(dnsRecord)).toMatchObject({ order: [], durations: ['event_duration'] });
});

describe('any values', () => {
  const own = fc.tuple(fc.integer({ min: 0, max: 4_102_444_800 }), fc.integer({ min: 0, max: 999_999_999 }));
  const near = fc.integer({ min: -(2 ** 40), max: 2 ** 40 });
  const row = fc.record({
    own,
    near: fc.option(near, { nil: null }),
    duration: fc.option(fc.maxSafeNat(), { nil: null }),
    size: fc.option(fc.maxSafeInteger(), { nil: null }),
  });
  const custom: RowForm = { type: 't', order: [], before: ['b'], durations: ['d'], magnitudes: ['d', 's'] };
  it.each([1, 1000])('come back in their order (steps of %d ns)', (step) => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), (rows) => {
        const cut = (n: number) => n - (n % step);
        const times = rows.map((r): Time => [r.own[0], cut(r.own[1])]);
        const columns: NamedValues[] = [
          { name: 'a', kind: 'time', values: times },
          {
            name: 'b',
            kind: 'time',
            values: rows.map((r, i): Time | null => {
              if (r.near === null) return null;
              const [seconds, nanos] = times[i];
              const ns = nanos - cut(r.near);
              const whole = Math.floor(ns / 1e9);
              // Before 1970 there is nothing.
              return seconds + whole < 0 ? [0, 0] : [seconds + whole, ns - whole * 1e9];
            }),
          },
          { name: 'd', kind: 'int', values: rows.map((r) => (r.duration === null ? null : cut(r.duration))) },
          { name: 's', kind: 'int', values: rows.map((r) => r.size) },
        ];
        const batch = makeBatch('t', columns);
        const directory = folder();
        const store = openStore(directory, { sync: false, forms: [custom], mostPartitions: 1 });
        const writer = store.beginImport();
        writer.write(batch);
        writer.commit('x');
        const found = store.manifest.segments.flatMap(({ path, schema }) => [
          ...readBatches(readFileSync(join(directory, path)), 't', store.manifest.schemas[schema]),
        ]);
        store.close();
        const list = (all: readonly ColumnBatch[]) => all.flatMap(plainRows).sort();
        expect(list(found)).toEqual(list([batch]));
      }),
      { numRuns: often(80) },
    );
  });
});

function plainRows({ rows, columns }: ColumnBatch): string[] {
  return Array.from({ length: rows }, (_, i) =>
    columns
      .map((one) => {
        if (one.present !== undefined && one.present[i] === 0) return 'null';
        return one.kind === 'time'
          ? `${one.seconds[i]}.${one.nanos[i]}`
          : one.kind === 'int'
            ? String(one.values[i])
            : '?';
      })
      .join(' '),
  );
}
