// The end of a daemon that has many open flows and little time: what is left is counted, to the last flow, and said, whatever the machine could
// do in that time.

import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { DaemonKit } from '../kit/daemon.ts';
import { noNamespaces, writeFrames } from '../kit/namespace.ts';
import { udpFrame } from '../kit/packets.ts';
import { unless } from '../kit/unless.ts';

const FLOWS = 10_000;
/** Where the source address stands, in Ethernet and IPv4. */
const SOURCE = 26;

let kit: DaemonKit;
afterEach(() => kit.remove());

/** So many flows of one packet each. */
async function sendFlows(): Promise<number> {
  const file = join(kit.folder, 'flows.pcap');
  const frames = Array.from({ length: FLOWS }, (_, i) => {
    const frame = Uint8Array.from(udpFrame(40_000, 9999));
    frame.set([10, 1 + (i >> 16), (i >> 8) & 255, i & 255], SOURCE);
    return frame;
  });
  writeFrames(file, frames);
  return kit.ns.send('a', file);
}

const numberIn = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);

unless(noNamespaces).describe('at its end a daemon with many open flows', () => {
  test.each([
    ['has written or counted all of them when there is less', 2, '3s'],
    ['has counted all of them, or says how many there were, when there is hardly any', 1, '1s'],
  ])('%s', async (_, workers, stop_timeout) => {
    kit = new DaemonKit({ workers, stop_timeout, capture: { interfaces: { b: null }, records: ['flow'] } });
    await kit.start();
    const sent = await sendFlows();
    const { interfaces } = await kit.until(({ interfaces: { b } }) => b.processed_total + b.dropped_total >= sent);
    // None was dropped unless this machine had no time for seconds.
    const flows = interfaces.b.processed_total;
    const { code, err } = await kit.stop();
    // What is in the store's log only becomes visible with the next who writes to it.
    await kit.command('store', 'merge', '--store', kit.store);
    const sql = 'select count(*), count(distinct source_ip) from flow';
    const rows = (await kit.command('sql', '--store', kit.store, '-e', 'csv', sql)).trim().split(/\r?\n/).at(-1)!;
    const [written, different] = rows.split(',').map(Number);
    expect(different).toBe(written);
    const lost =
      numberIn(err, /(\d+) flows were open and there was no time/) +
      numberIn(err, /(\d+) records of type flow were dropped/) +
      numberIn(err, /(\d+) rows could not be written/);
    if (err.includes('did not end within')) {
      // Ended in the middle of it. What was counted last of open flows is a second old.
      expect(code).toBe(5);
      expect(written + numberIn(err, /not written yet of (\d+) open flows/)).toBeGreaterThan(0);
    } else expect({ written: written + lost, code }).toEqual({ written: flows, code: lost > 0 ? 5 : 143 });
  });
});
