// Our SHA-1 against node:crypto's, for every length that it takes.

import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { base64Text, Digest, MAX_ONE_BLOCK, sha1 } from '../../src/flow/sha1.ts';
import fc from '../kit/arbitrary.ts';

it('is what node:crypto says, for every length up to a block', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: MAX_ONE_BLOCK, maxLength: MAX_ONE_BLOCK }), (bytes) => {
      for (let length = 0; length <= MAX_ONE_BLOCK; length++) {
        const truth = createHash('sha1').update(bytes.subarray(0, length)).digest('base64');
        const digest = new Digest();
        sha1(new DataView(bytes.buffer, bytes.byteOffset), length, digest);
        expect(base64Text(digest)).toBe(truth);
      }
    }),
    { numRuns: 50 },
  );
});
