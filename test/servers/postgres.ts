// A real PostgreSQL for tests: a cluster of its own in a temporary folder, on a port of its own. It does not run as root, so as root it runs as
// the user that its package made.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.ts';

const VERSIONS = '/usr/lib/postgresql';
const USER = 'postgres';

function programs(): string | undefined {
  if (!existsSync(VERSIONS)) return undefined;
  const newest = readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? undefined : join(VERSIONS, newest, 'bin');
}

/** Why there is no PostgreSQL here; '' when there is. */
export function postgresMissing(): string {
  return programs() === undefined ? 'PostgreSQL is not installed (Debian: apt install postgresql)' : '';
}

export class PostgresServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'netscribe-postgres-'));
  readonly port: number;
  readonly #bin = programs()!;

  private constructor(port: number) {
    this.port = port;
  }

  /** Makes a cluster whose user `postgres` has the password `secret`, and starts it. */
  static async start(): Promise<PostgresServer> {
    const server = new PostgresServer(freePort('tcp'));
    chmodSync(server.folder, 0o777);
    server.#run('sh', '-c', `echo secret > ${server.folder}/password`);
    server.#run('initdb', '-D', server.#data, '-A', 'scram-sha-256', '-U', USER, `--pwfile=${server.folder}/password`);
    server.up();
    return server;
  }

  up(): void {
    const options = `-p ${this.port} -k ${this.folder} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=16MB`;
    this.#run('pg_ctl', '-D', this.#data, '-w', '-l', `${this.folder}/log`, '-o', options, 'start');
  }
  /** Ends it at once, as a crash would. */
  down(): void {
    this.#run('pg_ctl', '-D', this.#data, '-w', '-m', 'immediate', 'stop');
  }
  remove(): void {
    try {
      this.down();
    } catch {
      // It is down already.
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  url(options = ''): string {
    return `postgres://${USER}:secret@127.0.0.1:${this.port}/postgres${options}`;
  }

  async ask<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.url() });
    await client.connect();
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  get #data(): string {
    return join(this.folder, 'data');
  }

  #run(program: string, ...words: string[]): void {
    const path = program === 'sh' ? program : join(this.#bin, program);
    const as = process.getuid?.() === 0 ? ['runuser', '-u', USER, '--', path] : [path];
    const { status, stdout, stderr } = spawnSync(as[0], [...as.slice(1), ...words], {
      encoding: 'utf8',
      cwd: this.folder,
      // A server that keeps our pipe would keep us waiting.
      stdio: program === 'pg_ctl' ? 'ignore' : 'pipe',
    });
    if (status !== 0)
      throw new Error(`${program} ${words.join(' ')} ended with ${status}:\n${stdout ?? ''}${stderr ?? ''}`);
  }
}
