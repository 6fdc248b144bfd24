// The daemon with several capturing threads: nothing is missed, nothing is counted twice, conversations stay together.

import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { DaemonKit } from '../kit/daemon.ts';
import { noNamespaces } from '../kit/namespace.ts';
import { udpFrame } from '../kit/packets.ts';
import { PROJECT } from '../kit/shared.ts';
import { unless } from '../kit/unless.ts';

const FIRST_LOOK = join(PROJECT, 'examples/first-look.pcap');
const THREADS = 2;

let kit: DaemonKit;
afterEach(() => kit.remove());

/** Packets of each flow, and transactions by what they say, of a store. */
async function contents(store: string): Promise<string[]> {
  const parts = [
    `source_ip, destination_ip, source_port, destination_port, sum(source_packets), sum(destination_packets)) as text from flow`,
    `dns_question_name, dns_response_code, count(*)) as text from dns`,
    `http_request_method, url_path, http_response_status_code, count(*)) as text from http`,
  ].map((part) => {
    const [values, type] = part.split(') as text from ');
    const names = values.split(', ').filter((value) => !value.includes('('));
    return `select concat_ws(' ', '${type}', ${values}) as text from ${type} group by ${names.join(', ')}`;
  });
  return (await kit.command('sql', '--store', store, '-e', 'csv', parts.join(' union all ')))
    .trim()
    .split(/\r?\n/)
    .sort();
}

/** One address pair after the other, both ways. */
const pairs = (n: number): Uint8Array[] =>
  Array.from({ length: n }, (_, i) => {
    const [from, to] = ['10.1.0.1', `10.2.${i >> 8}.${i & 255}`];
    return [udpFrame(4000, 53, { from, to }), udpFrame(53, 4000, { from: to, to: from })];
  }).flat();

unless(noNamespaces).describe('a daemon with two capturing threads', () => {
  test('records what one thread that reads the same from a file does', async () => {
    kit = new DaemonKit({ workers: THREADS });
    const read = join(kit.folder, 'read');
    await kit.command('capture', '-r', FIRST_LOOK, '--to', `store:${read}`, '-q');
    await kit.start();
    expect(kit.rings()).toBe(THREADS);
    const sent = await kit.ns.send('a', FIRST_LOOK);
    const status = await kit.until(({ interfaces }) => interfaces.b.received_total === sent);
    expect(status.interfaces.b).toMatchObject({ state: 'capturing', error: '', dropped_total: 0 });
    await kit.until(({ engine }) => engine?.packets === sent);
    const { flows, total } = JSON.parse((await kit.ask('GET', '/api/flows/live?limit=100000')).text);
    expect(flows).toHaveLength(total);
    expect((await kit.stop()).code).toBe(143);
    expect(await contents(kit.store)).toEqual(await contents(read));
  });

  test('shares packets by address pair, follows interfaces, and changes what it does while it runs', async () => {
    kit = new DaemonKit({ workers: THREADS, capture: { interfaces: { b: null }, records: ['flow'] } });
    const program = await kit.start();
    const n = 500;
    await kit.send(pairs(n));
    const { engine } = await kit.until(({ interfaces }) => interfaces.b.processed_total === 2 * n);
    // Both ways in one thread: a flow each.
    expect(engine!.flows).toBe(n);
    const answer = await kit.ask('POST', '/api/query', { columns: 'sip', format: 'csv', live: true });
    expect(answer.text).toContain(`10.1.0.1,${n},${n},`);

    kit.ns.ip('link del dev b');
    await kit.until(({ interfaces }) => interfaces.b.error === "there is no interface 'b' now");
    kit.ns.pair('a', 'b');
    // The threads follow the interface each by itself: it is capturing with the first of them.
    await kit.until(({ interfaces }) => interfaces.b.state === 'capturing' && kit.rings() === THREADS);
    const before = (await kit.status()).interfaces.b.processed_total;
    await kit.sendUntil(pairs(1), ({ interfaces: { b } }) => b.processed_total > before);

    kit.config = { ...kit.config, capture: { interfaces: { b: { promisc: true } }, records: ['flow', 'dns'] } };
    kit.writeConfig();
    program.child.kill('SIGHUP');
    await program.until(() => program.err.includes('capture.records'));
    expect((await kit.status()).interfaces.b.state).toBe('capturing');
    const payload = execFileSync('printf', ['\\1\\2\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\1a\\0\\0\\1\\0\\1']);
    // Rings of a team wait for one another before they take packets; and what was sent before may still be on its way.
    await kit.sendUntil([udpFrame(4001, 53, { payload })], async () =>
      (await kit.ask('GET', '/api/flows/live?limit=100000')).text.includes('"port":4001'),
    );
    expect((await kit.stop()).code).toBe(143);
    expect((await contents(kit.store)).join('\n')).toMatch(/^dns a /m);
  });
});

