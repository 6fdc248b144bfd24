// The launcher, with a program of four lines in the place of ours: what it is given, and how its end is passed on.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PROJECT } from '../kit/shared.ts';
import { unless } from '../kit/unless.ts';

const PROGRAM = `
import { readdirSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
const [verb, value] = process.argv.slice(2);
if (verb === 'exit') process.exit(Number(value));
if (verb === 'die') process.kill(process.pid, value as NodeJS.Signals);
else if (verb === 'signals') {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGUSR2'] as const) process.on(name, () => { console.log(name); process.exit(7); });
  console.log('ready');
  setTimeout(() => {}, 300_000);
} else if (verb === 'run') {
  await stat('/');
  const names = readdirSync('/proc/self/task').map((task) => readFileSync('/proc/self/task/' + task + '/comm', 'utf8'));
  console.log(names.filter((name) => name.startsWith('libuv-worker')).length);
} else console.log(JSON.stringify({ version: process.versions.node, argv: process.argv.slice(2), execArgv: process.execArgv, env: process.env.NETSCRIBE_LAUNCHED, arenas: process.env.MALLOC_ARENA_MAX }));
`;

/** A Node on the PATH that is not the project's: on a machine with Node 20 this is how users start the launcher. */
const otherNode = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .map((folder) => join(folder, 'node'))
  .find((file) => existsSync(file) && file !== process.execPath);
const otherVersion = otherNode ? spawnSync(otherNode, ['-v'], { encoding: 'utf8' }).stdout.trim() : 'none';

const isOld = otherNode !== undefined && Number(otherVersion.slice(1).split('.')[0]) < 24;
const noOldNode = isOld ? '' : 'there is no Node before 24 on the PATH';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'netscribe-launcher-'));
  mkdirSync(join(root, 'bin'));
  mkdirSync(join(root, 'src', 'cli'), { recursive: true });
  copyFileSync(join(PROJECT, 'bin', 'netscribe.js'), join(root, 'bin', 'netscribe.js'));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  writeFileSync(join(root, 'src', 'cli', 'main.ts'), PROGRAM);
  mkdirSync(join(root, 'node_modules'));
  const bundled = `node-${process.platform}-${process.arch}`;
  symlinkSync(join(PROJECT, 'node_modules', bundled), join(root, 'node_modules', bundled));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

// A kept environment: vitest's own variables would change how the child behaves.
const env = { PATH: process.env.PATH, HOME: process.env.HOME };
const launch = (node: string, ...words: string[]) =>
  spawnSync(node, [join(root, 'bin', 'netscribe.js'), ...words], { encoding: 'utf8', env });

const nodes: { label: string; node: string | undefined }[] = [
  { label: 'Node 24', node: process.execPath },
  { label: `the machine's own Node (${otherVersion})`, node: otherNode },
];

describe.each(nodes)('launcher on $label', ({ node = '' }) => {
  beforeEach((context) => context.skip(node === '', "there is no Node on the PATH but the project's"));

  it('runs the program on Node 24 with its words', () => {
    const { stdout, stderr } = launch(node, '-r', 'a b', '--json');
    expect(stderr).toBe('');
    const { version, argv } = JSON.parse(stdout);
    expect(Number(version.split('.')[0])).toBeGreaterThanOrEqual(24);
    expect(argv).toEqual(['-r', 'a b', '--json']);
  });

  it('gives the program that captures a heap that stays small, once', () => {
    const { stdout, stderr } = launch(node, 'capture', '-r', 'a b');
    expect(stderr).toBe('');
    const { argv, execArgv, env, arenas } = JSON.parse(stdout);
    expect(argv).toEqual(['capture', '-r', 'a b']);
    expect(execArgv).toEqual(['--max-semi-space-size=8', '--heap-growing-percent=60', '--no-parallel-scavenge']);
    expect(env).toBeUndefined();
    expect(arenas).toBe('1');
  });

  it('gives the daemon threads for many interfaces, unless told how many', () => {
    expect(launch(node, 'run').stdout).toBe('32\n');
    const words = [join(root, 'bin', 'netscribe.js'), 'run'];
    const { stdout } = spawnSync(node, words, { encoding: 'utf8', env: { ...env, UV_THREADPOOL_SIZE: '7' } });
    expect(stdout).toBe('7\n');
  });

  it('leaves memory to who says how it is to be taken', () => {
    const words = [join(root, 'bin', 'netscribe.js'), 'capture', '-r', 'a b'];
    const { stdout } = spawnSync(node, words, { encoding: 'utf8', env: { ...env, MALLOC_ARENA_MAX: '3' } });
    expect(JSON.parse(stdout).arenas).toBe('3');
  });

  it('passes on the exit code', () => {
    expect(launch(node, 'exit', '0').status).toBe(0);
    expect(launch(node, 'exit', '3').status).toBe(3);
  });

  it('ends by the signal that ended the program', () => {
    expect(launch(node, 'die', 'SIGTERM').signal).toBe('SIGTERM');
    expect(launch(node, 'die', 'SIGKILL').signal).toBe('SIGKILL');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGUSR2'] as const)('hands %s to the program', async (signal) => {
    const child = spawn(node, [join(root, 'bin', 'netscribe.js'), 'signals'], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (bytes: Buffer) => {
      said += bytes;
      if (said === 'ready\n') child.kill(signal);
    });
    const [code] = await once(child, 'close');
    expect(said).toBe(`ready\n${signal}\n`);
    expect(code).toBe(7);
  });
});

describe('launcher on a Node that is too old', () => {
  unless(noOldNode).test('told to end while it starts the program, leaves none behind', async () => {
    const hook = `import cp from 'node:child_process';
      import { syncBuiltinESMExports } from 'node:module';
      const { spawn } = cp;
      if (!process.version.startsWith('v24.')) cp.spawn = (...words) => {
        const child = spawn(...words);
        process.kill(process.pid, 'SIGTERM');
        return child;
      };
      syncBuiltinESMExports();`;
    const options = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(hook)}` };
    const child = spawn(otherNode as string, [join(root, 'bin', 'netscribe.js'), 'signals'], {
      env: { ...env, ...options },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // Closed when the last one is gone that has its output.
    const [code, signal] = await once(child, 'close');
    expect(code === 7 || signal === 'SIGTERM').toBe(true);
  });
});

describe('launcher without a Node that is new enough', () => {
  unless(noOldNode).test('says what to do', () => {
    rmSync(join(root, 'node_modules'), { recursive: true });
    const { status, stdout, stderr } = launch(otherNode as string, '--version');
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(`Node.js 24.14.1 or newer is needed; this is ${otherVersion.slice(1)}`);
    expect(stderr).toContain('npm install');
  });
});
