// netscribe tcp: what happens to the TCP sockets of this machine, as records.

import type { Command } from 'commander';
import { nearest } from '../config/nearest.ts';
import { LONGEST_TIMER_MS } from '../config/timers.ts';
import { UsageError } from '../config/usage-error.ts';
import { sinkLosses } from '../daemon/losses.ts';
import { runTcpState, type TcpRunResult } from '../engine/tcp-run.ts';
import { isModulePath, isPackageName } from '../plugins/load.ts';
import { openSink, SINK_FORMS } from '../sinks/open.ts';
import { type Sink, SinkError } from '../sinks/sink.ts';
import { chooseSource, SOURCE_NAMES } from '../tcp-state/choose.ts';
import { LAYOUTS, type Layout } from '../tcp-state/documents.ts';
import type { TcpStateFilter } from '../tcp-state/filter.ts';
import { RECORD_KINDS, type RecordKind } from '../tcp-state/lifecycle.ts';
import { FilterWordError, type FilterWords, parseFilter } from '../tcp-state/parse-filter.ts';
import { LEAST_BUFFER_BYTES, MOST_BUFFER_BYTES, TcpSourceError, type TcpStateSource } from '../tcp-state/source.ts';
import { byteCount, count, durationMs } from './amounts.ts';
import { collect, newCommand, parse, withHelp } from './command.ts';
import { EXIT_OK, EXIT_PRIVILEGE } from './exit.ts';
import { grouped } from './figures.ts';

const EXAMPLES = `  netscribe tcp | jq                                     everything, one JSON document per line
  netscribe tcp --kinds connect,accept,close,fail        a line per connection, not per state
  netscribe tcp --kinds fail,reset-sent --net 10.0.0.0/8 what goes wrong in there
  netscribe tcp --event tracefs --to store:DIR           from tracefs, to be queried later`;

interface TcpOptions extends Omit<FilterWords, 'family'> {
  event: string;
  to: string[];
  sink: string[];
  json?: boolean;
  kinds?: string;
  layout: string;
  4?: boolean;
  6?: boolean;
  buffer?: string;
  poll: string;
  count?: string;
  duration?: string;
  maxErrors: string;
  commit: string;
  summary?: string;
  quiet?: boolean;
}

/** Left out of the short help. */
const RARE: readonly string[] = [
  '--sink',
  '--layout',
  '--local-port',
  '--remote-port',
  '--uid',
  '--cgroup',
  '--netns',
  '--buffer',
  '--poll',
  '--max-errors',
  '--commit',
  '--summary',
  '-4',
  '-6',
];

export function definition(): Command {
  return newCommand('tcp', 'What happens to TCP sockets: opened, refused, reset, closed, and by whom.', EXAMPLES, RARE)
    .option('--event <source>', `auto, ${SOURCE_NAMES.join(', ')}, ./MODULE.js or PACKAGE`, 'auto')
    .option('--to <sink>', `${SINK_FORMS}; repeatable (default: ndjson:-)`, collect, [])
    .option('--sink <sink>', 'the same as --to', collect, [])
    .option('--json', 'short for --to ndjson:-')
    .option('--kinds <list>', `${RECORD_KINDS.join(', ')} (default: all)`)
    .option('--layout <name>', "ecs, or tcp-audit: the changes of state in that program's words", 'ecs')
    .option('--port <list>', 'local or remote port: 443, 8000-8999')
    .option('--local-port <list>', 'local port')
    .option('--remote-port <list>', 'remote port')
    .option('--net <list>', 'local or remote address in these networks: 10.0.0.0/8,2001:db8::/32')
    .option('--state <list>', 'changes from or to these states: SYN-SENT,CLOSED')
    .option('-4', 'IPv4 only')
    .option('-6', 'IPv6 only')
    .option('--pid <list>', 'sockets of these processes')
    .option('--command <list>', 'sockets of processes with these names')
    .option('--uid <list>', 'sockets of these users')
    .option('--cgroup <list>', 'sockets in these cgroups, by path or number')
    .option('--netns <list>', 'sockets in these network namespaces: name, path, pid:PID or number')
    .option('--buffer <size>', 'room in the kernel for events that wait: 16MiB')
    .option('--poll <time>', 'how often the kernel is asked', '50ms')
    .option('-c, --count <n>', 'stop after so many records')
    .option('--duration <time>', 'stop after so long')
    .option('--max-errors <n>', 'give up after so many failures of the source in a row', '5')
    .option('--commit <time>', 'how often what is in a store becomes visible; it is safe within a second', '1m')
    .option('--summary <form>', 'text or json (default: text)')
    .option('-q, --quiet', 'no summary, no notes');
}

export function main(words: string[]): Promise<number> {
  return withHelp(() => tcp(words));
}

