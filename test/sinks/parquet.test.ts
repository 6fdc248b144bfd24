// Parquet says what the declaration says: on random records of every declared type and of one that has every kind of field, hyparquet
// finds each value under its ECS name, and DuckDB agrees. Files are cut as asked, and have their names when they are complete.

import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RowOutlet } from '../../src/engine/outlet.ts';
import { allRecordTypes, makePlan } from '../../src/engine/plan.ts';
import { csvHeader } from '../../src/records/csv.ts';
import type { Field } from '../../src/records/field.ts';
import { flatFields } from '../../src/records/flat.ts';
import { blankRecord, type RecordType } from '../../src/records/record.ts';
import { openSink } from '../../src/sinks/open.ts';
import { ParquetFolder } from '../../src/sinks/parquet.ts';
import { runInto } from '../kit/engine.ts';
import { everyKind, type Json, Values } from '../kit/records.ts';
import { PROJECT } from '../kit/shared.ts';

const FIRST_LOOK = join(PROJECT, 'examples/first-look.pcap');
const types: RecordType[] = [everyKind as unknown as RecordType, ...allRecordTypes()];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'netscribe-parquet-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const newFolder = () => mkdtempSync(join(folder, 'out-'));

const arrayBufferOf = (path: string): ArrayBuffer => Uint8Array.from(readFileSync(path)).buffer;
async function read(path: string): Promise<Record<string, unknown>[]> {
  return parquetReadObjects({
    file: arrayBufferOf(path),
    compressors: { ZSTD: (input) => new Uint8Array(zstdDecompressSync(input)) },
  });
}

/** What hyparquet found of a field, and what it should have, to be compared. */
function bothOf(value: unknown, field: Field, shown: Json | undefined): [found: unknown, expected: unknown] {
  const isJson = ['json', 'map', 'list', 'keywords'].includes(field.kind);
  if (shown === undefined || (shown === null && !isJson)) return [value ?? null, null];
  if (field.kind === 'int' || field.kind === 'duration') return [Number(value), (shown as number) + 0];
  if (field.kind === 'time') return [timeText(value), shown];
  if (isJson && !(field.isSingle === true && typeof shown === 'string'))
    return [JSON.parse(String(value)), JSON.parse(JSON.stringify(shown))];
  return [value, typeof shown === 'string' ? Buffer.from(shown).toString() : shown];
}

/** hyparquet gives Dates, which have milliseconds. */
function timeText(value: unknown): string {
  return (value as Date).toISOString().replace(/Z$/, '000000Z');
}

