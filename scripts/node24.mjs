// Finds the Node that the project runs on, for scripts that start tools with it. Call ensureInstalled() first.

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from './ensure-installed.mjs';

/** Path of Node 24: the one from the npm package, else the running one when it is new enough to run TypeScript as it is. */
export function node24() {
  try {
    const require = createRequire(path.join(ROOT, 'package.json'));
    const manifest = require.resolve(`node-${process.platform}-${process.arch}/package.json`);
    return path.join(path.dirname(manifest), 'bin', 'node');
  } catch {
    if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
    console.error(
      `netscribe: there is no packaged Node 24 for ${process.platform} ${process.arch}; put one on the PATH.`,
    );
    return process.exit(1);
  }
}

/** Runs a command in the project's folder with our terminal. Returns its exit code, 128+n when signal n ended it. */
export function run(command, args, env = {}) {
  // Ctrl-C is for the command; we stay until it has ended, so that its last words come before the prompt.
  const stay = () => {};
  process.on('SIGINT', stay);
  const result = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } });
  process.removeListener('SIGINT', stay);
  if (result.error) {
    console.error(`netscribe: ${command} can not be started (${result.error.message}).`);
    return 1;
  }
  return result.status ?? 128 + (os.constants.signals[result.signal] ?? 0);
}
