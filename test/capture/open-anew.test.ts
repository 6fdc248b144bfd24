// An interface whose source has to be opened anew is not kept waiting as one is that failed.

import { expect, test } from 'vitest';
import { Capture } from '../../src/capture/capture.ts';
import { OpenAnewError } from '../../src/sources/open-anew.ts';

test('a source that can be opened anew is so at once, one that failed a while later', () => {
  const capture = new Capture('eth0', 0, {});
  capture.fail(new Error('no memory'));
  expect(capture.isDue(performance.now())).toBe(false);
  capture.fail(new OpenAnewError('it had left'));
  expect(capture.isDue(performance.now())).toBe(true);
  expect(capture.status()).toMatchObject({ state: 'failed', error: 'it had left' });
});
