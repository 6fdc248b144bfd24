// Whose socket is whose: what the kernel lists, who has it open, and which flow it belongs to.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { makePlan, shownTypes } from '../../src/engine/plan.ts';
import { describeMaker, describeProcess, ownersOf, type ProcessWords } from '../../src/processors/process-list.ts';
import { MAX_CLOSED, ProcessTable } from '../../src/processors/process-table.ts';
import { watchProcesses } from '../../src/processors/process-watch.ts';
import { type ListedSocket, listSockets } from '../../src/processors/socket-list.ts';
import { openTcpSocketList } from '../../src/processors/tcp-socket-list.ts';
import { FlowView } from '../../src/protocols/flow-view.ts';
import { parseAddress } from '../../src/records/parse-address.ts';
import { NOBODY, type Process } from '../../src/records/process.ts';

const WORDS: ProcessWords = { monitored: [], args: false, event: 'none' };
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
function tableOf(): ProcessTable {
  const table = new ProcessTable();
  closers.push(() => table.close());
  return table;
}
const address = (text: string) => parseAddress(text)!;
const named = (name: string): Process => ({ ...NOBODY, name });

describe('the list of sockets', () => {
  const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  const line = (local: string, remote: string, inode: number) =>
    `   0: ${local} ${remote} 01 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 000000004b7d1457 100 0 0 10 0\n`;
  const files: Record<string, string> = {
    '/proc/net/tcp':
      HEAD +
      line('00000000:0050', '00000000:0000', 1) +
      line('010200C0:0050', '090200C0:9C40', 2) +
      line('010200C0:0050', '090200C0:9C41', 0),
    '/proc/net/tcp6':
      HEAD +
      line('00000000000000000000000000000000:01BB', '00000000000000000000000000000000:0000', 3) +
      line('B80D0120000000000000000001000000:01BB', 'B80D0120000000000000000002000000:9C40', 4) +
      line('0000000000000000FFFF0000010200C0:01BB', '0000000000000000FFFF0000090200C0:9C40', 5),
  };
  const read = (path: string) => {
    if (!(path in files)) throw new Error('ENOENT');
    return files[path];
  };

  it('has addresses of both families, and none of what nobody owns', () => {
    expect(listSockets('tcp', read)).toEqual([
      { key: 'tcp *:80 *', inode: 1 },
      { key: 'tcp 192.0.2.1:80 192.0.2.9:40000', inode: 2 },
      { key: 'tcp *:443 *', inode: 3 },
      { key: 'tcp 2001:db8::1:443 2001:db8::2:40000', inode: 4 },
      { key: 'tcp 192.0.2.1:443 192.0.2.9:40000', inode: 5 },
    ]);
    expect(listSockets('udp', read)).toEqual([]);
  });

  it('has a real one, and /proc says whose it is', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as { port: number };
    const key = `tcp 127.0.0.1:${port} *`;
    const { inode } = listSockets('tcp').find((one) => one.key === key)!;
    expect(ownersOf(new Set([inode])).get(inode)).toBe(process.pid);
    expect(ownersOf(new Set())).toEqual(new Map());
  });

  it('is the same by netlink, of both families', async () => {
    const closing = (end: { close(done: () => void): unknown }) => () => new Promise<void>((done) => end.close(done));
    const hosts = Object.values(networkInterfaces()).some((some) => some?.some(({ address }) => address === '::1'))
      ? ['127.0.0.1', '::1', '::']
      : ['127.0.0.1', '0.0.0.0', '127.0.0.2'];
    for (const host of hosts) {
      const server = createServer().listen(0, host);
      await once(server, 'listening');
      closers.push(closing(server));
    }
    const list = await openTcpSocketList();
    closers.push(() => list.close());
    const ours = ({ inode }: { inode: number }) => ownersOf(new Set([inode])).get(inode) === process.pid;
    const sorted = (some: readonly ListedSocket[]) => some.filter(ours).sort((a, b) => a.inode - b.inode);
    expect(sorted(list.list()).length).toBeGreaterThan(2);
    expect(sorted(list.list())).toEqual(sorted(listSockets('tcp')));
    expect(list.source).toBe('netlink');
  });
});

describe('a process', () => {
  it('is described as /proc has it', () => {
    const told = describeProcess(process.pid, WORDS)!;
    expect(told).toMatchObject({
      pid: process.pid,
      parentPid: process.ppid,
      executable: process.execPath,
      workingDirectory: process.cwd(),
      args: undefined,
    });
    const began = Date.now() - process.uptime() * 1000;
    expect(Math.abs(Date.parse(told.start!) - began)).toBeLessThan(60_000);
    expect(describeProcess(process.pid, { ...WORDS, args: true })!.args!.length).toBeGreaterThan(0);
    expect(describeProcess(2 ** 30, WORDS)).toBeUndefined();
    expect(describeMaker(2 ** 30, 'gone', WORDS)).toEqual({ ...NOBODY, pid: 2 ** 30, name: 'gone' });
    expect(describeMaker(process.pid, 'thread', WORDS)).toEqual(told);
  });

  it('has the name that the user gave it', () => {
    const monitored = [
      { process: 'other', cmdline_grep: 'no such word' },
      { process: 'tests', cmdline_grep: 'node' },
    ];
    expect(describeProcess(process.pid, { ...WORDS, monitored })!.name).toBe('tests');
  });
});

