// Generated captures are kept between runs, in a folder that git ignores and that stays below a limit: the oldest go first. The
// generators' own code is part of a file's name, so that a changed generator never meets an old file.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writePcap } from '../test/kit/generate/pcap-writer.ts';
import type { Capture } from './workloads.ts';

const FOLDER = fileURLToPath(new URL('../.cache/bench/', import.meta.url));
const GENERATORS = fileURLToPath(new URL('../test/kit/generate/', import.meta.url));
const LIMIT_BYTES = 2.8e9;

let codeDigest = '';
function digest(capture: Capture): string {
  if (codeDigest === '') {
    const hash = createHash('sha256');
    for (const file of readdirSync(GENERATORS, { recursive: true, encoding: 'utf8' }).sort()) {
      if (file.endsWith('.ts')) hash.update(readFileSync(join(GENERATORS, file)));
    }
    codeDigest = hash.digest('hex');
  }
  const { seed, packetsPerSecond } = capture;
  return createHash('sha256')
    .update(`${codeDigest} ${seed} ${packetsPerSecond} ${capture.make}`)
    .digest('hex')
    .slice(0, 10);
}

export interface CapturePath {
  path: string;
  packets: number;
  bytes: number;
}

/** The first `packets` of a capture as a file; made when it is not there. */
export function captureOf(capture: Capture, packets: number): CapturePath {
  mkdirSync(FOLDER, { recursive: true });
  const path = join(FOLDER, `${capture.name}-${packets}-${digest(capture)}.pcap`);
  if (existsSync(path)) {
    const now = new Date();
    utimesSync(path, now, now);
  } else {
    makeRoom(packets * capture.bytesPerPacket * 1.1);
    const unfinished = `${path}.part`;
    writePcap(unfinished, capture.make(), { packets, packetsPerSecond: capture.packetsPerSecond, seed: capture.seed });
    renameSync(unfinished, path);
  }
  return { path, packets, bytes: statSync(path).size };
}

function makeRoom(bytes: number): void {
  const files = readdirSync(FOLDER)
    .map((name) => ({ path: join(FOLDER, name), stat: statSync(join(FOLDER, name)) }))
    .filter(({ stat }) => stat.isFile())
    .sort((a, b) => a.stat.mtimeMs - b.stat.mtimeMs);
  let sum = files.reduce((total, { stat }) => total + stat.size, 0);
  for (const { path, stat } of files) {
    if (sum + bytes <= LIMIT_BYTES) return;
    rmSync(path);
    sum -= stat.size;
  }
}

/** Where a run may put its store; `dropStore` takes it away after each run. */
export const STORE_FOLDER = join(FOLDER, 'store');

export function dropStore(): void {
  rmSync(STORE_FOLDER, { recursive: true, force: true });
}

export function clean(): void {
  rmSync(FOLDER, { recursive: true, force: true });
}
