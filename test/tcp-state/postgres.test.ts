// `netscribe tcp` into a real PostgreSQL that goes away in the middle and comes back: each change of state is in the table once.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BpfSource } from '../../src/tcp-state/bpf/source.ts';
import { findTracefs } from '../../src/tcp-state/tracefs/mount.ts';
import { unless } from '../kit/unless.ts';
import { PostgresServer, postgresMissing } from '../servers/postgres.ts';
import { Namespace, portFor, watch, whyNot } from './kit.ts';

const missing = whyNot ?? (postgresMissing() || undefined);
const PORT = portFor(1);
/** Connections before the database goes, while it is away, and after it is back. */
const ROUNDS = [30, 40, 50];
const CONNECTIONS = ROUNDS.reduce((sum, n) => sum + n);

/** Why a source can not run here; undefined: it can. */
async function sourceMissing(name: string): Promise<string | undefined> {
  if (name === 'tracefs') return findTracefs(true).folder === undefined ? findTracefs(false).detail : undefined;
  const { usable, detail } = await new BpfSource().probe();
  return usable ? undefined : detail;
}

unless(missing).describe(`TCP events into PostgreSQL${missing === undefined ? '' : ` (${missing})`}`, () => {
  let server: PostgresServer;
  let net: Namespace;
  const folder = mkdtempSync(join(tmpdir(), 'netscribe-tcp-postgres-'));
  beforeAll(async () => {
    server = await PostgresServer.start();
    net = new Namespace('pg');
  });
  afterAll(() => {
    server?.remove();
    net?.[Symbol.dispose]();
    rmSync(folder, { recursive: true });
  });

  /** Traffic around a restart of the database, recorded by a source; whole runs of the command. */
  async function record(source: string, schema: string, layout: string): Promise<void> {
    const place = server.url(
      `?schema=${schema}&spill=${folder}/spill${layout === 'tcp-audit' ? '&layout=tcp-audit' : ''}`,
    );
    const only = source === 'bpf' ? ['--netns', String(net.inode)] : ['--port', String(PORT)];
    const words = ['--event', source, ...only, '--kinds', 'state', '--layout', layout, '--to', place];
    const { code, stderr } = await watch(words, async () => {
      net.traffic('short', ROUNDS[0], PORT);
      await arrived(`${schema}.${layout === 'ecs' ? 'tcp_state' : 'tcp_events'}`, ROUNDS[0] * 10);
      server.down();
      net.traffic('short', ROUNDS[1], PORT);
      // Longer than rows are gathered: they find the database away.
      await new Promise((resolve) => setTimeout(resolve, 500));
      server.up();
      net.traffic('short', ROUNDS[2], PORT);
    });
    expect([code, stderr]).toEqual([130, expect.stringContaining('Nothing was lost.')]);
  }

  async function arrived(table: string, rows: number): Promise<void> {
    for (;;) {
      const [{ n }] = await server.ask<{ n: string }>(`SELECT count(*) AS n FROM ${table}`);
      if (Number(n) >= rows) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  it.for(['bpf', 'tracefs'])('%s: each event once in our table', async (source, { skip }) => {
    const lacks = await sourceMissing(source);
    if (lacks !== undefined) return skip(lacks);
    await record(source, `ours_${source}`, 'ecs');
    const [counts] = await server.ask<Record<string, string>>(
      `SELECT count(*) AS n, count(DISTINCT "netscribe.id") AS ids, count(DISTINCT "event.sequence") AS numbers
       FROM ours_${source}.tcp_state WHERE "source.ip" IS NOT NULL`,
    );
    const n = String(CONNECTIONS * 10);
    expect(counts).toEqual({ n, ids: n, numbers: n });
    // Two sockets a connection, each of them with five changes.
    const sockets = await server.ask<{ n: string; sockets: string }>(
      `SELECT n, count(*) AS sockets FROM (SELECT count(*) AS n FROM ours_${source}.tcp_state
       WHERE "source.ip" IS NOT NULL GROUP BY "netscribe.tcp.id") AS s GROUP BY n`,
    );
    expect(sockets).toEqual([{ n: '5', sockets: String(CONNECTIONS * 2) }]);
  });

  it.for(['bpf', 'tracefs'])("%s: each event once in tcp-audit's tables", async (source, { skip }) => {
    const lacks = await sourceMissing(source);
    if (lacks !== undefined) return skip(lacks);
    await record(source, `audit_${source}`, 'tcp-audit');
    const changes = await server.ask<{ change: string; n: string }>(
      `SELECT old_state || ' ' || new_state AS change, count(*) AS n FROM audit_${source}.tcp_events
       WHERE dst_port <> 0 GROUP BY 1 ORDER BY 1`,
    );
    expect(Object.fromEntries(changes.map(({ change, n }) => [change, Number(n)]))).toEqual({
      'CLOSE-WAIT LAST-ACK': CONNECTIONS,
      'CLOSED SYN-SENT': CONNECTIONS,
      'ESTABLISHED CLOSE-WAIT': CONNECTIONS,
      'ESTABLISHED FIN-WAIT-1': CONNECTIONS,
      'FIN-WAIT-1 FIN-WAIT-2': CONNECTIONS,
      'FIN-WAIT-2 CLOSED': CONNECTIONS,
      'LAST-ACK CLOSED': CONNECTIONS,
      'LISTEN SYN-RECEIVED': CONNECTIONS,
      'SYN-RECEIVED ESTABLISHED': CONNECTIONS,
      'SYN-SENT ESTABLISHED': CONNECTIONS,
    });
    const [{ n }] = await server.ask<{ n: string }>(
      `SELECT count(*) AS n FROM audit_${source}.tcp_events_socket_info JOIN audit_${source}.tcp_events e
       ON e.uid = tcp_event_uid WHERE dst_port <> 0`,
    );
    expect(Number(n)).toBe(CONNECTIONS * 10);
  });
});
