// What waits of one record type while the database is away: batches in a segment log on disk, in order, which survive the process.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../../log/frame.ts';
import { SegmentLog } from '../../log/log.ts';
import type { LogReader } from '../../log/reader.ts';
import { WriterLock } from '../../store/lock.ts';
import type { PostgresAddress } from './address.ts';

const DIGEST_DIGITS = 12;
const MAX_BYTES = 4 * 1024 ** 3;
const READER = 'postgres';

export class Spill {
  readonly directory: string;
  readonly #type: string;
  #log: SegmentLog | undefined;
  #reader: LogReader | undefined;
  #lock: WriterLock | undefined;
  /** Read, but not acknowledged. */
  #next: Entry | undefined;
  rows = 0;

  constructor({ spill, host, port, database, schema, layout }: PostgresAddress, type: string) {
    const what = createHash('sha256')
      .update(JSON.stringify([host, port, database, schema, layout]))
      .digest('hex');
    this.directory = join(spill, what.slice(0, DIGEST_DIGITS), type);
    this.#type = type;
  }

  /** Opens what an earlier run left behind. */
  recover(): void {
    if (existsSync(this.directory)) this.#open();
    if (this.peek() === undefined) return;
    const reader = this.#log!.reader(`${READER}-count`);
    for (let entry = reader.read(); entry !== undefined; entry = reader.read())
      if (entry.sequence >= this.#next!.sequence) this.rows += entry.rows;
    reader.close();
    this.#log!.removeReader(`${READER}-count`);
  }

  get isEmpty(): boolean {
    return this.peek() === undefined;
  }

  /** Throws LogError when it is full, StoreError when another process has it, and the system's errors. */
  append(rows: number, payload: Uint8Array): void {
    this.#open();
    this.#log!.append(this.#type, String(this.#log!.next), rows, payload);
    this.rows += rows;
  }

  peek(): Entry | undefined {
    this.#next ??= this.#reader?.read();
    return this.#next;
  }

  /** The batch that `peek` gave is in the database. */
  done(): void {
    this.rows -= this.#next?.rows ?? 0;
    this.#next = undefined;
    this.#reader?.acknowledge();
    this.#log?.trim();
  }

  close(): void {
    this.#reader?.close();
    this.#log?.close();
    this.#lock?.release();
    this.#log = undefined;
  }

  #open(): void {
    if (this.#log !== undefined) return;
    mkdirSync(this.directory, { recursive: true });
    this.#lock = WriterLock.take(this.directory);
    this.#log = new SegmentLog(this.directory, { maxBytes: MAX_BYTES });
    this.#reader = this.#log.reader(READER);
  }
}
