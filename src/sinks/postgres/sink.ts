// `postgres://…`: records into tables of PostgreSQL, each once. Rows are gathered per type and sent by COPY; while the database is away they
// go into a log on disk and from there, in order, when it is back, in this run or the next.

import type { RecordType } from '../../records/record.ts';
import type { RowBatch } from '../../records/row-batch.ts';
import { type RowSink, SinkError } from '../sink.ts';
import type { PostgresAddress } from './address.ts';
import { isPassing, PostgresConnection } from './connection.ts';
import { layoutFor } from './layouts.ts';
import { RowIds } from './row-ids.ts';
import { Spill } from './spill.ts';

/** Rows go when there are so many bytes of a type, or after so much time. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_MS = 200;
const UUID_BYTES = 36;
const TAB = 0x09;
const LF = 0x0a;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 30_000;
/** How long `close` waits for a database that is away. */
const PATIENCE_MS = 10_000;

interface Gathered {
  readonly type: string;
  readonly spill: Spill;
  readonly ids: RowIds;
  bytes: Buffer;
  length: number;
  rows: number;
}

export class PostgresSink implements RowSink {
  readonly encoding = 'copy';
  readonly name: string;
  readonly #address: PostgresAddress;
  #connection: PostgresConnection | undefined;
  #gathered: Gathered[] = [];
  /** Everything that talks to the database runs one behind the other. */
  #work: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #failure: unknown;
  /** Why the database was away last. */
  #reason = '';
  #refused = 0;
  #refusal = '';

  constructor(address: PostgresAddress) {
    this.name = address.shown;
    this.#address = address;
  }

  async open(types: readonly RecordType[]): Promise<void> {
    const layout = layoutFor(this.#address, types);
    this.#gathered = types.map(({ name }) => ({
      type: name,
      spill: new Spill(this.#address, name),
      ids: new RowIds(name),
      bytes: Buffer.allocUnsafe(64 * 1024),
      length: 0,
      rows: 0,
    }));
    this.#connection = new PostgresConnection(this.#address, layout, types);
    try {
      await this.#connection.open();
      for (const { spill } of this.#gathered) spill.recover();
      await this.#drain();
    } catch (error) {
      await this.abort();
      throw new SinkError(`${this.name}: ${wordsOf(error)}${adviceOn(error)}`);
    }
  }

