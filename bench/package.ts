// The program as it is published: built, and laid out as in an installed package, so that what is measured is what users run. In the clone
// the launcher would take the sources.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = join(PROJECT, '.cache', 'bench-package');
const PARTS = ['bin', 'bpf', 'dist', 'package.json'];

/** Builds and lays out the package; the path of its launcher. */
export function packagedLauncher(): string {
  execFileSync('node', [join(PROJECT, 'scripts', 'build.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] });
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const part of PARTS) cpSync(join(PROJECT, part), join(FOLDER, part), { recursive: true });
  symlinkSync(join(PROJECT, 'node_modules'), join(FOLDER, 'node_modules'));
  return join(FOLDER, 'bin', 'netscribe.js');
}
