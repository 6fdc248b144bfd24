// What every source lets through, with the same words: sockets that a process of ours holds and then closes, in a cgroup of their own, in
// our network namespace, which is all that sock-diag sees.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { chooseSource, probeSources, SOURCE_NAMES } from '../../src/tcp-state/choose.ts';
import { Containers, mountPoint } from '../../src/tcp-state/containers.ts';
import type { TcpEvent } from '../../src/tcp-state/event.ts';
import { matcherOf } from '../../src/tcp-state/filter.ts';
import { type FilterWords, parseFilter } from '../../src/tcp-state/parse-filter.ts';
import { PROJECT } from '../kit/shared.ts';
import { linesOf, portFor, whyNot } from './kit.ts';

const PORT = portFor(3) + 2;
const usable = new Map(
  whyNot === undefined ? (await probeSources()).map(({ name, capability }) => [name, capability] as const) : [],
);

/** Filters, and whether the sockets pass: IPv4 on the loopback, of root's python3. */
const filters = (pid: number, cgroup: string): [FilterWords, boolean][] => [
  [{}, true],
  [{ localPort: String(PORT), state: 'CLOSED,LISTEN,ESTABLISHED' }, true],
  [{ remotePort: `${PORT}-${PORT + 1}` }, true],
  [{ localPort: String(PORT + 1) }, false],
  [{ net: '127.0.0.0/8', family: 4 }, true],
  [{ net: '10.0.0.0/8,2001:db8::/32' }, false],
  [{ family: 6 }, false],
  [{ state: 'SYN-SENT' }, false],
  [{ pid: String(pid), command: 'python3', uid: '0' }, true],
  [{ pid: '1' }, false],
  [{ command: 'curl' }, false],
  [{ uid: '65533' }, false],
  [{ cgroup, netns: 'pid:self' }, true],
  [{ cgroup: `${cgroup}/inside` }, true],
  [{ cgroup: `${cgroup}/beside` }, false],
  [{ netns: '1' }, false],
];

it.for(SOURCE_NAMES)(
  '%s: by port, network, state, family, process, user, cgroup and namespace',
  async (name, context) => {
    const capability = usable.get(name) ?? { usable: false, detail: whyNot };
    if (!capability.usable) return context.skip(capability.detail);
    const root = mountPoint();
    if (root === undefined) return context.skip('cgroup2 is not mounted here');
    const cgroup = `/netscribe-filter-${process.pid}-${name}`;
    const made = [`${root}${cgroup}/inside`, `${root}${cgroup}/beside`];
    try {
      for (const path of made) mkdirSync(path, { recursive: true });
    } catch (error) {
      return context.skip(`no cgroup can be made here: ${(error as Error).message}`);
    }
    const holder = hold(made[0]);
    const said = linesOf(holder);
    try {
      const [pid] = (await said()).split(' ').map(Number);
      const all = await Promise.all(filters(pid, cgroup).map(([words, passes]) => listen(name, words, passes)));
      for (const one of all) one.drain(false);
      holder.stdin!.write('\n');
      expect(await said()).toBe('closed');
      for (const one of all) one.drain(true);
      for (const one of all) await one.source.close();
      for (const { words, passes, kinds } of all) {
        // Each kind: sockets that were there, and their ends.
        expect({ words, kinds: [...kinds].sort() }).toEqual({ words, kinds: passes ? ['snapshot', 'state'] : [] });
      }
    } finally {
      holder.kill('SIGKILL');
      if (holder.exitCode === null && holder.signalCode === null) await once(holder, 'close');
      for (const path of [...made, `${root}${cgroup}`]) rmdirSync(path);
    }
  },
);

/** Holds a listener and a connection to it until its standard input ends. */
function hold(cgroup: string): ChildProcess {
  const words = ['python3', `${PROJECT}test/tcp-state/traffic.py`, 'hold'];
  const env = { ...process.env, TRAFFIC_PORT: String(PORT) };
  return spawn('sh', ['-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', cgroup, ...words], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

async function listen(name: string, words: FilterWords, passes: boolean) {
  const netns = words.netns === 'pid:self' ? `pid:${process.pid}` : words.netns;
  const filter = {
    ...parseFilter({ port: String(PORT), ...words, netns }),
    kinds: new Set(['snapshot', 'state'] as const),
  };
  const { source } = await chooseSource(name, { bufferBytes: 128 * 1024 });
  const matches = source.filters === true ? undefined : matcherOf(filter, new Containers());
  const kinds = new Set<string>();
  await source.start(filter);
  const take = (event: TcpEvent) => {
    if (event.kind !== 'lost' && (matches === undefined || matches(event))) kinds.add(event.kind);
  };
  return {
    words,
    passes,
    kinds,
    source,
    drain(isLast: boolean) {
      while (source.drain(4096, take, isLast) >= 4096);
    },
  };
}
