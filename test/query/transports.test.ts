// Numbers of IP protocols in conditions mean what flows call them.

import { expect, it } from 'vitest';
import { transportName } from '../../src/flow/transports.ts';
import { TRANSPORT_WORDS } from '../../src/query/names.ts';

it('every number of a condition is the word that records have', () => {
  for (let number = 0; number < 256; number++) {
    const text = String(number);
    expect(TRANSPORT_WORDS.get(text) ?? text).toBe(transportName(number));
  }
});