async function tcp(words: string[]): Promise<number> {
  const command = definition();
  parse(command, words);
  if (command.args.length > 0) throw new UsageError(`tcp takes options only, not '${command.args[0]}'`);
  const options = command.opts<TcpOptions>();
  const layout = oneOf(options.layout, LAYOUTS, '--layout') as Layout;
  if (options.summary !== undefined) oneOf(options.summary, ['text', 'json'], '--summary');
  const kinds = options.kinds === undefined ? undefined : kindsOf(options.kinds);
  const filter = filterOf(options);
  const run = {
    kinds,
    layout,
    filter,
    pollMs: durationMs(options.poll, '--poll'),
    commitMs: durationMs(options.commit, '--commit'),
    maxErrors: count(options.maxErrors, '--max-errors'),
    maxRecords: options.count === undefined ? 0 : count(options.count, '-c'),
  };
  const bufferBytes =
    options.buffer === undefined
      ? undefined
      : byteCount(options.buffer, '--buffer', LEAST_BUFFER_BYTES, MOST_BUFFER_BYTES);
  const stopMs = options.duration === undefined ? undefined : durationMs(options.duration, '--duration', false);
  const note = (text: string) => {
    if (options.quiet !== true) process.stderr.write(`netscribe: ${text}\n`);
  };
  const sinks = await sinksOf(options, note);
  const source = await sourceOf(options.event, bufferBytes, note);
  if (typeof source === 'number') return source;

  const stopper = new AbortController();
  let signal: NodeJS.Signals | undefined;
  const stopOn = (name: NodeJS.Signals) => {
    signal = name;
    stopper.abort();
  };
  process.once('SIGINT', stopOn);
  process.once('SIGTERM', stopOn);
  let timer: NodeJS.Timeout | undefined;
  const stopAfter = (ms: number): void => {
    const left = ms - LONGEST_TIMER_MS;
    timer = setTimeout(() => (left > 0 ? stopAfter(left) : stopper.abort()), Math.min(ms, LONGEST_TIMER_MS));
  };
  let sees: string | undefined;
  try {
    const result = await runTcpState(source, sinks, run, {
      signal: stopper.signal,
      started: () => {
        sees = source.sees;
        note(`listening by ${source.name}${sees === undefined ? '' : `, which sees ${sees}`}`);
        if (stopMs !== undefined) stopAfter(stopMs);
      },
      remarked: note,
      failed: (error) => note(error.message),
      lost: (n) =>
        note(
          `${grouped(n)} events were lost: the sinks are too slow, --buffer is too small, or the kernel did not tell them`,
        ),
    });
    if (options.summary === 'json') process.stderr.write(`${JSON.stringify(result)}\n`);
    else if (options.quiet !== true) process.stderr.write(`${summary(result, sees === undefined)}\n`);
    const losses = sinkLosses(sinks);
    if (losses.length > 0) throw new SinkError(losses.join('; '));
  } catch (error) {
    if (!(error instanceof TcpSourceError)) throw error;
    process.stderr.write(`netscribe: ${error.message}\n`);
    return EXIT_PRIVILEGE;
  } finally {
    clearTimeout(timer);
    process.removeListener('SIGINT', stopOn);
    process.removeListener('SIGTERM', stopOn);
  }
  if (signal === 'SIGTERM') return 128 + 15;
  return signal === 'SIGINT' ? 128 + 2 : EXIT_OK;
}

/** The source, or the exit code when none can run. */
async function sourceOf(
  name: string,
  bufferBytes: number | undefined,
  note: (text: string) => void,
): Promise<TcpStateSource | number> {
  const guess = nearest(name, ['auto', ...SOURCE_NAMES]);
  if (
    name !== 'auto' &&
    !SOURCE_NAMES.includes(name) &&
    !isModulePath(name) &&
    (guess !== undefined || !isPackageName(name))
  ) {
    throw new UsageError(
      `there is no event source '${name}'${guess === undefined ? '' : `: did you mean '${guess}'?`} (there are auto, ${SOURCE_NAMES.join(', ')}, ./MODULE.js, PACKAGE)`,
    );
  }
  try {
    const { source, passedOver } = await chooseSource(name, { bufferBytes });
    for (const reason of passedOver) note(`passed over ${reason}`);
    return source;
  } catch (error) {
    if (!(error instanceof TcpSourceError)) throw error;
    process.stderr.write(`netscribe: ${error.message}\n`);
    return EXIT_PRIVILEGE;
  }
}

function sinksOf({ to, sink, json }: TcpOptions, tell: (text: string) => void): Promise<Sink[]> {
  const targets = [...to, ...sink, ...(json === true ? ['ndjson:-'] : [])];
  if (targets.length === 0) targets.push('ndjson:-');
  return Promise.all(targets.map((target) => openSink(target, { nearest, isEndless: true, tell })));
}

function filterOf(options: TcpOptions): TcpStateFilter {
  if (options[4] === true && options[6] === true) throw new UsageError('-4 and -6 together leave nothing');
  try {
    return parseFilter({ ...options, family: options[4] === true ? 4 : options[6] === true ? 6 : undefined });
  } catch (error) {
    if (error instanceof FilterWordError) throw new UsageError(error.message);
    throw error;
  }
}

function kindsOf(text: string): Set<RecordKind> {
  const words = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  for (const word of words) oneOf(word, RECORD_KINDS, '--kinds');
  if (words.length === 0) throw new UsageError(`--kinds is empty: name some of ${RECORD_KINDS.join(', ')}`);
  return new Set(words as RecordKind[]);
}

function oneOf(word: string, choices: readonly string[], option: string): string {
  if (choices.includes(word)) return word;
  const guess = nearest(word, choices);
  throw new UsageError(
    `${option} is not '${word}'${guess === undefined ? '' : `: did you mean '${guess}'?`} (there are ${choices.join(', ')})`,
  );
}

function summary({ records, stats }: TcpRunResult, seesAll: boolean): string {
  const lines = Object.entries(records).map(([kind, n]) => `  ${kind.padEnd(17)} ${grouped(n).padStart(11)}`);
  if (lines.length === 0) lines.push('  nothing happened');
  const nothing = seesAll ? 'Nothing was lost.' : 'Nothing was lost of what is seen in this way.';
  const lost = stats.lost === 0 ? nothing : `${grouped(stats.lost)} events were lost in the kernel.`;
  return ['', ...lines, '', lost].join('\n');
}
