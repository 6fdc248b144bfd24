// Flow rows by the thousand, the same for the same seed, and questions about them: what the tests of roll-ups, merging and
// retention compare.

import { flowRecord } from '../../../src/flow/record.ts';
import type { ColumnBatch } from '../../../src/records/columns.ts';
import type { StoreReader } from '../../../src/store/reader.ts';
import { chooseRollup, type RollupWish, rollupSource } from '../../../src/store/rollup/choose.ts';
import { Random } from '../../kit/generate/random.ts';
import { makeBatch, type Words } from '../batch-kit.ts';

/** 2026-11-21T10:00:00Z. */
export const START = 1_795_255_200;

/** Flows that end in [from, to), Unix seconds. */
export function flowBatch(seed: number, rows: number, from: number, to: number): ColumnBatch {
  const random = new Random(seed);
  const host = (): Words =>
    random.below(8) === 0 ? [0x20010db8, 0, 0, random.below(3)] : [0, 0, 0xffff, 0x0a000000 + random.below(6)];
  const times = Array.from({ length: rows }, () => [from + random.below(to - from), random.below(1e9)] as const);
  const several = <T>(make: (i: number) => T): T[] => Array.from({ length: rows }, (_, i) => make(i));
  const sources = several(host);
  return makeBatch('flow', [
    { name: 'timestamp', kind: 'time', values: times },
    {
      name: 'event_start',
      kind: 'time',
      values: times.map(([seconds, nanos]) => [seconds - random.below(40), random.below(nanos + 1)] as const),
    },
    { name: 'source_ip', kind: 'ip', values: sources },
    { name: 'source_port', kind: 'int', values: several(() => 1024 + random.below(60000)) },
    { name: 'destination_ip', kind: 'ip', values: several(host) },
    { name: 'destination_port', kind: 'int', values: several(() => [53, 443, null][random.below(3)]) },
    { name: 'network_type', kind: 'keyword', values: sources.map(([first]) => (first === 0 ? 'ipv4' : 'ipv6')) },
    { name: 'network_transport', kind: 'keyword', values: several(() => ['tcp', 'udp'][random.below(2)]) },
    { name: 'network_direction', kind: 'keyword', values: several(() => 'unknown') },
    { name: 'network_protocol', kind: 'keyword', values: several(() => ['dns', 'tls', null][random.below(3)]) },
    { name: 'flow_final', kind: 'bool', values: several(() => random.below(3) > 0) },
    { name: 'netscribe_flow_first_packet', kind: 'int', values: several((i) => i * 3) },
    { name: 'source_packets', kind: 'int', values: several(() => random.below(100)) },
    { name: 'source_bytes', kind: 'int', values: several(() => random.below(100_000)) },
    { name: 'destination_packets', kind: 'int', values: several(() => random.below(100)) },
    { name: 'destination_bytes', kind: 'int', values: several(() => random.below(100_000)) },
  ]);
}

const MEASURES = `sum(source_packets), sum(source_bytes), sum(destination_packets), sum(destination_bytes)`;

/** The same question from roll-ups and from the records; undefined: roll-ups do not answer it. */
export async function bothWays(
  reader: StoreReader,
  keys: readonly string[],
  wish: Omit<RollupWish, 'columns'>,
  condition = 'true',
): Promise<{ tables: string[]; rolledUp: unknown; recordByRecord: unknown } | undefined> {
  const choice = chooseRollup(flowRecord, { columns: keys, ...wish });
  if (choice === undefined) return undefined;
  const { firstNs, lastNs, bucketNs } = wish;
  const time = bucketNs === undefined ? [] : [`epoch_ns(timestamp) // ${bucketNs}`];
  const list = (more: readonly string[]) => [...time, ...keys, ...more].join(', ');
  const order = `${time.length + keys.length === 0 ? '' : `GROUP BY ${[...time, ...keys].map((_, i) => i + 1).join(', ')}`} ORDER BY ALL`;
  const rolledUp = await reader.query(
    `SELECT ${list([MEASURES, 'sum(rows)', 'sum(ended)', 'sum(duration_sum)', 'min(first_time)', 'max(last_time)'])}
     FROM (${rollupSource(choice, firstNs, lastNs)}) r WHERE ${condition} ${order}`,
  );
  const tests = [condition];
  if (firstNs !== undefined) tests.push(`timestamp >= make_timestamp_ns(${firstNs})`);
  if (lastNs !== undefined) tests.push(`timestamp < make_timestamp_ns(${lastNs})`);
  const records = await reader.query(
    `SELECT ${list([MEASURES, 'count(*)', 'count(*) FILTER (WHERE flow_final)', 'sum(event_duration)', 'min(event_start)', 'max(timestamp)'])}
     FROM flow WHERE ${tests.join(' AND ')} ${order}`,
  );
  return {
    tables: choice.tables.map(({ cut, seconds }) => `${cut} ${seconds}`),
    rolledUp: rolledUp.rows,
    recordByRecord: records.rows,
  };
}
