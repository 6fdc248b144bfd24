// Records into a real PostgreSQL: what comes out of it is what went in, each once, whatever happens to the server in between.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { copyColumns } from '../../../src/records/copy.ts';
import { ENCODINGS } from '../../../src/records/encodings.ts';
import type { RecordType } from '../../../src/records/record.ts';
import type { RowBatch } from '../../../src/records/row-batch.ts';
import { postgresAddress } from '../../../src/sinks/postgres/address.ts';
import { PostgresSink } from '../../../src/sinks/postgres/sink.ts';
import { tcpAuditRecord } from '../../../src/tcp-state/record.ts';
import { netscribe } from '../../kit/commands.ts';
import { everyKind, type Json, Values } from '../../kit/records.ts';
import { PROJECT } from '../../kit/shared.ts';
import { unless } from '../../kit/unless.ts';
import { PostgresServer, postgresMissing } from '../../servers/postgres.ts';

const CAPTURE = join(PROJECT, 'examples/first-look.pcap');
const missing = postgresMissing();

/** Rows of random records, and what each field means. */
function rowsOf(
  type: RecordType,
  count: number,
  seed: number,
): { batch: RowBatch; shown: ReadonlyMap<string, Json | undefined>[] } {
  const values = new Values(seed);
  const writer = ENCODINGS.copy.newWriter(4096);
  const encode = ENCODINGS.copy.encoder(type);
  const shown: ReadonlyMap<string, Json | undefined>[] = [];
  const ends = new Uint32Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const record = {};
    const flow = {};
    shown.push(values.record(type.fields, record, flow).shown);
    at = encode(record, flow, writer, at);
    ends[i] = at;
  }
  return { batch: { bytes: writer.out.slice(0, at), ends, types: new Uint8Array(count), rows: count }, shown };
}

/** PostgreSQL has no U+0000 and no half surrogate pairs. */
function accepted(value: Json): Json {
  if (typeof value === 'string') return value.replaceAll('\0', '\\x00').toWellFormed();
  if (Array.isArray(value)) return value.map(accepted);
  if (typeof value === 'number') return value + 0; // -0 is 0
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [accepted(key) as string, accepted(one)]));
}

