// Installs the dependencies when they are missing or belong to another lockfile, and says so in one line. Plain JavaScript
// without dependencies: it runs on whatever Node the machine has (18 or newer), before anything is installed.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const STAMP = path.join(ROOT, 'node_modules', '.netscribe-stamp');

/** What the installed tree follows from: these two files and the platform that optional packages are chosen for. */
function wanted() {
  const hash = createHash('sha256');
  for (const file of ['package.json', 'package-lock.json']) hash.update(readFileSync(path.join(ROOT, file)));
  return `${hash.digest('hex')} ${process.platform} ${process.arch}\n`;
}

function installed() {
  return existsSync(STAMP) ? readFileSync(STAMP, 'utf8') : '';
}

/** Ends the process with npm's exit code when the installation fails. */
export function ensureInstalled() {
  if (installed() === wanted()) return;
  console.error('Installing dependencies (Node 24 among them) with npm install; this happens once …');
  const startMs = Date.now();
  // Not `npm ci`: it insists on the packages for all platforms, and some registries do not have all of them. No install
  // script is needed by any dependency, so none runs.
  const args = [
    'install',
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
    '--ignore-scripts',
    '--no-save',
    '--loglevel=error',
  ];
  // Inside `npm start` the running npm is named in the environment; on its own, the one on the PATH is taken.
  const npm = process.env.npm_execpath;
  const isScript = npm !== undefined && /\.c?js$/.test(npm);
  const [command, first] = isScript ? [process.execPath, [npm]] : ['npm', []];
  const result = spawnSync(command, [...first, ...args], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (result.error || result.status !== 0) {
    const why = result.error ? result.error.message : `npm ended with ${result.status ?? result.signal}`;
    console.error(`netscribe: the dependencies could not be installed (${why}).`);
    console.error('  Look at the lines above; "npm config get registry" tells which registry was asked.');
    process.exit(result.status || 1);
  }
  linkOurselves();
  writeFileSync(STAMP, wanted());
  console.error(`Installed in ${((Date.now() - startMs) / 1000).toFixed(0)} s.`);
}

/** `npx netscribe` in the clone finds the launcher here; without the link npx would first make a project of its own for it. */
function linkOurselves() {
  const link = path.join(ROOT, 'node_modules', '.bin', 'netscribe');
  rmSync(link, { force: true });
  symlinkSync(path.join('..', '..', 'bin', 'netscribe.js'), link);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureInstalled();
