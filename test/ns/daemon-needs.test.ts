// What a daemon takes of the packets, which depends on what it makes of them; rings beside rings; questions about what is older; Ctrl-C.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DaemonKit } from '../kit/daemon.ts';
import { noNamespaces } from '../kit/namespace.ts';
import { udpFrame } from '../kit/packets.ts';
import { PROJECT } from '../kit/shared.ts';
import { unless } from '../kit/unless.ts';

const FRAMES = [udpFrame(4000, 53), udpFrame(4000, 54), udpFrame(53, 4000)];

unless(noNamespaces).describe('a daemon', () => {
  let kit: DaemonKit;
  const interfaces = { b: null, d: { filter: '' }, '/^v/': null };
  beforeAll(async () => {
    kit = new DaemonKit({ capture: { interfaces, records: ['dns'] } });
    kit.ns.pair('c', 'd');
    await kit.command('capture', '-r', join(PROJECT, 'examples/first-look.pcap'), '--to', `store:${kit.store}`, '-q');
    await kit.start();
  });
  afterAll(() => kit.remove());

  async function received(): Promise<number[]> {
    const { interfaces: now } = await kit.status();
    return [now.b.received_total, now.d.received_total];
  }

  test('without flows takes only the ports of what is asked for, unless an interface says otherwise, and follows a reload', async () => {
    expect(kit.program!.err).toMatch(/only packets that these records need: port 53 or /);
    for (const link of ['a', 'c']) await kit.send(FRAMES, 1, link);
    await kit.until(({ interfaces: now }) => now.b.processed_total === 2 && now.d.processed_total === 3);
    expect(await received()).toEqual([2, 3]);
    kit.config = { ...kit.config, capture: { interfaces, records: ['dns', 'flow'] } };
    kit.writeConfig();
    await kit.ask('POST', '/api/config/reload');
    // With the next look at the ring.
    await kit.until(({ interfaces: now }) => {
      if (now.b.processed_total === 2) void kit.send([udpFrame(4000, 54)]);
      return now.b.processed_total > 2;
    });
  });

  test('captures interfaces that come one after the other, in the same memory', async () => {
    for (let n = 0; n < 5; n++) {
      kit.ns.pair(`v${n}`, `w${n}`);
      await kit.until(({ interfaces: now }) => now[`v${n}`]?.state === 'capturing');
    }
    expect(kit.rings()).toBe(7);
    expect(kit.program!.err).toMatch(
      /there are 4 interfaces now: the rings of b, d, v0 became smaller; no packet was missed/,
    );
    const status = await kit.until(({ interfaces: now }) => Object.values(now).every(({ error }) => error === ''));
    expect(Object.keys(status.interfaces)).toHaveLength(7);
  });

  test('answers a question about years with the newest first', async () => {
    const { text } = await kit.ask('POST', '/api/query/stream', { columns: 'dport', first: '2000-01-01' });
    const events = [...text.matchAll(/^event: (?!keepalive)(\w+)\ndata: (.*)$/gm)].map(([, event, data]) => ({
      event,
      ...(JSON.parse(data) as { since: string | null; result: { summary: { totals: unknown } } }),
    }));
    expect(events.length).toBeGreaterThan(2);
    expect(events.slice(0, -1).every(({ event }) => event === 'partialResult')).toBe(true);
    const since = events.slice(0, -1).map((event) => event.since!);
    expect(since).toEqual([...since].sort().reverse());
    expect(events.at(-1)).toMatchObject({ event: 'finalResult', since: null });
  });

  test('ends with 130 after Ctrl-C, and what was open is in the store', async () => {
    await kit.send([udpFrame(40_000, 7777)]);
    const { code, err } = await kit.stop('SIGINT');
    expect([code, err]).toEqual([130, expect.stringContaining('SIGINT: writing what there is')]);
    expect(await kit.command('query', '--store', kit.store, 'dport', '-c', 'dport = 7777', '-e', 'csv')).toMatch(
      /^7777,/m,
    );
  });
});
