// A question about what is stored and the flows that are open, while flows begin and end all the time: each packet is in the answer once,
// wherever its flow is at the moment.

import { afterEach, expect, test } from 'vitest';
import { DaemonKit } from '../kit/daemon.ts';
import { noNamespaces } from '../kit/namespace.ts';
import { numberedTraffic } from '../kit/numbered-traffic.ts';
import { unless } from '../kit/unless.ts';

const PER_SECOND = 1500;
const QUESTIONS = 3;

let kit: DaemonKit;
afterEach(() => kit.remove());

/** Packets of the answer to a question, by what it is grouped by. */
async function packets(columns: string): Promise<number[]> {
  const question = { columns, live: true, format: 'csv', sort: 'packets', limit: 3 };
  const { status, text } = await kit.ask('POST', '/api/query', question);
  expect(status, text).toBe(200);
  const [head, ...rows] = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));
  const at = head.flatMap((name, i) => (/packets/.test(name) ? [i] : []));
  return rows.map((row) => at.reduce((sum, i) => sum + Number(row[i]), 0));
}

unless(noNamespaces).describe('an answer about open flows is of one moment', () => {
  test.each([1, 2])('with %i capturing, while flows end', async (workers) => {
    kit = new DaemonKit({
      workers,
      capture: { interfaces: { b: null }, records: ['flow'] },
      flows: { interval: 0, timeout: '1s' },
    });
    await kit.start();
    const stop = numberedTraffic(kit, PER_SECOND);
    await kit.until(({ sinks }) => sinks[0].rows > 0);
    for (let i = 0; i < QUESTIONS; i++) {
      const before = (await kit.status()).interfaces.b.processed_total;
      const said = kit.program!.err.length;
      const [answered] = await packets('proto');
      // On a machine that has no time it says so, and holds the packets no longer.
      if (kit.program!.err.slice(said).includes('took too long')) continue;
      const after = (await kit.status()).interfaces.b.processed_total;
      expect(answered).toBeGreaterThanOrEqual(before);
      expect(answered).toBeLessThanOrEqual(after);
    }
    const sent = await stop();
    await kit.until(({ interfaces: { b } }) => b.processed_total + b.dropped_total >= sent);
    // The flows end one after the other: there is less and less to look at.
    const isExact = async (): Promise<boolean> => {
      const said = kit.program!.err.length;
      const answered = await packets('proto');
      if (kit.program!.err.slice(said).includes('took too long')) return false;
      expect(answered).toEqual([sent]);
      return true;
    };
    await kit.until(isExact);
    expect(await packets('sip')).toEqual([1, 1, 1]);
  });
});
