// The C library is asked, and agrees. What it does for a daemon is measured by `npm run soak`: see docs/performance.md.

import { expect, test } from 'vitest';
import { returnLargeBlocks } from '../../src/system/malloc.ts';

const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
const isGlibc = header.glibcVersionRuntime !== undefined;

test.skipIf(!isGlibc)('large blocks have pages of their own from now on', async () => {
  expect(await returnLargeBlocks()).toBe(true);
});
