// Where the program's own files are that are not imported: code of threads, BPF objects. In sources this module is
// src/system/program-files.ts; in the built package it is in a chunk, dist/chunks/NAME.js. Both are one folder below the root of the code and
// two below the package, so the same paths hold.

import { fileURLToPath } from 'node:url';

const ENDING = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/** Module that a thread starts with: `name` without its ending, from the root of the code ('engine/pool-worker'). `npm run build` finds these by their last word. */
export function workerFile(name: `${string}-${'thread' | 'worker'}`): URL {
  return new URL(`../${name}.${ENDING}`, import.meta.url);
}

/** Path of a compiled BPF program of the package ('flow.bpf.o'). */
export function bpfObject(name: string): string {
  return fileURLToPath(new URL(`../../bpf/${name}`, import.meta.url));
}
