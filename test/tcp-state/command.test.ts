// `netscribe tcp` as users call it, with each source: signals and exit codes, sinks, and the choice of a source.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, type TestContext } from 'vitest';
import { probeSources, SOURCE_NAMES } from '../../src/tcp-state/choose.ts';
import { printedBy } from '../kit/commands.ts';
import { PROJECT } from '../kit/shared.ts';
import { multiset, Namespace, portFor, unprivileged, type Watched, watch, whyNot } from './kit.ts';

const cannot =
  whyNot ??
  (await probeSources())
    .filter(({ capability }) => !capability.usable)
    .map(({ name, capability }) => `${name}: ${capability.detail}`)[0];
const namespace = cannot === undefined ? new Namespace('command') : undefined;
const folder = mkdtempSync(join(tmpdir(), 'netscribe-tcp-command-'));
afterAll(() => {
  namespace?.[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});
const PORT = portFor(3);

function here(context: TestContext): Namespace {
  return namespace ?? context.skip(cannot);
}

/** All these commands at once behind the words of another, and the traffic when all of them listen. */
async function watchAll(
  before: string[],
  commands: readonly { words: string[]; signal?: NodeJS.Signals; through?: string[] }[],
  during: () => void,
): Promise<Watched[]> {
  const [first, ...others] = commands;
  let rest: Watched[] = [];
  const through = [...before, ...(first.through ?? [])];
  const watched = await watch(
    first.words,
    async () => {
      if (others.length > 0) rest = await watchAll(before, others, during);
      else during();
    },
    first.signal ?? 'SIGINT',
    through,
  );
  return [watched, ...rest];
}

it('ends with 128+n on SIGINT and SIGTERM, whatever the source', async (context) => {
  const net = here(context);
  const signals = [['SIGINT', 130] as const, ['SIGTERM', 143] as const];
  const wanted = SOURCE_NAMES.flatMap((source) => signals.map(([signal, code]) => ({ source, signal, code })));
  const ran = await watchAll(
    ['ip', 'netns', 'exec', net.name],
    wanted.map(({ source, signal }) => ({
      words: ['--event', source, '--port', String(PORT), '--kinds', 'close', '--sink', 'ndjson:-'],
      signal,
    })),
    () => void net.traffic('short', 3, PORT),
  );
  for (const [i, { source, signal, code }] of wanted.entries()) {
    // What happened before the signal is in the output; both sides of a connection end.
    const ends = ran[i].documents.filter((document) => document.network.community_id !== undefined).length;
    expect({ source, signal, code: ran[i].code, ends }).toEqual({ source, signal, code, ends: 6 });
  }
});

it('takes the best source that can run, and says why others can not', async (context) => {
  const net = here(context);
  const words = ['--event', 'auto', '--port', String(PORT), '--kinds', 'close'];
  const ran = await watchAll(
    [],
    [
      { words },
      { words, through: unprivileged('bpf', 'perfmon') },
      { words, through: unprivileged('dac_override') },
      { words, through: unprivileged() },
    ],
    () => void net.traffic('short', 2, PORT),
  );
  expect(ran.map(({ stderr }) => /listening by ([\w-]+)/.exec(stderr)?.[1])).toEqual([
    'bpf',
    'bpf',
    'tracefs',
    'sock-diag',
  ]);
  expect(ran.map(({ stderr }) => [...stderr.matchAll(/passed over (\S+):/g)].map(([, name]) => name))).toEqual([
    [],
    [],
    ['bpf'],
    ['bpf', 'tracefs'],
  ]);
  for (const { documents } of ran.slice(0, 3)) expect(documents).toHaveLength(4);
});

it('writes to several sinks at once: standard output, a folder, a store, a module', async (context) => {
  const net = here(context);
  const lines = join(folder, 'lines.txt');
  const places = ['ndjson:-', `ndjson:${folder}/out`, `store:${folder}/store`];
  writeFileSync(
    join(folder, 'my-sink.js'),
    `import { create as lines } from ${JSON.stringify(join(PROJECT, 'examples/sink-lines/index.js'))};
     export const create = () => lines({ file: ${JSON.stringify(lines)} });`,
  );
  const sinks = [...places, join(folder, 'my-sink.js')].flatMap((place) => ['--sink', place]);
  const only = ['--event', 'bpf', '--netns', String(net.inode), '--kinds', 'connect,close'];
  const { documents, code } = await watch([...only, ...sinks], () => void net.traffic('short', 5), 'SIGTERM');
  expect([code, multiset(documents.map(({ event }) => event.action))]).toEqual([143, { close: 10, connect: 5 }]);
  const inFolder = readFileSync(join(folder, 'out', 'tcp-state.ndjson'), 'utf8')
    .trim()
    .split('\n');
  expect(inFolder.map((line) => JSON.parse(line))).toEqual(documents);
  const byModule = readFileSync(lines, 'utf8').trim().split('\n');
  expect(byModule.slice(0, -1)).toEqual(inFolder.map((line) => `tcp-state ${line}`));
  const query = ['query', 'tcp-state', '', '--store', join(folder, 'store'), '-e', 'ndjson'];
  expect((await printedBy(query)).trim().split('\n')).toHaveLength(15);
});