/** A fault in a thread that captures, once, as soon as the file is there: in a timer, or among the packets that are read next. */
const fault = (
  file: string,
  isThread: string,
  where: 'timer' | 'packets',
) => `import { workerData } from 'node:worker_threads';
import { existsSync, unlinkSync } from 'node:fs';
const look = () => {
  if (!existsSync('${file}')) return;
  unlinkSync('${file}');
  throw new Error('a fault on purpose');
};
if (${isThread}) {
  if ('${where}' === 'timer') setInterval(look, 20).unref();
  else {
    const { fill } = Uint32Array.prototype;
    Uint32Array.prototype.fill = function (...words) {
      look();
      return fill.apply(this, words);
    };
  }
}`;
const SECOND = 'workerData?.team?.number === 1';
const ALONE = "workerData?.workers === 1 && 'wanted' in workerData";

unless(noNamespaces).describe(
  'a capturing thread throws: what it had is written, what it could not read is counted, and capture begins anew',
  () => {
    test.each([
      ['in a timer of one of two', THREADS, SECOND, 'timer', /capture-1: Error: a fault on purpose/],
      ['among the packets of one of two', THREADS, SECOND, 'packets', /capture-1: Error: a fault on purpose/],
      ['among the packets of the only one', 1, ALONE, 'packets', /Error: a fault on purpose/],
    ] as const)('%s', async (_, workers, isThread, where, named) => {
      // Somebody who has given up what it takes to capture: what captures anew has it all the same.
      kit = new DaemonKit({ workers, capture: { interfaces: { b: null }, records: ['flow'], user: 'nobody' } });
      chmodSync(kit.folder, 0o777);
      const file = join(kit.folder, 'fault');
      const hook = `data:text/javascript,${encodeURIComponent(fault(file, isThread, where))}`;
      const program = await kit.start(['env', `NODE_OPTIONS=--import ${hook}`]);
      const n = 200;
      await kit.send(pairs(n));
      await kit.until(({ interfaces }) => interfaces.b.processed_total === 2 * n);
      writeFileSync(file, '');
      // Of the same pairs, so that both threads get some.
      if (where === 'packets') await kit.send(pairs(n));
      await program.until(() => program.err.includes('a fault on purpose'));
      expect(program.err).toMatch(named);
      const unread = Number(/(\d+) packets were captured and not read/.exec(program.err)?.[1] ?? 0);
      expect(unread > 0).toBe(where === 'packets');
      expect(program.err).not.toContain('flows');
      await kit.until(({ restarts, interfaces }) => restarts === 1 && interfaces.b?.state === 'capturing');
      const counted = /netscribe_ledger_total\{what="packets\.unread"\} (\d+)/.exec(await kit.metrics())?.[1] ?? 0;
      expect(Number(counted)).toBe(unread);
      await kit.until(() => kit.rings() === workers);
      const [{ interfaces }] = await kit.sendUntil([udpFrame(1, 2)], ({ interfaces: { b } }) => b.processed_total > 0);
      expect(interfaces.b).toMatchObject({ state: 'capturing', error: '', dropped_total: 0 });
      expect((await kit.stop()).code).toBe(143);
      const sql =
        'select sum(source_packets + destination_packets) from flow where 2 not in (source_port, destination_port)';
      const rows = await kit.command('sql', '--store', kit.store, '-e', 'csv', sql);
      expect(Number(rows.trim().split(/\r?\n/).at(-1)) + unread).toBe(where === 'packets' ? 4 * n : 2 * n);
    });
  },
);
