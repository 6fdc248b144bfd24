// Where each reader of a log is: one small file per reader with the sequence number of the next frame it wants.

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, replaceFile } from './durable.ts';

const SUFFIX = '.json';
const NAME = /^[A-Za-z0-9_.-]{1,100}$/;

export class Cursors {
  readonly #directory: string;
  readonly #sync: boolean;
  readonly #next = new Map<string, number>();

  constructor(logDirectory: string, sync: boolean) {
    this.#directory = join(logDirectory, 'cursors');
    this.#sync = sync;
    makeFolder(this.#directory);
    for (const file of readdirSync(this.#directory)) {
      if (file.endsWith(SUFFIX)) this.#next.set(file.slice(0, -SUFFIX.length), this.#read(file));
    }
  }

  /** A cursor that cannot be read begins again: frames come twice, with their ids, rather than never. */
  #read(file: string): number {
    try {
      const { next } = JSON.parse(readFileSync(join(this.#directory, file), 'utf8'));
      return Number.isSafeInteger(next) && next >= 0 ? next : 0;
    } catch {
      return 0;
    }
  }

  get(name: string): number | undefined {
    return this.#next.get(name);
  }

  set(name: string, next: number): void {
    if (!NAME.test(name)) throw new Error(`the name of a log's reader must match ${NAME}: ${name}`);
    replaceFile(join(this.#directory, name + SUFFIX), `{"next":${next}}\n`, this.#sync);
    this.#next.set(name, next);
  }

  remove(name: string): void {
    rmSync(join(this.#directory, name + SUFFIX), { force: true });
    this.#next.delete(name);
  }

  names(): string[] {
    return [...this.#next.keys()];
  }

  /** The slowest reader's position; undefined without readers. */
  slowest(): number | undefined {
    return this.#next.size === 0 ? undefined : Math.min(...this.#next.values());
  }

  /** The fastest reader's position, 0 without readers. */
  fastest(): number {
    return Math.max(0, ...this.#next.values());
  }
}