describe('parquet:DIR', () => {
  it.each(types.map((type) => [type.name, type] as const))('%s: every value under its name', async (_, type) => {
    const path = newFolder();
    const sink = new ParquetFolder(path);
    await sink.open([type]);
    const outlet = new RowOutlet([type], ['binary']);
    const values = new Values(type.name.length + 7);
    const record = blankRecord(type) as Record<string, unknown>;
    const shown = Array.from({ length: 60 }, (_, i) => {
      const flow: Record<string, unknown> = {};
      const { shown } = values.record(type.fields, record, flow);
      // Nothing below a millisecond: what readers show of it differs.
      for (const name of Object.keys(record))
        if (name.endsWith('Nanos') && record[name] !== undefined) record[name] = 5e6;
      outlet.put(0, record, flow, i, 0);
      return shown;
    });
    const { encodings, types: kinds, rows } = outlet.take()!;
    await sink.write({ ...encodings[0], types: kinds, rows });
    await sink.close();
    const found = await read(join(path, `${type.name}.parquet`));
    expect(found).toHaveLength(60);
    const fields = flatFields(type);
    expect(Object.keys(found[0]).map((name) => name)).toEqual(csvHeader(type).trimEnd().split(','));
    for (const [i, row] of found.entries()) {
      const pairs = fields.map(([name, field]) => {
        const value = shown[i].get(name);
        const expected = field.kind === 'time' && typeof value === 'string' ? `${value.slice(0, 20)}005000000Z` : value;
        return [field.paths[0], ...bothOf(row[field.paths[0]], field, expected)] as const;
      });
      // Once a row: with an `expect` for each value, those take most of the time.
      expect(pairs.map(([path, value]) => [path, value])).toEqual(pairs.map(([path, , expected]) => [path, expected]));
    }
  });

  it('is read by DuckDB, with times to the nanosecond, and is there when nothing was found', async () => {
    const path = newFolder();
    await runInto([FIRST_LOOK], [new ParquetFolder(path)]);
    const names = makePlan({}).types.map(({ name }) => `${name}.parquet`);
    expect(readdirSync(path).sort()).toEqual(names.sort());
    const duckdb = await (await DuckDBInstance.create()).connect();
    const ask = async (sql: string) => (await duckdb.runAndReadAll(sql)).getRowsJson();
    expect(
      await ask(
        `select cast("@timestamp" as text), "source.ip", "network.community_id", "source.bytes" from '${path}/flow.parquet' where "netscribe.flow.first_packet" = 2`,
      ),
    ).toEqual([['2026-11-21 10:50:16.201149', '0.0.0.0', '1:t9O1j0qj71O4wJM7gnaHtgmfev8=', '684']]);
    expect(await ask(`select count(*) from '${path}/dhcpv6.parquet'`)).toEqual([['0']]);
    expect(await ask(`select typeof("@timestamp") from '${path}/dns.parquet' limit 1`)).toEqual([['TIMESTAMP_NS']]);
    duckdb.closeSync();
    const metadata = parquetMetadata(arrayBufferOf(join(path, 'flow.parquet')));
    expect(new Set(metadata.row_groups[0].columns.map(({ meta_data: m }) => m?.codec))).toContain('ZSTD');
  });

  it('begins the next file at so many rows or bytes, and removes what is left of another run', async () => {
    const path = newFolder();
    for (const name of ['flow.00004.parquet', 'flow.00003.parquet', 'other.parquet', 'dns.00001.parquet']) {
      writeFileSync(join(path, name), 'old');
    }
    await runInto([FIRST_LOOK], [await openSink(`parquet:${path}?rows=30`)], { records: ['flow', 'icmp'] });
    expect(readdirSync(path).sort()).toEqual([
      'dns.00001.parquet',
      'flow.00001.parquet',
      'flow.00002.parquet',
      'flow.parquet',
      'icmp.parquet',
      'other.parquet',
    ]);
    const counts = ['flow', 'flow.00001', 'flow.00002'].map((name) => read(join(path, `${name}.parquet`)));
    expect((await Promise.all(counts)).map((rows) => rows.length)).toEqual([30, 30, 14]);
  });

  it('leaves nothing of a run that failed', async () => {
    const path = newFolder();
    const failing = {
      name: 'x',
      encoding: 'none',
      async open() {},
      async abort() {},
      async close() {
        throw new Error('no');
      },
    } as const;
    await expect(runInto([FIRST_LOOK], [failing, new ParquetFolder(path)])).rejects.toThrow('no');
    expect(readdirSync(path)).toEqual([]);
  });

  it('names the file that its thread can not write, and leaves what is complete', async () => {
    const path = newFolder();
    symlinkSync('/dev/full', join(path, 'flow.00001.parquet.part'));
    const run = runInto([FIRST_LOOK], [await openSink(`parquet:${path}?rows=30`)], { records: ['flow', 'icmp'] });
    await expect(run).rejects.toThrow(`cannot write to ${path}/flow.00001.parquet.part: the disk is full`);
    expect(readdirSync(path)).toEqual(['flow.parquet']);
    expect(await read(join(path, 'flow.parquet'))).toHaveLength(30);
  });

  it.each([
    ['parquet:', "parquet needs a folder: 'parquet:DIR'"],
    ['parquet:x?row=1', "parquet has no option 'row' (it has rows, size"],
    ['parquet:x?rows=many', "parquet's option rows wants a number such as 500000, 10M or 1Gi, not 'many'"],
  ])('%s: %s', async (spec, message) => {
    await expect(openSink(spec)).rejects.toThrow(message);
  });
});