unless(missing).describe(`PostgreSQL${missing === '' ? '' : ` (${missing})`}`, () => {
  let server: PostgresServer;
  let folder = '';
  beforeAll(async () => {
    server = await PostgresServer.start();
    folder = mkdtempSync(join(tmpdir(), 'netscribe-postgres-sink-'));
  });
  afterAll(() => {
    server?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const sinkTo = (options: string) =>
    new PostgresSink(postgresAddress(server.url(`?spill=${folder}/spill&${options}`), {}));

  it('gives back every kind of value', async () => {
    const { batch, shown } = rowsOf(everyKind, 300, 1);
    const sink = sinkTo('schema=kinds');
    await sink.open([everyKind]);
    await sink.write(batch);
    await sink.close();
    const rows = await server.ask<Record<string, unknown>>(
      'SELECT to_jsonb(k) AS row FROM kinds.every_kind k ORDER BY "@timestamp"',
    );
    const names = new Map(
      copyColumns(everyKind).map(({ name }, i) => [
        Object.keys(everyKind.fields).filter((key) => everyKind.fields[key as 'time'].kind !== ('constant' as string))[
          i
        ],
        name,
      ]),
    );
    const key = (row: Record<string, unknown>) => JSON.stringify([row['a.word'], row['a.count'], row['wire.bytes']]);
    const came = new Map(rows.map(({ row }) => [key(row as Record<string, unknown>), row as Record<string, unknown>]));
    expect(rows.length).toBe(300);
    // Random times lie in more months than a table may have partitions.
    const [{ n }] = await server.ask<{ n: string }>('SELECT count(*) AS n FROM kinds.every_kind_others');
    expect(Number(n)).toBeGreaterThan(100);
    for (const fields of shown) {
      const wanted: Record<string, unknown> = {};
      for (const [field, value] of fields) {
        const { kind, isSingle } = everyKind.fields[field as keyof typeof everyKind.fields];
        if (kind === 'constant' || kind === 'time' || kind === 'float' || kind === 'ip') continue;
        const isNone = value === undefined || ((kind === 'int' || kind === 'duration') && value === null);
        const isText = isSingle === true && Array.isArray(value);
        wanted[names.get(field)!] = isNone ? null : isText ? JSON.stringify(value) : accepted(value as Json);
      }
      const row = came.get(key(wanted));
      expect(row, JSON.stringify(wanted)).toBeDefined();
      expect(row).toMatchObject(wanted);
    }
  });

  it('takes every record of a capture, and no record twice', async () => {
    const capture = () =>
      netscribe(['capture', '-r', CAPTURE, '--to', server.url('?schema=look'), '--summary', 'json'], { cwd: folder });
    const first = await capture();
    expect(first).toMatchObject({ code: 0 });
    const summary = JSON.parse(first.err.trim().split('\n').at(-1)!) as { records: Record<string, number> };
    expect((await capture()).code).toBe(0);
    for (const [name, count] of Object.entries(summary.records)) {
      const [{ n }] = await server.ask<{ n: string }>(`SELECT count(*) AS n FROM look.${name.replaceAll('-', '_')}`);
      expect({ name, n: Number(n) }).toEqual({ name, n: count });
    }
    const [{ bytes }] = await server.ask<{ bytes: string }>('SELECT sum("network.bytes") AS bytes FROM look.flow');
    expect(Number(bytes)).toBeGreaterThan(0);
    const parts = await server.ask<{ name: string }>(
      "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'look.flow'::regclass",
    );
    expect(parts.map(({ name }) => name).sort()).toEqual(['look.flow_2026_11', 'look.flow_others']);
  });

  it('has every record once when the server goes and comes back', async () => {
    const type: RecordType = { ...everyKind, name: 'came-back' };
    const sink = sinkTo('schema=back&partition=none');
    await sink.open([type]);
    let sent = 0;
    for (let round = 0; round < 12; round++) {
      const { batch } = rowsOf(type, 500, 100 + round);
      await sink.write(batch);
      sent += batch.rows;
      if (round === 3) server.down();
      if (round === 8) server.up();
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    await sink.close();
    const [{ n }] = await server.ask<{ n: string }>('SELECT count(*) AS n FROM back.came_back');
    expect(Number(n)).toBe(sent);
  });

  it('keeps on disk what a server that stays away did not take, for the next run', async () => {
    const type: RecordType = { ...everyKind, name: 'stayed-away' };
    const sink = sinkTo('schema=away&partition=none');
    await sink.open([type]);
    await sink.write(rowsOf(type, 50, 7).batch);
    server.down();
    await sink.write(rowsOf(type, 70, 8).batch);
    await expect(sink.close()).rejects.toThrow(/is away \(.+\): 1?[0-9]+ records wait in .*spill; the next run/);
    server.up();
    const next = sinkTo('schema=away&partition=none');
    await next.open([type]);
    await next.close();
    const [{ n }] = await server.ask<{ n: string }>('SELECT count(*) AS n FROM away.stayed_away');
    expect(Number(n)).toBe(120);
    expect(existsSync(join(folder, 'spill'))).toBe(true);
  });

  it.each(['in the URL', 'in PG… variables'])(
    'finds user, password and database of any characters: %s',
    async (how) => {
      const odd = `o'd@d:/?#%&= "`;
      const quoted = `"${odd.replaceAll('"', '""')}"`;
      await server.ask(`DROP DATABASE IF EXISTS ${quoted}`);
      await server.ask(`DROP ROLE IF EXISTS ${quoted}`);
      await server.ask(`CREATE ROLE ${quoted} LOGIN PASSWORD '${odd.replaceAll("'", "''")}'`);
      await server.ask(`CREATE DATABASE ${quoted} OWNER ${quoted}`);
      const word = encodeURIComponent(odd);
      const port = String(server.port);
      const address =
        how === 'in the URL'
          ? postgresAddress(`postgres://${word}:${word}@127.0.0.1:${port}/${word}?spill=${folder}/odd`, {})
          : postgresAddress(`postgres://?spill=${folder}/odd`, {
              PGHOST: '127.0.0.1',
              PGPORT: port,
              PGUSER: odd,
              PGPASSWORD: odd,
              PGDATABASE: odd,
            });
      const sink = new PostgresSink(address);
      await sink.open([everyKind]);
      await sink.write(rowsOf(everyKind, 5, 11).batch);
      await sink.close();
      const client = new pg.Client({ host: '127.0.0.1', port: server.port, user: odd, password: odd, database: odd });
      await client.connect();
      const { rows } = await client.query('SELECT count(*)::int AS n, current_user AS me FROM every_kind');
      await client.end();
      expect(rows).toEqual([{ n: 5, me: odd }]);
    },
  );

  it('fills the tables of tcp-audit', async () => {
    const { batch } = rowsOf(tcpAuditRecord, 20, 3);
    const sink = sinkTo('schema=audit&layout=tcp-audit');
    await sink.open([tcpAuditRecord]);
    await sink.write(batch);
    await sink.close();
    const events = await server.ask<{ uid: string; src_port: number }>('SELECT * FROM audit.tcp_events');
    expect(events.length).toBe(20);
    const infos = await server.ask('SELECT * FROM audit.tcp_events_socket_info');
    expect(infos.length).toBeLessThanOrEqual(events.length);
    await expect(sinkTo('layout=tcp-audit').open([everyKind])).rejects.toThrow('holds tcp-audit');
  });

  it.each([
    [
      'postgres://postgres:wrong@127.0.0.1:PORT/postgres',
      'user and password are taken from --to, else from PGUSER and PGPASSWORD',
    ],
    ['postgres://postgres:secret@127.0.0.1:PORT/nowhere', 'make it with: createdb'],
    ['postgres://postgres:secret@127.0.0.1:1/postgres', 'is it running there?'],
  ])('%s: says what to do', async (url, message) => {
    const sink = new PostgresSink(postgresAddress(url.replace('PORT', String(server.port)), {}));
    await expect(sink.open([everyKind])).rejects.toThrow(message);
  });
});
