// The C library is asked, and agrees. What it does for a daemon is measured by `npm run soak`: see docs/performance.md.

import { expect } from 'vitest';
import { returnLargeBlocks } from '../../src/system/malloc.ts';
import { unless } from '../kit/unless.ts';

const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
const otherLibrary = header.glibcVersionRuntime === undefined ? 'the C library is not glibc' : '';

unless(otherLibrary).test('large blocks have pages of their own from now on', async () => {
  expect(await returnLargeBlocks()).toBe(true);
});
