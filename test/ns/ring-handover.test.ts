// Rings that change while packets come: interfaces come one after the other, so that those that are there get less memory; filters, snap lengths,
// sizes and promiscuous mode follow a reload. Each packet is a flow of its own, so that none can be missed for another that is taken twice.

import { afterEach, expect, test } from 'vitest';
import { DaemonKit } from '../kit/daemon.ts';
import { noNamespaces } from '../kit/namespace.ts';
import { numberedTraffic } from '../kit/numbered-traffic.ts';
import { unless } from '../kit/unless.ts';

const PER_SECOND = 1500;

let kit: DaemonKit;
afterEach(() => kit.remove());

unless(noNamespaces).describe('no packet is missed or taken twice', () => {
  /** Changes rings while packets come; every packet is recorded once or counted as dropped. Gives how many were. */
  async function changeRings(workers: number): Promise<number> {
    const patterns = { '/^v/': null };
    // A block is handed over after 60 ms, full or not: with many of them nothing is dropped whenever this machine has no time for the reader.
    const first = { ring_buffer: { block_size: 16_384 } };
    kit = new DaemonKit({ workers, capture: { interfaces: { b: first, ...patterns }, records: ['flow'] } });
    const program = await kit.start();
    const stop = numberedTraffic(kit, PER_SECOND);
    for (let n = 0; n < 12; n++) {
      kit.ns.pair(`v${n}`, `w${n}`);
    }
    await kit.until(
      ({ interfaces }) => Object.values(interfaces).filter(({ state }) => state === 'capturing').length === 13,
    );
    for (const b of [
      { ...first, promisc: true },
      { ...first, snap_length: 200, filter: 'udp port 9999' },
      { ring_buffer: { block_size: 8192, num_blocks: 64 } },
      { ring_buffer: { block_size: 32_768 }, filter: '' },
      first,
    ]) {
      kit.config = { ...kit.config, capture: { interfaces: { b, ...patterns }, records: ['flow'] } };
      kit.writeConfig();
      expect((await kit.ask('POST', '/api/config/reload')).status).toBe(200);
    }
    const sent = await stop();
    const { interfaces } = await kit.until(({ interfaces: { b } }) => b.processed_total + b.dropped_total >= sent);
    const { processed_total: taken, dropped_total: dropped } = interfaces.b;
    expect(interfaces.b).toMatchObject({ received_total: sent, error: '' });
    expect(taken + dropped).toBe(sent);
    expect(kit.rings()).toBe(13 * workers);
    expect((await kit.stop()).code).toBe(143);
    // All links may be found at once: then b alone had to give room.
    expect(program.err).toMatch(
      /there are \d+ interfaces now: the rings of b(, .*)? became smaller; no packet was missed/,
    );
    expect(program.err).not.toContain('anew');
    const sql = 'select count(*), count(distinct source_ip), max(source_packets) from flow';
    const rows = await kit.command('sql', '--store', kit.store, '-e', 'csv', sql);
    expect(rows.trim().split(/\r?\n/).at(-1)).toBe(`${taken},${taken},1`);
    return dropped;
  }

  test.each([1, 2])('while rings change, with %i capturing', async (workers) => {
    // A full ring is the machine's fault, when it has no time for the reader for seconds: then it proves less, and is done again.
    while ((await changeRings(workers)) > 0) await kit.remove();
  });
});