  async write(batch: RowBatch): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#take(batch);
    const full = this.#gathered.filter(({ length }) => length >= BATCH_BYTES);
    if (full.length > 0) await this.#enqueue(() => this.#send(full));
    else this.#timer ??= setTimeout(() => this.#flushLater(), BATCH_MS);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      await this.#enqueue(() => this.#send(this.#gathered));
      const until = Date.now() + PATIENCE_MS;
      while (this.#waiting > 0 && Date.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, FIRST_RETRY_MS));
        await this.#enqueue(() => this.#reconnect());
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#waiting > 0) {
        throw new SinkError(
          `${this.name} is away (${this.#reason}): ${this.#waiting.toLocaleString('en-US')} records wait in ${this.#address.spill}; the next run with the same --to and --records sends them`,
        );
      }
      if (this.#refused > 0) {
        throw new SinkError(
          `${this.name} refused ${this.#refused.toLocaleString('en-US')} records, the first because: ${this.#refusal}`,
        );
      }
    } finally {
      await this.abort();
    }
  }

  async abort(): Promise<void> {
    clearTimeout(this.#timer);
    clearTimeout(this.#retry);
    await this.#work.catch(() => undefined);
    for (const { spill } of this.#gathered) spill.close();
    await this.#connection?.close();
  }

  /** Copies rows to their type's, each behind its id. */
  #take({ bytes, ends, types, rows }: RowBatch): void {
    let from = 0;
    for (let row = 0; row < rows; row++) {
      const to = ends[row];
      const gathered = this.#gathered[types[row]];
      const needed = gathered.length + UUID_BYTES + 1 + to - from;
      if (needed > gathered.bytes.length) {
        const bigger = Buffer.allocUnsafe(Math.max(needed, gathered.bytes.length * 2));
        gathered.bytes.copy(bigger, 0, 0, gathered.length);
        gathered.bytes = bigger;
      }
      const line = bytes.subarray(from, to);
      gathered.bytes.latin1Write(gathered.ids.next(line), gathered.length);
      gathered.bytes[gathered.length + UUID_BYTES] = TAB;
      gathered.bytes.set(line, gathered.length + UUID_BYTES + 1);
      gathered.length = needed;
      gathered.rows++;
      from = to;
    }
  }

  #flushLater(): void {
    this.#timer = undefined;
    this.#enqueue(() => this.#send(this.#gathered)).catch(() => undefined);
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).catch((error) => {
      this.#failure ??= error instanceof SinkError ? error : new SinkError(`${this.name}: ${wordsOf(error)}`);
    });
    return this.#work;
  }

  async #send(gathered: readonly Gathered[]): Promise<void> {
    for (const one of gathered) {
      if (one.rows === 0) continue;
      // Copied: rows go on being gathered while these are on their way.
      const rows = Buffer.from(one.bytes.subarray(0, one.length));
      const count = one.rows;
      one.length = 0;
      one.rows = 0;
      if (!one.spill.isEmpty || !(await this.#taken(one.type, rows))) {
        one.spill.append(count, rows);
        this.#tryLater();
      }
    }
  }

  /** Records on disk, of all types. */
  get #waiting(): number {
    return this.#gathered.reduce((sum, { spill }) => sum + spill.rows, 0);
  }

  /** False when the database is away. Rows that it refuses are found by halves, and counted. */
  async #taken(type: string, rows: Uint8Array): Promise<boolean> {
    try {
      if (!this.#connection!.isOpen) await this.#connection!.open();
      await this.#connection!.take(type, rows);
      this.#retryMs = FIRST_RETRY_MS;
      return true;
    } catch (error) {
      if (isPassing(error)) {
        this.#reason = wordsOf(error);
        return false;
      }
      const half = rows.lastIndexOf(LF, (rows.length - 1) >> 1);
      const middle = (half >= 0 ? half : rows.indexOf(LF)) + 1;
      if (middle === rows.length) {
        this.#refused++;
        this.#refusal ||= wordsOf(error);
        return true;
      }
      // A half that was taken and comes again because the other one was not is recognised by its ids.
      return (await this.#taken(type, rows.subarray(0, middle))) && (await this.#taken(type, rows.subarray(middle)));
    }
  }

  #tryLater(): void {
    if (this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#enqueue(() => this.#reconnect()).catch(() => undefined);
    }, this.#retryMs);
    this.#retry.unref();
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  async #reconnect(): Promise<void> {
    await this.#drain();
    if (this.#waiting > 0) this.#tryLater();
  }

  /** Sends what waits, oldest first, until it is all there or the database is away again. */
  async #drain(): Promise<void> {
    for (const { type, spill } of this.#gathered) {
      for (let entry = spill.peek(); entry !== undefined; entry = spill.peek()) {
        if (!(await this.#taken(type, entry.payload))) return;
        spill.done();
      }
    }
  }
}

function wordsOf(error: unknown): string {
  const { message, code, errors } = error as { message?: string; code?: string; errors?: { message: string }[] };
  // Of several addresses that were tried Node gives a list, and no words of its own.
  return message || errors?.map((one) => one.message).join('; ') || code || String(error);
}

function adviceOn(error: unknown): string {
  const { code } = error as { code?: string };
  if (code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ENOTFOUND')
    return '; is it running there? Host and port are taken from --to, else from PGHOST and PGPORT';
  if (code === '28P01' || code === '28000')
    return '; user and password are taken from --to, else from PGUSER and PGPASSWORD';
  if (code === '3D000') return '; make it with: createdb NAME';
  return '';
}
