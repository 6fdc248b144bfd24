// What the sources have in src/system/program-files.ts, for tests that run them (vitest.config.ts): threads begin with what `npm test`
// bundled from the same sources, because reading some hundred modules takes a thread longer than most tests take.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MAIN } from './program.ts';
import { PROJECT } from './shared.ts';

const CODE = new URL('../', pathToFileURL(MAIN));
const ENDING = MAIN.slice(MAIN.lastIndexOf('.'));

export const workerFile = (name: string): URL => new URL(`${name}${ENDING}`, CODE);
export const bpfObject = (name: string): string => join(PROJECT, 'bpf', name);
