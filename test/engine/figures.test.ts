// Figures of an engine at work: what has not happened yet is there as 0, so that a metric is there before its first event.

import { expect, test } from 'vitest';
import { InlineAnalyst } from '../../src/engine/inline.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import { makePlan } from '../../src/engine/plan.ts';

test('what the flow table counts is told from the beginning', () => {
  const delivery = {
    wanted: { rows: [], columns: false },
    hasRoom: true,
    rows: async () => {},
    columns: async () => {},
  };
  const analyst = new InlineAnalyst(makePlan({ records: ['flow'] }), delivery, [1, 2]);
  expect(new Map(analyst.look(new Ledger()).figures().ledger.counts)).toEqual(
    new Map([
      ['flows.created', 0],
      ['flows.evicted', 0],
      ['flows.evicted_half_open', 0],
      ['flows.expired', 0],
      ['flows.port_reused', 0],
    ]),
  );
});
