// What happens to a daemon that runs for months, one after the other: links that go and come, a store that is full or gone, faults in its own
// thread, and a sudden end.

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { DaemonKit } from '../kit/daemon.ts';
import { Namespace, noNamespaces } from '../kit/namespace.ts';
import { udpFrame } from '../kit/packets.ts';
import { unless } from '../kit/unless.ts';

const udp = (n: number, to = 9999): Uint8Array[] => {
  const frame = udpFrame(0, to);
  return Array.from({ length: n }, (_, i) => {
    const bytes = Uint8Array.from(frame);
    bytes[34] = (10_000 + i) >> 8;
    bytes[35] = (10_000 + i) & 255;
    return bytes;
  });
};

let kit: DaemonKit;
afterEach(() => kit.remove());

/** Rows of flows in the store, and how many of them are different. */
async function flowRows(store: string): Promise<{ rows: number; different: number; packets: number }> {
  const text = await kit.command(
    'sql',
    '--store',
    store,
    '-e',
    'csv',
    'select count(*), count(distinct (source_port, destination_port, event_start, event_duration)), coalesce(sum(source_packets), 0) from flow',
  );
  const [rows, different, packets] = text.trim().split('\n').at(-1)!.split(',').map(Number);
  return { rows, different, packets };
}

unless(noNamespaces).describe('a daemon survives', () => {
  test('an interface that flaps, is removed and made again; another one never notices', async () => {
    kit = new DaemonKit({ capture: { interfaces: { b: null, d: null }, records: ['flow'] } });
    kit.ns.pair('c', 'd');
    await kit.start();
    for (let i = 0; i < 10; i++) {
      kit.ns.ip('link set dev b down');
      kit.ns.up('b');
    }
    const [{ interfaces: before }] = await kit.sendUntil(
      udp(1),
      ({ interfaces: { b } }) => b.processed_total > 0 && b.state === 'capturing',
    );
    expect(before.b.error).toBe('');

    kit.ns.ip('link set dev b down');
    await kit.until(({ interfaces }) => interfaces.b.error === "the interface 'b' is down");
    kit.ns.ip('link del dev b');
    await kit.until(({ interfaces }) => interfaces.b.error === "there is no interface 'b' now");
    await kit.send(udp(5), 1, 'c');
    kit.ns.pair('a', 'b');
    await kit.until(({ interfaces }) => interfaces.b.state === 'capturing');
    const known = (await kit.status()).interfaces.b.processed_total;
    const [{ interfaces }] = await kit.sendUntil(udp(1), ({ interfaces: { b } }) => b.processed_total > known);
    expect(interfaces.d).toMatchObject({ state: 'capturing', processed_total: 5, dropped_total: 0 });
    expect((await kit.stop()).code).toBe(143);
  });

  test('an interface that is made again and again, renamed, or lent to another namespace', async () => {
    kit = new DaemonKit({ capture: { interfaces: { b: null }, records: ['flow'] } });
    await kit.start();
    const { ns } = kit;
    const isThere = async (): Promise<void> => {
      const known = (await kit.status()).interfaces.b.processed_total;
      await kit.sendUntil(udp(1), ({ interfaces: { b } }) => b.processed_total > known && b.state === 'capturing');
      // The ring of the interface that was there before goes once it is read.
      await kit.until(() => kit.rings() === 1);
    };
    const isGone = () => kit.until(({ interfaces }) => interfaces.b.error === "there is no interface 'b' now");
    for (let i = 0; i < 4; i++) {
      ns.ip('link del dev b');
      await isGone();
      ns.pair('a', 'b');
      await isThere();
    }

    ns.ipAtOnce('link set dev b down', 'link set dev b name c', 'link set dev c up');
    await isGone();
    const known = (await kit.status()).interfaces.b.processed_total;
    // What the interface hears under its other name is none of b's, once the ring knows: its filter refuses all then.
    await kit.until(() => ns.run('ss', '-0nb').includes('(1):  0x06 0 0 0'));
    await kit.send(udp(5));
    expect((await kit.status()).interfaces.b.processed_total).toBe(known);
    ns.ipAtOnce('link set dev c down', 'link set dev c name b', 'link set dev b up');
    await isThere();

    const other = new Namespace();
    try {
      ns.ip(`link set dev b netns ${other.name} name elsewhere`);
      await isGone();
      other.ip(`link set dev elsewhere netns ${ns.name} name b`);
      ns.up('b');
      await isThere();
    } finally {
      await other.remove();
    }
    expect((await kit.stop()).code).toBe(143);
  });

  test('a fault in its capture thread: it begins anew, and no ring is left behind', async () => {
    kit = new DaemonKit();
    const sink = join(kit.folder, 'faulty.js');
    writeFileSync(
      sink,
      `let done = false;
       export const create = () => ({
         name: 'faulty', encoding: 'ndjson', async open() {}, async close() {}, async abort() {},
         write() { if (!done) { done = true; setTimeout(() => { throw new Error('a fault in a sink'); }, 10); } },
       });`,
    );
    kit.config = { ...kit.config, to: [sink], flows: { interval: '1s', timeout: '1h' } };
    const program = await kit.start();
    const token = readFileSync(join(kit.store, 'api.token'), 'utf8').trim();
    const asked = { socketPath: `${kit.folder}/api`, path: '/api/records/stream?records=flow' };
    const following = request({ ...asked, headers: { authorization: `Bearer ${token}` } }).end();
    const [response] = (await once(following, 'response')) as [IncomingMessage];
    let followed = '';
    response.setEncoding('utf8').on('data', (part) => {
      followed += part;
    });
    expect(kit.rings()).toBe(1);
    await kit.send(udp(3));
    await program.until(() => program.err.includes('a fault in a sink'));
    await kit.until(({ restarts, interfaces }) => restarts === 1 && interfaces.b?.state === 'capturing');
    expect(kit.rings()).toBe(1);
    await kit.send(udp(4, 7777));
    await kit.until(({ interfaces }) => interfaces.b?.processed_total === 4);
    expect(await kit.metrics()).toContain('netscribe_capture_restarts_total 1');
    // Whoever follows records hears of those that came afterwards.
    await kit.until(() => followed.includes('"port":7777'));
    response.on('error', () => undefined);
    following.destroy();
  });

  test('questions while its capture thread is started again: they wait, or are told when to come back', async () => {
    kit = new DaemonKit();
    const sink = join(kit.folder, 'faulty.js');
    const [fault, illness] = [join(kit.folder, 'fault'), join(kit.folder, 'illness')];
    writeFileSync(
      sink,
      `import { existsSync, rmSync } from 'node:fs';
       export const create = () => ({
         name: 'faulty', encoding: 'ndjson', async close() {}, async abort() {}, write() {},
         async open() {
           if (existsSync('${illness}')) throw new Error('it is ill');
           setInterval(() => {
             if (!existsSync('${fault}')) return;
             rmSync('${fault}');
             throw new Error('a fault in a sink');
           }, 10).unref();
         },
       });`,
    );
    kit.config = { ...kit.config, to: [sink] };
    await kit.start();
    const isFaulty = () => kit.until((status) => status.fault?.includes('a fault in a sink') === true);
    writeFileSync(fault, '');
    await isFaulty();
    expect(await kit.command('status', '-c', kit.file)).toContain('nothing is captured: the capture thread is being');
    const query = { columns: 'dport', live: true };
    const answers = await Promise.all([
      kit.ask('GET', '/api/flows/live'),
      kit.ask('GET', '/api/config'),
      kit.ask('POST', '/api/writeout'),
      kit.ask('POST', '/api/query', query),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    await kit.until((status) => status.fault === null && status.restarts === 1);

    writeFileSync(illness, '');
    writeFileSync(fault, '');
    await isFaulty();
    const { status, text, headers } = await kit.ask('POST', '/api/query', query);
    expect([status, text]).toEqual([503, expect.stringContaining('what is stored can be asked meanwhile')]);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect((await kit.ask('POST', '/api/query', { columns: 'dport' })).status).toBe(200);
    rmSync(illness);
    await kit.until(({ fault, interfaces }) => fault === null && interfaces.b?.state === 'capturing');
  });

  test('a disk that is full: it says so, records wait, and are written when there is room', async () => {
    kit = new DaemonKit({
      capture: { interfaces: { b: null }, records: ['flow'] },
      flows: { interval: '1s', timeout: '1h' },
    });
    mkdirSync(kit.store);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', kit.store]);
    try {
      await kit.start();
      const ballast = join(kit.store, 'ballast');
      try {
        execFileSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=64k'], { stdio: 'pipe' });
      } catch {
        // Full, as it shall be.
      }
      await kit.send(udp(5000));
      const ill = await kit.until(({ sinks }) => sinks.some(({ error }) => error !== ''));
      expect(ill.sinks[0].error).toMatch(/disk full/);
      const { program } = kit;
      await program!.until(() => program!.err.includes('disk full'));
      expect(ill.interfaces.b.state).toBe('capturing');
      expect(await kit.metrics()).toMatch(/netscribe_sink_up\{sink="store:.*"\} 0/);
      await kit.send(udp(1000, 8888));
      await kit.until(({ interfaces }) => interfaces.b.processed_total === 6000);
      rmSync(ballast);
      const well = await kit.until(({ sinks }) => sinks.every(({ error, rows }) => error === '' && rows === 6000));
      expect(well.sinks[0].lostRows).toBe(0);
      await kit.stop();
      expect(await flowRows(kit.store)).toMatchObject({ packets: 6000 });
    } finally {
      if (kit.program !== undefined) await kit.stop('SIGKILL');
      execFileSync('umount', [kit.store]);
    }
  });

  test('a store that was removed: it is told, and made anew', async () => {
    kit = new DaemonKit({
      capture: { interfaces: { b: null }, records: ['flow'] },
      flows: { interval: '1s', timeout: '1h' },
    });
    await kit.start();
    await kit.send(udp(3));
    await kit.until(({ sinks }) => sinks[0].rows === 3);
    // In one step: removed file by file, some are made anew meanwhile.
    renameSync(kit.store, `${kit.store}-gone`);
    await kit.send(udp(7, 8888));
    await kit.until(({ sinks }) => sinks[0].rows === 10 && sinks[0].error === '');
    expect((await kit.stop()).code).toBe(143);
    expect(existsSync(join(kit.store, 'manifest.json'))).toBe(true);
    expect(await flowRows(kit.store)).toMatchObject({ packets: 7 });
  });

  test('a file of the store that has changed: the answer says what it lacks', async () => {
    kit = new DaemonKit({ capture: { interfaces: { b: null }, records: ['flow'] } });
    await kit.start();
    await kit.send(udp(3));
    await kit.until(({ interfaces }) => interfaces.b.processed_total === 3);
    // Open flows are written when what is made of packets changes.
    kit.config = { ...kit.config, flows: { interval: 0, timeout: '1h', max: 1000 } };
    kit.writeConfig();
    await kit.ask('POST', '/api/config/reload');
    await kit.until(({ sinks }) => sinks[0].rows === 3);
    await kit.ask('POST', '/api/writeout');
    const summary = async () =>
      JSON.parse((await kit.ask('POST', '/api/query', { columns: 'dport' })).text).summary as Record<string, unknown>;
    expect(await summary()).not.toHaveProperty('lacking');
    expect((await kit.ask('POST', '/api/query', { columns: 'dport' })).headers).not.toHaveProperty('netscribe-lacking');
    const [{ path }] = JSON.parse(readFileSync(join(kit.store, 'manifest.json'), 'utf8')).segments;
    const bytes = readFileSync(join(kit.store, path));
    bytes[99] ^= 4;
    writeFileSync(join(kit.store, path), bytes);
    expect((await summary()).lacking).toEqual([
      expect.stringMatching(/has another checksum than when it was written: the answer lacks 3 records of flow/),
      expect.stringContaining('store repair'),
    ]);
    expect(kit.program!.err).toContain('has another checksum');
    for (const format of ['json', 'ndjson', 'csv', 'md', 'table']) {
      const { headers, text } = await kit.ask('POST', '/api/query', { columns: 'dport', format });
      expect([format, headers['netscribe-lacking']]).toEqual([
        format,
        expect.stringMatching(/^".*: the answer lacks 3 records of flow, from .*", "'netscribe store repair .*"$/),
      ]);
      // Rows and nothing else, where a program reads them.
      const rows = { ndjson: 0, csv: 1, md: 2 }[format];
      if (rows !== undefined) expect(text.split('\n')).toHaveLength(rows + 1);
      if (format === 'table')
        expect(text).toMatch(/\nLacking {5}.* lacks 3 records of flow.*\n {12}'netscribe store repair/);
    }
  });

  test('a sudden end during write-outs: nothing acknowledged is lost, nothing is there twice', async () => {
    kit = new DaemonKit({
      capture: { interfaces: { b: null }, records: ['flow'] },
      flows: { interval: '1s', timeout: '1h' },
    });
    let acknowledged = 0;
    for (let round = 0; round < 2; round++) {
      await kit.start();
      let isOver = false;
      const sending = (async () => {
        // Not as fast as it goes: that is all that the machine can do.
        while (!isOver) await kit.send(udp(2000, 7000 + round), 2, 'a', 20_000);
      })();
      let known = 0;
      await kit.until(({ sinks }) => {
        known = sinks[0].rows;
        return known > 3000;
      });
      await kit.ask('POST', '/api/writeout');
      void kit.ask('POST', '/api/writeout').catch(() => undefined);
      known = (await kit.status()).sinks[0].rows;
      await kit.stop('SIGKILL');
      acknowledged += known;
      isOver = true;
      await sending;
      expect(kit.rings()).toBe(0);
    }
    await kit.start();
    await kit.stop();
    const { rows, different } = await flowRows(kit.store);
    expect(rows).toBeGreaterThanOrEqual(acknowledged);
    expect(different).toBe(rows);
  });
});
