import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { GARBAGE, ONE_COLLECTOR } from './test/kit/garbage.ts';
import { Sequencer } from './test/kit/sequencer.ts';

// The slow suites (clean clone, packed tarball) run with NETSCRIBE_TEST=full, and when they are named.
const isFull = process.env.NETSCRIBE_TEST === 'full';

/**
 * Suites that neither change nor measure their process: their files share one, and the sources that they all import are loaded once a
 * process, not once a file; those on real parts, too. All others have a process of their own for each file.
 */
const SHARING = [
  'test/*.test.ts',
  'test/{api,architecture,bin,bpf,capture,cli,config,doctor,engine,flow,log,packaging,plugins,processors}/**/*.test.ts',
  'test/{protocols,query,records,sinks,sources,store,stream,wire}/**/*.test.ts',
  'test/fuzz/*.test.ts',
  'test/daemon/{engine-metrics,hold-ups,tap}.test.ts',
  'test/e2e/{determinism,secrets}.test.ts',
  'test/evasion/{page,vectors}.test.ts',
];

/**
 * Suites on real interfaces, kernels and servers: who of them gets the processor when is the kernel's business, and a machine that stands
 * still for seconds breaks promises that it makes to all of them. They wait for what is so, and what fails all the same is tried once
 * more: the end of the run names it with its first error (test/kit/reporter.ts), so that it can be mended. Nothing else is ever tried again.
 */
const REAL_PARTS = [
  'test/{ns,tcp-state}/**/*.test.ts',
  'test/evasion/{kernel,pieces}.test.ts',
  'test/{sinks/postgres,system/bpf}/**/*.test.ts',
  'test/protocols/dtls/servers.test.ts',
];

// Code that a wire key could reach through __proto__ fails here loudly.
const NO_PROTO = '--disable-proto=throw';

export default defineConfig({
  resolve: {
    alias: [
      {
        find: /^.*\/program-files\.ts$/,
        replacement: fileURLToPath(new URL('test/kit/program-files.ts', import.meta.url)),
      },
    ],
  },
  test: {
    pool: 'forks',
    // One more than a small machine has cores: suites on real interfaces and servers mostly wait.
    maxWorkers: 3,
    // Both projects load the same sources: what one has made of them the other finds, and the next run.
    experimental: { fsModuleCache: true, fsModuleCachePath: 'node_modules/.cache/vitest' },
    // Only against what hangs: on a busy machine a test may take ten times as long.
    testTimeout: isFull ? 3_600_000 : 300_000,
    hookTimeout: isFull ? 3_600_000 : 300_000,
    // A test that looks at nothing can not fail.
    expect: { requireAssertions: true },
    reporters: ['default', './test/kit/reporter.ts'],
    sequence: { sequencer: Sequencer },
    projects: [
      {
        extends: true,
        test: {
          name: 'own process',
          // Those that measure memory.
          execArgv: [NO_PROTO, ONE_COLLECTOR],
          include: ['test/**/*.test.ts'],
          exclude: [...SHARING, ...REAL_PARTS, ...(isFull ? [] : ['test/e2e-slow/**'])],
        },
      },
      {
        extends: true,
        test: { name: 'real parts', include: REAL_PARTS, execArgv: [NO_PROTO, ...GARBAGE], retry: 1, isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'shared process',
          include: SHARING,
          exclude: REAL_PARTS,
          execArgv: [NO_PROTO, ...GARBAGE],
          isolate: false,
        },
      },
    ],
  },
});
