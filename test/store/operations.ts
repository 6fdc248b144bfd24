// The file operations of this process, each of which a test may get between.

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const OPERATIONS = [
  'writeSync',
  'fsyncSync',
  'fdatasyncSync',
  'renameSync',
  'openSync',
  'mkdirSync',
  'rmSync',
  'rmdirSync',
  'linkSync',
] as const;
export type Operation = (typeof OPERATIONS)[number];
type Call = (...given: unknown[]) => unknown;

const originals = Object.fromEntries(OPERATIONS.map((name) => [name, fs[name]])) as Record<Operation, Call>;

/** From now on each operation is `take`, which gets what does it. Flushes do nothing: tests need no disk. */
export function intercept(take: (name: Operation, given: unknown[], act: Call) => unknown): void {
  for (const name of OPERATIONS) {
    const act: Call = name === 'fsyncSync' || name === 'fdatasyncSync' ? () => undefined : originals[name];
    Object.assign(fs, { [name]: (...given: unknown[]) => take(name, given, act) });
  }
  syncBuiltinESMExports();
}

/** Everything is as it was before `intercept`. */
export function recover(): void {
  Object.assign(fs, originals);
  syncBuiltinESMExports();
}

/** Works in the middle of an operation. */
export const rename = originals.renameSync as (from: string, to: string) => void;
export const makeFolder = originals.mkdirSync as (path: string) => void;
