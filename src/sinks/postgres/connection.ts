// One connection to PostgreSQL that takes batches of rows: COPY into a table of the connection, then from there what is not in the table yet,
// all in one transaction.

import { once } from 'node:events';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { RecordType } from '../../records/record.ts';
import type { PostgresAddress } from './address.ts';
import type { Layout } from './layouts.ts';
import { columnList, partitionStatement, spansQuery, stageStatement, type Table, tableOf } from './tables.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** Who makes tables waits for who else does: "if not exists" alone fails when two do it at once. */
const ADVISORY_LOCK = 0x6e657473;
const CHECK_VIOLATION = '23514';
/** Partitions that one connection makes or finds. */
const MAX_PARTITIONS = 120;
/** SQLSTATE classes that say something of the connection or the server, not of the rows. */
const PASSING = new Set(['08', '53', '55', '57', '58', '40', '25', 'XX']);

export class PostgresConnection {
  readonly #address: PostgresAddress;
  readonly #layout: Layout;
  readonly #tables: ReadonlyMap<string, Table>;
  readonly #known = new Set<string>();
  #client: pg.Client | undefined;

  constructor(address: PostgresAddress, layout: Layout, types: readonly RecordType[]) {
    this.#address = address;
    this.#layout = layout;
    const partition = layout.isPartitioned ? address.partition : 'none';
    this.#tables = new Map(types.map((type) => [type.name, tableOf(type, address.schema, partition)]));
  }

  get isOpen(): boolean {
    return this.#client !== undefined;
  }

  /** Connects and makes the tables. Throws what the server or the system says. */
  async open(): Promise<void> {
    const { host, port, user, password, database, sslMode } = this.#address;
    const client = new pg.Client({
      host,
      port,
      user,
      database,
      ssl: sslOf(sslMode),
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: 'netscribe',
      ...(password === undefined ? {} : { password }),
    });
    client.on('error', () => this.#drop(client));
    try {
      await client.connect();
      await client.query('SET TIME ZONE UTC');
      await client.query(`SELECT pg_advisory_lock(${ADVISORY_LOCK})`);
      await client.query('SET client_min_messages TO warning');
      for (const table of this.#tables.values()) {
        for (const statement of this.#layout.prepare(table)) await client.query(statement);
        await client.query(stageStatement(table));
      }
      await client.query(`SELECT pg_advisory_unlock(${ADVISORY_LOCK})`);
    } catch (error) {
      client.end().catch(() => undefined);
      throw error;
    }
    this.#client = client;
  }

  /** Takes rows (id and values, in COPY's text format) of one type; they are in the database when it resolves. */
  async take(type: string, rows: Uint8Array): Promise<void> {
    const client = this.#client;
    if (client === undefined) throw new Error('not connected');
    const table = this.#tables.get(type)!;
    try {
      await client.query('BEGIN');
      const copy = client.query(copyFrom(`COPY ${table.stage} (${columnList(table)}) FROM STDIN`));
      copy.end(rows);
      await once(copy, 'finish');
      if (table.partition !== 'none') await this.#makePartitions(client, table);
      for (const statement of this.#layout.take(table)) await client.query(statement);
      await client.query('COMMIT');
    } catch (error) {
      if (isPassing(error)) this.#drop(client);
      else await client.query('ROLLBACK').catch(() => this.#drop(client));
      throw error;
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  async #makePartitions(client: pg.Client, table: Table): Promise<void> {
    const { rows } = await client.query<{ span: string }>(spansQuery(table));
    for (const { span } of rows) {
      const statement = partitionStatement(table, span);
      // A capture may claim any time: what lies beyond goes to the partition for others.
      if (this.#known.has(statement) || this.#known.size >= MAX_PARTITIONS) continue;
      await client.query(`SELECT pg_advisory_xact_lock(${ADVISORY_LOCK})`);
      await client.query('SAVEPOINT partition');
      await client.query(statement).catch(async (error: unknown) => {
        // Rows of this span are among the others already, and stay there.
        if ((error as { code?: string }).code !== CHECK_VIOLATION) throw error;
        await client.query('ROLLBACK TO SAVEPOINT partition');
      });
      this.#known.add(statement);
    }
  }

  #drop(client: pg.Client): void {
    if (this.#client === client) this.#client = undefined;
    // What was made in a transaction that did not end is not there.
    this.#known.clear();
    client.end().catch(() => undefined);
  }
}

/** Will the same rows be taken later? All that does not come from the server's judgement of them. */
export function isPassing(error: unknown): boolean {
  const { code, severity } = error as { code?: string; severity?: string };
  // Only what the server says has a severity.
  return severity === undefined || code === undefined || PASSING.has(code.slice(0, 2));
}

/** libpq's modes. `prefer` and `allow` would fall back to plain text: they do not ask for more than that here. */
function sslOf(mode: string): boolean | { rejectUnauthorized: boolean } {
  if (mode === 'require') return { rejectUnauthorized: false };
  return mode === 'verify-ca' || mode === 'verify-full' ? { rejectUnauthorized: true } : false;
}
