// npm run build:bpf: the C programs in bpf/ (and the one of the loader's tests) → objects beside them, with checksums and the compiler's
// version in bpf/SHA256SUMS. The objects are committed: clang is needed only by who changes the C. `--check` builds elsewhere and
// compares.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SUMS = path.join(ROOT, 'bpf', 'SHA256SUMS');
const FOLDERS = ['bpf', 'test/system/bpf'];
// No path of this machine in the objects: line information names files relative to the project.
const FLAGS = ['-O2', '-g', '-target', 'bpf', '-mcpu=v3', '-Wall', '-Werror', '-fdebug-compilation-dir=.', '-c'];

/** Sources, relative to the project. */
export function sources(): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(path.join(ROOT, folder))
      .filter((name) => name.endsWith('.bpf.c'))
      .map((name) => `${folder}/${name}`),
  ).sort();
}

/** `Debian clang version 14.0.6`; undefined when there is none. */
export function clangVersion(): string | undefined {
  try {
    return execFileSync('clang', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .split('\n')[0]
      .trim();
  } catch {
    return undefined;
  }
}

/** Compiler that made the committed objects, and their checksums by path. */
export function recorded(): { compiler: string; sums: Map<string, string> } {
  const lines = readFileSync(SUMS, 'utf8').trim().split('\n');
  const sums = new Map(lines.slice(1).map((line) => line.split('  ').reverse() as [string, string]));
  return { compiler: lines[0].replace(/^# /, ''), sums };
}

export function checksum(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** Compiles a source; debugging information other than BTF is taken out where llvm-strip is. */
export function compile(source: string, object: string): void {
  execFileSync('clang', [...FLAGS, source, '-o', object], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  execFileSync('llvm-strip', ['-g', object]);
}

export const objectOf = (source: string): string => source.replace(/\.c$/, '.o');

function build(): void {
  const lines = [`# ${clangVersion()}`];
  for (const source of sources()) {
    const object = objectOf(source);
    compile(source, path.join(ROOT, object));
    lines.push(`${checksum(path.join(ROOT, object))}  ${object}`);
  }
  writeFileSync(SUMS, `${lines.join('\n')}\n`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

function check(): void {
  const { sums } = recorded();
  const folder = mkdtempSync(path.join(tmpdir(), 'netscribe-bpf-'));
  try {
    for (const source of sources()) {
      const object = path.join(folder, 'built.o');
      compile(source, object);
      const isSame = checksum(object) === sums.get(objectOf(source));
      process.stdout.write(`${objectOf(source)}: ${isSame ? 'the same' : 'differs from what is committed'}\n`);
      if (!isSame) process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (clangVersion() === undefined) {
    process.stderr.write('build:bpf needs clang and llvm-strip (on Debian: apt install clang llvm)\n');
    process.exitCode = 1;
  } else if (process.argv.includes('--check')) check();
  else build();
}
