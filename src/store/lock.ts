// One writer per store. The lock file says which process; a process is known by its id and its start time, because ids are
// used again. Readers need no lock.

import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { CHOOSE_ANOTHER, StoreError } from './errors.ts';
import { LOCK_FILE } from './layout.ts';

interface Owner {
  readonly pid: number;
  readonly thread?: number;
  /** Start time in clock ticks since boot (proc(5), field 22 of stat); empty where there is no /proc. */
  readonly started: string;
}

/** What the locks say that this thread holds. */
const held = new Set<string>();

export class WriterLock {
  readonly #path: string;
  readonly #text: string;
  readonly #file: Stats;

  private constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
    this.#file = statSync(path);
    held.add(text);
  }

  /** Throws a StoreError `locked` when a living process (this one too) holds the lock. */
  static take(directory: string): WriterLock {
    const path = join(directory, LOCK_FILE);
    const own: Owner = { pid: process.pid, started: startTime(process.pid), thread: threadId };
    // No two locks say the same, so that one that was taken anew is never mistaken for the former one.
    const text = `${JSON.stringify({ ...own, taken: randomBytes(8).toString('hex') })}\n`;
    // A link appears with its contents at once and fails when there is a file: an empty lock is never seen.
    const temporary = `${path}.${process.pid}.${threadId}`;
    try {
      writeFileSync(temporary, text);
      for (let attempt = 0; attempt < 5; attempt++) {
        try {
          linkSync(temporary, path);
          return new WriterLock(path, text);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        }
        removeStale(directory, path);
      }
      throw new StoreError(`the lock ${path} cannot be taken: it changes hands all the time`, 'locked', path);
    } finally {
      rmSync(temporary, { force: true });
    }
  }

  /**
   * Whether it is still where it was taken: not when the folder that it is in was moved away, removed, or exchanged for another one (be it a
   * copy). What is written by path goes to another store then. Throws what the system says when it can not be looked at.
   */
  isHeld(): boolean {
    try {
      const { ino, dev } = statSync(this.#path);
      return ino === this.#file.ino && dev === this.#file.dev && readFileSync(this.#path, 'utf8') === this.#text;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return false;
      throw error;
    }
  }

  release(): void {
    try {
      if (this.isHeld()) rmSync(this.#path, { force: true });
    } catch {
      // Gone already: nothing to release.
    }
    held.delete(this.#text);
  }
}

/** Gives back what a thread of this process held when it ended without doing so itself. */
export function releaseOfThread(directory: string, thread: number): void {
  const path = join(directory, LOCK_FILE);
  try {
    const owner = JSON.parse(readFileSync(path, 'utf8')) as Owner;
    if (isOwn(owner) && owner.thread === thread) rmSync(path);
  } catch {
    // There is none, or none that can be read: nothing of the thread's.
  }
}

/** Process id of who writes the store now; undefined when nobody does. */
export function writerOf(directory: string): number | undefined {
  try {
    const owner = parseOwner(readFileSync(join(directory, LOCK_FILE), 'utf8'));
    return owner !== undefined && isAlive(owner) ? owner.pid : undefined;
  } catch {
    return undefined;
  }
}

function removeStale(directory: string, path: string): void {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return;
  }
  const owner = parseOwner(text);
  // A lock of this thread that it does not hold came with a copy of a store's folder.
  const isCopy = owner !== undefined && isOwn(owner) && owner.thread === threadId && !held.has(text);
  if (owner !== undefined && !isCopy && isAlive(owner)) {
    const who = owner.pid === process.pid ? 'this process' : `process ${owner.pid}`;
    throw new StoreError(
      `the store at ${directory} is being written by ${who}: wait for it, end it, or ${CHOOSE_ANOTHER}`,
      'locked',
      path,
    );
  }
  // Two processes may find the same stale lock. Who moves away a lock that is not the stale one puts it back.
  const aside = `${path}.stale.${process.pid}.${threadId}`;
  try {
    renameSync(path, aside);
    if (readFileSync(aside, 'utf8') !== text) linkSync(aside, path);
  } catch {
    // The other one was faster: the next attempt sees its lock.
  }
  rmSync(aside, { force: true });
}

function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Owner;
    return Number.isSafeInteger(owner.pid) && owner.pid > 0 ? owner : undefined;
  } catch {
    return undefined;
  }
}

const isOwn = ({ pid, started }: Owner): boolean => pid === process.pid && started === startTime(pid);

function isAlive({ pid, started }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = startTime(pid);
  return started === '' || now === '' || now === started;
}

function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold spaces and parentheses: count from the last one. The rest begins with field 3.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
