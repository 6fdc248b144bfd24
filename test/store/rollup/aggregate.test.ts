// Sums in bounded memory: what is full is written out or given up, and what is written adds up.

import { expect, it } from 'vitest';
import { flowRecord } from '../../../src/flow/record.ts';
import type { ColumnBatch } from '../../../src/records/columns.ts';
import { RollupBuilder } from '../../../src/store/rollup/aggregate.ts';
import { rollupSpec } from '../../../src/store/rollup/tables.ts';
import { makeBatch } from '../batch-kit.ts';
import { flowBatch, START } from './flow-kit.ts';

const spec = rollupSpec(flowRecord)!;
const numbers = (batch: ColumnBatch, name: string): number[] => {
  const column = batch.columns.find((one) => one.name === name);
  return column?.kind === 'int' ? [...column.values] : [];
};
const textOf = (batch: ColumnBatch): string => {
  const column = batch.columns[0];
  return column.kind === 'keyword' ? new TextDecoder().decode(column.dictionaryBytes) : '';
};
const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);

it('adds up to its rows, table by table', () => {
  const written: ColumnBatch[] = [];
  const builder = new RollupBuilder(spec, (batch) => written.push(batch));
  const batches = [1, 2, 3].map((seed) => flowBatch(seed, 5000, START, START + 600));
  for (const batch of batches) builder.add(batch);
  builder.drain();
  expect(builder.tables.length).toBeGreaterThan(4);
  expect(written.map(textOf).sort()).toEqual(builder.tables.sort());
  for (const batch of written) {
    expect(sum(numbers(batch, 'rows'))).toBe(15_000);
    expect(batch.rows).toBeLessThanOrEqual(15_000 / 4);
    for (const name of spec.sums) {
      expect(sum(numbers(batch, name))).toBe(sum(batches.flatMap((one) => numbers(one, name))));
    }
  }
});

it('gives up tables that are hardly smaller than their rows, and stays small', () => {
  const written: ColumnBatch[] = [];
  const builder = new RollupBuilder(spec, (batch) => written.push(batch));
  let most = 0;
  for (let i = 0; i < 40; i++) {
    const rows = Array.from({ length: 5000 }, (_, row) => i * 5000 + row);
    builder.add(
      makeBatch('flow', [
        { name: 'timestamp', kind: 'time', values: rows.map((row) => [START + (row >> 8), 0] as const) },
        { name: 'source_ip', kind: 'ip', values: rows.map((row) => [0, 0, 0xffff, Math.imul(row, 77)] as const) },
        { name: 'destination_ip', kind: 'ip', values: rows.map((row) => [0, 0, 0xffff, row % 40_000] as const) },
        { name: 'destination_port', kind: 'int', values: rows.map((row) => row % 3) },
      ]),
    );
    most = Math.max(most, builder.bytes);
  }
  builder.drain();
  const cuts = builder.tables.map((table) => table.slice(0, table.indexOf('(')));
  expect(cuts).toContain('service/60/histogram');
  expect(cuts).not.toContain('source/3600');
  expect(most).toBeLessThan(64 * 1024 * 1024);
  const service = written.filter((batch) => textOf(batch).startsWith('service/3600'));
  expect(sum(service.flatMap((batch) => numbers(batch, 'rows')))).toBe(200_000);
});
