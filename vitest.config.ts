import { defineConfig } from 'vitest/config';

// The slow suites (clean clone, packed tarball) run with NETSCRIBE_TEST=full, and when they are named.
const isFull = process.env.NETSCRIBE_TEST === 'full';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: isFull ? [] : ['test/e2e-slow/**'],
    pool: 'forks',
    maxWorkers: 2,
    // Code that a wire key could reach through __proto__ fails here loudly.
    execArgv: ['--disable-proto=throw'],
    // Only against what hangs: on a busy machine a test may take ten times as long.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ['default', './test/kit/reporter.ts'],
  },
});
