// Columns are lent only where nobody keeps them.

import { expect, it } from 'vitest';
import { deliveryTo } from '../../src/engine/delivery.ts';
import { LiveStoreSink } from '../../src/sinks/live-store.ts';
import { StoreSink } from '../../src/sinks/store.ts';

it('lends columns to those that are prompt, and to nobody beside one that keeps them', () => {
  const [live, keeper] = [new LiveStoreSink('nowhere'), new StoreSink('nowhere')];
  expect(deliveryTo([live, live]).lentColumns).toBeDefined();
  expect(deliveryTo([live, keeper]).lentColumns).toBeUndefined();
});