describe('an end of a flow', () => {
  const HERE = address('192.0.2.1');
  const PEER = address('198.51.100.9');
  const addresses = ['192.0.2.1'];

  it('is of whoever has the socket with both ends, else with this one, else with its port', () => {
    const table = tableOf();
    const of = (port: number) => table.of('tcp', HERE, port, PEER, 40_000, 0)?.name;
    table.take({
      opened: [
        ['tcp *:80 *', named('any')],
        ['tcp 192.0.2.1:80 *', named('this')],
        ['tcp 192.0.2.1:80 198.51.100.9:40000', named('both')],
        ['tcp *:81 *', named('listener')],
        ['udp *:82 *', named('other transport')],
      ],
      closed: [],
      addresses,
      at: 100,
    });
    expect([of(80), of(81), of(82)]).toEqual(['both', 'listener', undefined]);
    // What listens here on the same port has nothing to do with others' servers.
    expect(table.of('tcp', PEER, 81, HERE, 40_000, 0)).toBeUndefined();
    table.take({ opened: [], closed: ['tcp 192.0.2.1:80 198.51.100.9:40000'], addresses, at: 100 });
    // The connection is over, and its records come now.
    expect(of(80)).toBe('both');
  });

  it('is not of who had the port before, and not for ever of who is gone', () => {
    const table = tableOf();
    const of = (firstSeconds: number) => table.of('udp', HERE, 5000, PEER, 53, firstSeconds)?.name;
    table.take({ opened: [['udp *:5000 *', named('first')]], closed: [], addresses, at: 100 });
    table.take({ opened: [], closed: ['udp *:5000 *'], addresses, at: 110 });
    expect([of(105), of(120)]).toEqual(['first', undefined]);
    table.take({ opened: [['udp *:5000 *', named('second')]], closed: [], addresses, at: 130 });
    expect(of(131)).toBe('second');
    table.take({ opened: [], closed: ['udp *:5000 *'], addresses, at: 140 });
    table.take({ opened: [], closed: [], addresses, at: 1000 });
    expect(of(135)).toBeUndefined();
  });

  it('is kept for a bounded number of sockets that were closed, the latest', () => {
    const table = tableOf();
    const keys = Array.from({ length: MAX_CLOSED + 2 }, (_, i) => `udp 192.0.2.1:${i} *`);
    table.take({ opened: keys.map((key) => [key, named('many')]), closed: [], addresses, at: 100 });
    table.take({ opened: [], closed: keys, addresses, at: 100 });
    const of = (port: number) => table.of('udp', HERE, port, PEER, 53, 100)?.name;
    expect([of(0), of(1), of(2), of(MAX_CLOSED + 1)]).toEqual([undefined, undefined, 'many', 'many']);
  });

  it('is known in its documents as soon as there is news, and stays who it was', () => {
    const table = tableOf();
    const view = new FlowView();
    Object.assign(view, { transport: 'tcp', sourcePort: 40_000, destinationPort: 80, processes: table });
    view.source.copy(PEER);
    view.destination.copy(HERE);
    expect(view.process).toBe(NOBODY);
    table.take({ opened: [['tcp *:80 *', named('server')]], closed: [], addresses, at: 0 });
    expect([view.sourceProcess, view.destinationProcess.name, view.process.name]).toEqual([NOBODY, 'server', 'server']);
    expect([view.reversed.sourceProcess.name, view.reversed.process.name]).toEqual(['server', 'server']);
    table.take({ opened: [['tcp *:80 *', named('next')]], closed: [], addresses, at: 0 });
    expect(view.process.name).toBe('server');
    view.renew();
    expect(view.process.name).toBe('next');
  });
});

describe('the watch', () => {
  it('tells a table of sockets that were open before, that open and that close', async () => {
    const bound = async () => {
      const socket = createSocket('udp4').bind(0, '127.0.0.1');
      await once(socket, 'listening');
      return socket;
    };
    const before = await bound();
    closers.push(() => before.close());
    const watch = await watchProcesses(WORDS, () => undefined);
    closers.push(() => watch.close());
    const table = tableOf();
    const lo = address('127.0.0.1');
    const pidOf = (port: number) => table.of('udp', lo, port, lo, 53, Number.POSITIVE_INFINITY)?.pid;
    const change = async (port: number) => {
      const was = pidOf(port);
      while (pidOf(port) === was) await new Promise((resolve) => setTimeout(resolve, 10));
      return pidOf(port);
    };
    expect(await change(before.address().port)).toBe(process.pid);
    const later = await bound();
    const { port } = later.address();
    expect(await change(port)).toBe(process.pid);
    later.close();
    expect(await change(port)).toBeUndefined();
  });
});

it('has fields where it is asked for, live', () => {
  const shown = (request: Parameters<typeof makePlan>[0]) =>
    shownTypes(makePlan({ records: ['flow', 'dns'], ...request })).rows.map((type) =>
      Object.values(type.fields).some(({ paths }) => paths.includes('source.process.pid')),
    );
  expect(shown({})).toEqual([false, false]);
  expect(shown({ processes: WORDS })).toEqual([true, true]);
  expect(shown({ processes: WORDS, protocols: { dns: { monitor_processes: false } } })).toEqual([true, false]);
});
