// A link that goes down and comes back, or is removed and made again, at the very time when its rings are replaced by others, with several
// threads: the kernel takes the members of a fan-out group out, and puts them back in another order. Each packet is a flow of its own and of an
// address pair of its own, so that none can be missed for another that is taken twice. While a link is down nobody knows what was to come: so
// bursts are sent between two flaps, while rings are still changing.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { DaemonKit } from '../kit/daemon.ts';
import { noNamespaces, writeFrames } from '../kit/namespace.ts';
import { udpFrame } from '../kit/packets.ts';
import { unless } from '../kit/unless.ts';

const BURST = 200;
const FLAPS = 3;
/** Enough for some to be each thread's. */
const PROBES = 20;
/** Where the source address stands, in Ethernet and IPv4. */
const SOURCE = 26;
const FLAP = ['link set dev b down', 'link set dev b up'];
const THREADS = 2;

let kit: DaemonKit;
let numbered = 0;
afterEach(() => kit.remove());

/** Sends packets from the captured end itself, for the other one takes a second to hear that this one is up; each of another source than all before. */
async function burst(n = BURST): Promise<number> {
  const file = join(kit.folder, 'burst.pcap');
  const frames = Array.from({ length: n }, () => {
    const frame = Uint8Array.from(udpFrame(40_000, 9999));
    numbered++;
    frame.set([10, (numbered >> 16) & 255, (numbered >> 8) & 255, numbered & 255], SOURCE);
    return frame;
  });
  writeFrames(file, frames);
  return kit.ns.sendAtOnce('b', file);
}

async function begin(): Promise<void> {
  numbered = 0;
  const interfaces = { b: ring(0), '/^v/': null };
  kit = new DaemonKit({ workers: THREADS, capture: { interfaces, records: ['flow'] } });
  await kit.start();
}

const ring = (n: number) => ({ ring_buffer: { block_size: 16_384, num_blocks: 64 + n } });

/** Another size for the rings of the interface. */
function resize(n: number): Promise<unknown> {
  kit.config = { ...kit.config, capture: { interfaces: { b: ring(n), '/^v/': null }, records: ['flow'] } };
  kit.writeConfig();
  return kit.ask('POST', '/api/config/reload');
}

const received = async () => (await kit.status()).interfaces.b.received_total;

/** All that was sent was taken, or is counted as dropped; the store has each of those that were taken once. */
async function allIsCounted(sent: number): Promise<void> {
  const { interfaces } = await kit.until(
    ({ interfaces: { b } }) => b.state === 'capturing' && b.processed_total + b.dropped_total >= sent,
  );
  const { processed_total: taken, dropped_total: dropped } = interfaces.b;
  expect(interfaces.b).toMatchObject({ received_total: sent, error: '' });
  expect(taken + dropped).toBe(sent);
  expect((await kit.stop()).code).toBe(143);
  const sql = 'select count(*), count(distinct source_ip), max(source_packets) from flow';
  const rows = await kit.command('sql', '--store', kit.store, '-e', 'csv', sql);
  expect(rows.trim().split(/\r?\n/).at(-1)).toBe(`${taken},${taken},1`);
}

unless(noNamespaces).test(
  'rings of a group get what is theirs behind flaps, whatever the kernel made of their order',
  async () => {
    kit = new DaemonKit();
    const { out, code, err } = await kit.ns.script('flapping-team.ts').end();
    expect([code, err]).toEqual([0, '']);
    const bursts = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const { a, b } = bursts[0];
    expect([a > 0, b > 0, a + b]).toEqual([true, true, 200]);
    const unsure = 'a flap while the former is on its way out';
    expect(bursts.filter(({ what }) => what !== unsure)).toEqual([
      { what: 'two rings', a, b },
      { what: 'one was replaced', b, a2: a },
      { what: 'the other was replaced behind a flap', b: 0, a2: a, b2: b },
      { what: 'the former has left', a2: a, b2: b },
      { what: 'restored behind a flap', a2: a, b2: b },
      { what: 'a flap at each step', a3: a, b2: b },
    ]);
    // None of them refuses what it gets.
    const { what: _, ...got } = bursts.find(({ what }) => what === unsure);
    expect(Object.values<number>(got).reduce((sum, n) => sum + n)).toBe(200);
  },
);

unless(noNamespaces).describe('no packet is missed or taken twice', () => {
  test('behind flaps of a link, while its rings change', async () => {
    await begin();
    let sent = await burst();
    const flap = async () => {
      for (let i = 0; i < FLAPS; i++) {
        kit.ns.ipAtOnce(...FLAP);
        sent += await burst();
      }
    };
    for (let n = 1; n <= 3; n++) {
      const done = resize(n);
      await flap();
      await done;
    }
    // Interfaces that come leave less for the rings of those that are there.
    let links = 0;
    for (const more of [3, 3]) {
      const made = Array.from({ length: more }, () => links++);
      kit.ns.ipAtOnce(
        ...made.flatMap((n) => [
          `link add name v${n} type veth peer name w${n}`,
          `link set dev v${n} up`,
          `link set dev w${n} up`,
        ]),
      );
      await flap();
      await kit.until(() => kit.rings() === (links + 1) * THREADS);
    }
    expect(kit.program!.err).not.toContain('anew');
    await allIsCounted(sent);
  });

  test('behind a link that is removed and made again, while its rings change', async () => {
    await begin();
    let sent = await burst();
    for (let n = 1; n <= 2; n++) {
      const done = resize(n);
      await kit.until(async () => (await received()) === sent);
      kit.ns.ipAtOnce(
        'link del dev b',
        'link add name a type veth peer name b',
        'link set dev a up',
        'link set dev b up',
      );
      await done;
      await kit.until(({ interfaces: { b } }) => b.state === 'capturing' && kit.rings() === THREADS);
      // Rings take packets when those of all threads are there, which nothing outside shows: until then what comes is nobody's.
      await kit.until(async () => {
        const begun = await received();
        return (await burst(PROBES)) === (await received()) - begun;
      });
      sent = (await received()) + (await burst());
      await kit.until(({ interfaces: { b } }) => b.processed_total + b.dropped_total >= sent);
    }
    await allIsCounted(sent);
  });
});

unless(noNamespaces).test('a source that fails does not keep whoever wants another ring for it waiting', async () => {
  kit = new DaemonKit();
  const script = kit.ns.script('failing-renewal.ts');
  await script.until(() => script.out === 'open\n');
  kit.ns.ipAtOnce('link del dev b', 'link add name a type veth peer name b', 'link set dev a up', 'link set dev b up');
  // It can open nothing more.
  execFileSync('prlimit', ['--pid', String(script.child.pid), '--nofile=3']);
  expect(JSON.parse(await script.ask(''))).toEqual({
    reading: expect.stringContaining('EMFILE'),
    renewal: expect.stringContaining('EMFILE'),
  });
});
