// netscribe capture: the main job. Packets in, records out.

import { existsSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { nearest } from '../config/nearest.ts';
import { UsageError } from '../config/usage-error.ts';
import { runLive } from '../engine/live.ts';
import { makePlan, type RunPlan, shownTypes } from '../engine/plan.ts';
import { portFilter } from '../engine/port-filter.ts';
import { runCounts } from '../engine/pump-counts.ts';
import type { RunResult } from '../engine/result.ts';
import { isHeadersOnly, needsWholePackets, type RunHooks, run } from '../engine/run.ts';
import { watchProcesses } from '../processors/process-watch.ts';
import { shownText } from '../query/shown-text.ts';
import { DEFAULT_STORE, openSink, SINK_FORMS } from '../sinks/open.ts';
import { formatOf, PacketFile } from '../sinks/packet-file.ts';
import type { Sink } from '../sinks/sink.ts';
import { openInputs } from '../sources/open.ts';
import { TcpdumpSource } from '../sources/pipe/tcpdump-source.ts';
import { HEADERS_SNAP, LIVE_DEFAULTS, type LiveOptions, openLive } from '../sources/ring/open-live.ts';
import { selectInterfaces } from '../sources/ring/selection.ts';
import { TcxSource } from '../sources/tcx/tcx-source.ts';
import { MissingError } from '../system/errors.ts';
import { returnLargeBlocks } from '../system/malloc.ts';
import { MAX_RING_BYTES } from '../system/packet-ring.ts';
import { collect, joined, newCommand, only, parse, withHelp } from './command.ts';
import { damageText } from './damage-text.ts';
import { EXIT_DAMAGED, EXIT_OK } from './exit.ts';
import { grouped, siBytes } from './figures.ts';
import { LiveStores } from './live-stores.ts';
import { wholeNumber } from './number.ts';
import { otherImports } from './other-imports.ts';
import { type PacketWords, packetFileOptions, snapLength, withPacketOptions } from './packet-options.ts';
import { ProgressLine } from './progress.ts';
import { recordNames, switchedOff } from './record-names.ts';
import { summaryForPeople, summaryForScripts } from './summary.ts';

const EXAMPLES = `  netscribe capture -r traffic.pcap                       into the store ./${DEFAULT_STORE}
  netscribe capture -r traffic.pcap --json | jq           one JSON document per line
  netscribe capture -r captures/ 'tcp port 80'            a folder, filtered as tcpdump does
  netscribe capture -i eth0 --json                        live, until Ctrl-C
  tcpdump -w - | netscribe capture -r - --records dns     from another program`;

interface CaptureOptions extends PacketWords {
  read: string[];
  interface: string[];
  direction?: string;
  bufferSize?: string;
  flowSource?: string;
  promiscuousMode: boolean;
  filter?: string;
  count?: string;
  records?: string;
  to: string[];
  json?: boolean;
  interval?: string;
  workers?: string;
  config?: string;
  set: string[];
  decodeAs: string[];
  internalNetworks?: string;
  geoip: string[];
  processes?: boolean;
  cutOk?: boolean;
  summary?: string;
  quiet?: boolean;
}

export function main(words: string[]): Promise<number> {
  return withHelp(() => capture(words));
}

/** Left out of the short help. */
const RARE: readonly string[] = [
  '--buffer-size',
  '--direction',
  '--no-promiscuous-mode',
  '--file-size',
  '--rotate-seconds',
  '--file-count',
  '--snaplen',
  '--micro',
  '-U',
  '-n',
  '--decode-as',
  '--internal-networks',
  '--geoip',
  '--processes',
  '--config',
  '--set',
  '--cut-ok',
  '--flow-source',
];

export function definition(): Command {
  const command = newCommand('capture', 'Packets in, records out.', EXAMPLES, RARE)
    .argument('[words...]', 'files, or a filter as tcpdump takes it')
    .option('-r, --read <file>', "capture file, folder, or '-' for standard input; repeatable", collect, [])
    .option(
      '-i, --interface <interface>',
      "live from an interface; also any, any,!lo, '/veth.*/'; repeatable",
      collect,
      [],
    )
    .option('-B, --buffer-size <KiB>', 'memory of the ring that live packets come through (default: 65536)')
    .option('--flow-source <way>', 'of live flows: ring; tcx, counted by the kernel; auto (default), which is ring')
    .option('-Q, --direction <way>', 'in, out or inout (default): which live packets')
    .option('-p, --no-promiscuous-mode', 'only packets that the interface would take anyway')
    .option('-f, --filter <expression>', 'only packets that match, as tcpdump filters', only('filters'))
    .option('-c, --count <n>', 'stop after so many packets');
  return withPacketOptions(command)
    .option('-n', 'accepted for habit: names are never resolved')
    .option('--records <records>', 'flow, dns, http, icmp, transactions (default: all)', joined)
    .option('--to <sink>', `${SINK_FORMS}; repeatable (default: store:${DEFAULT_STORE})`, collect, [])
    .option('--json', 'short for --to ndjson:-')
    .option('--interval <time>', 'write flows that go on every so often: 30s, 5m, 1h, 0 for never (default: 5m)')
    .option('--decode-as <what>', 'tcp.port==8081,http: this port is that protocol; repeatable', collect, [])
    .option(
      '--internal-networks <list>',
      'private,2001:db8::/32: your own; flows are then inbound, outbound, internal, external',
    )
    .option(
      '--geoip <file>',
      "where addresses are: a database in MaxMind's format, such as GeoLite2-City.mmdb; repeatable",
      collect,
      [],
    )
    .option('--processes', 'live: whose process of this machine an end of a flow is')
    .option('--config <file>', 'netscribe.yml with options of protocols, flows and streams')
    .option('--set <key=value>', 'one option: protocols.dns.include_additionals=true; repeatable', collect, [])
    .option('--workers <n>', 'analysing threads; live, capturing ones (default: 1)')
    .option('--cut-ok', 'a file that ends in the middle of a packet is no error')
    .option('--summary <form>', 'text or json (default: text)')
    .option('-q, --quiet', 'no progress, no summary');
}

async function capture(words: string[]): Promise<number> {
  const command = definition();
  parse(command, words);
  const options = command.opts<CaptureOptions>();
  const isLive = options.interface.length > 0;
  const { files, filter } = splitWords(options, command.args);
  if (files.length === 0 && !isLive) {
    throw new UsageError(
      "nothing to read: name a capture file with -r FILE ('-r -' reads standard input) or an interface with -i NAME",
    );
  }
  if (files.length > 0 && isLive) {
    throw new UsageError(
      `either files (${files.join(', ')}) or interfaces (-i ${options.interface.join(' -i ')}), not both`,
    );
  }
  if (!isLive) refuseLiveOptions(options);
  if (options.summary !== undefined && options.summary !== 'text' && options.summary !== 'json') {
    throw new UsageError(`--summary is text or json, not '${options.summary}'`);
  }
  const config = loadConfig(options.config, [
    ...options.set,
    ...networkSettings(options.internalNetworks),
    ...(options.processes === true ? ['procs.enabled=true'] : []),
    ...(options.geoip.length > 0 ? [`geoip.databases=${JSON.stringify(options.geoip)}`] : []),
  ]);
  const say = (text: string): void => {
    if (options.quiet !== true) process.stderr.write(`netscribe: ${text}\n`);
  };
  config.notes.forEach(say);
  for (const name of switchedOff(options.records ?? '', config.plan.protocols ?? {}))
    say(`--records ${name}: there will be none, for its protocol is switched off (enabled: false)`);
  const targets = [...options.to, ...(options.json === true ? ['ndjson:-'] : [])];
  if (targets.length === 0 && options.write === undefined) targets.push(`store:${DEFAULT_STORE}`);
  const sinks = await openSinks(targets, options, files);
  const stores = new LiveStores(sinks);
  const takesPackets = sinks.some((sink) => sink.encoding === 'packets');
  const takesRecords = sinks.some((sink) => sink.encoding !== 'packets');
  if (!takesRecords && options.records !== undefined) {
    throw new UsageError('--records has nowhere to go: packets alone are written; add --to or --json');
  }
  // A number of packets is counted, and packets are written, in one place.
  const isAlone = isLive && (takesPackets || options.count !== undefined);
  const workers = isAlone ? 1 : (wholeNumber(options.workers, '--workers', 1, 64) ?? config.workers);
  const plan = makePlan({
    ...config.plan,
    ...(isLive ? {} : { processes: undefined }),
    ...(takesRecords ? {} : { records: [] }),
    ...(options.records === undefined ? {} : { records: recordNames(options.records) }),
    flow: {
      ...config.plan.flow,
      ...(options.interval === undefined ? {} : { intervalSeconds: config.duration(options.interval, '--interval') }),
    },
    forced: options.decodeAs.map(config.decodeAs),
    workers,
    maxPackets: wholeNumber(options.count, '-c', 1, Number.MAX_SAFE_INTEGER) ?? 0,
    snapLength: snapLength(options),
    inputs: isLive ? options.interface.map((name) => `live:${name}`) : files,
    identityExtras: filter,
    wantsTalkers: options.quiet !== true && options.summary !== 'json',
  });
  try {
    shownTypes(plan);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const progress = options.quiet !== true && process.stderr.isTTY ? new ProgressLine(process.stderr) : undefined;
  let signal: NodeJS.Signals | undefined;
  const stopOn = (name: NodeJS.Signals) => {
    signal = name;
  };
  process.once('SIGINT', stopOn);
  process.once('SIGTERM', stopOn);
  let asked = false;
  const ask = () => {
    asked = true;
  };
  process.on('SIGUSR2', ask);
  const hooks: RunHooks = {
    started: () => {
      stores.begin(plan.flow.intervalSeconds);
      if (!isLive || options.quiet === true) return;
      process.stderr.write(`netscribe: listening on ${options.interface.join(', ')}; Ctrl-C ends\n`);
    },
    progress: (p) => progress?.update(p),
    stop: () => signal !== undefined,
    ending: () => stores.ending(),
    report: () => {
      if (!asked) return undefined;
      asked = false;
      return ({ packets, frameBytes }) =>
        process.stderr.write(`netscribe: ${grouped(packets)} packets, ${siBytes(frameBytes)} so far\n`);
    },
  };
  let notes: readonly string[] = [];
  let result: RunResult;
  const watch =
    plan.processes === undefined
      ? undefined
      : await watchProcesses(plan.processes, (text) => process.stderr.write(`netscribe: ${text}\n`));
  for (const limit of watch?.limits ?? []) say(`processes: ${limit}`);
  if (isLive) {
    await returnLargeBlocks();
    const derived = filter === '' && options.filter === undefined && !takesPackets ? portFilter(plan) : '';
    const live = liveOptions(options, filter || derived, takesPackets || needsWholePackets(plan));
    if (derived !== '') live.tell?.(`only packets that these records need: ${derived} (-f '' takes all)`);
    const byKernel = isCountedByKernel(options, filter, plan, takesPackets);
    try {
      if (byKernel)
        result = await runCounts(
          new TcxSource({
            selection: selectInterfaces(live.interfaces),
            tell: live.tell!,
            entries: { v4: config.kernelEntries, v6: Math.ceil(config.kernelEntries / 2) },
          }),
          sinks,
          plan,
          hooks,
        );
      else
        result = takesPackets
          ? await run(await openLive(live), sinks, plan, hooks)
          : await runLive(live, sinks, plan, hooks);
    } catch (error) {
      // Nothing was opened yet. tcpdump may have the privilege that we have not.
      if (!(error instanceof MissingError) || byKernel) throw error;
      const standIn = new TcpdumpSource(live, error.message);
      result = await run(
        standIn,
        sinks,
        { ...plan, workers: 1 },
        {
          ...hooks,
          started: () => {
            if (options.quiet !== true) {
              process.stderr.write(
                `netscribe: ${error.message}\nnetscribe: until then tcpdump captures, at a higher cost for each packet\n`,
              );
            }
            hooks.started?.();
          },
        },
      );
    }
  } else {
    const source = openInputs(files, {
      filter,
      digest: sinks.some((sink) => sink.encoding === 'columns'),
      ...(workers > 1 ? { buffers: 4, allocate: (bytes: number) => new SharedArrayBuffer(bytes) } : {}),
    });
    result = await run(source, sinks, plan, hooks);
    notes = options.quiet === true ? [] : [...source.notes, ...otherImports(sinks, plan.inputs)];
  }
  await watch?.close();
  process.removeListener('SIGINT', stopOn);
  process.removeListener('SIGTERM', stopOn);
  process.removeListener('SIGUSR2', ask);
  progress?.clear();
  if (options.quiet !== true) {
    for (const note of notes) process.stderr.write(`netscribe: ${shownText(note)}\n`);
    if (options.summary !== 'json')
      process.stderr.write(`${summaryForPeople(result)}\n\n${whereItWent(targets, options.write)}\n`);
  }
  let code = EXIT_OK;
  for (const damage of result.stats.damaged) {
    if (options.cutOk === true && damage.cutAtEnd) continue;
    process.stderr.write(`netscribe: ${damageText(damage)}; everything before it was processed\n`);
    code = EXIT_DAMAGED;
  }
  // The last line, whatever else there was to say.
  if (options.summary === 'json') process.stderr.write(`${summaryForScripts(result)}\n`);
  stores.end();
  if (signal === 'SIGTERM') return 128 + 15;
  // Ctrl-C is how a live capture ends.
  return signal === 'SIGINT' && !isLive ? 128 + 2 : code;
}

/** Options that would choose or change what is recorded, and have no effect on files. */
function refuseLiveOptions({ direction, flowSource, processes }: CaptureOptions): void {
  const given = [
    ...(direction === undefined ? [] : [`-Q ${direction}`]),
    ...(flowSource === undefined ? [] : [`--flow-source ${flowSource}`]),
    ...(processes === true ? ['--processes'] : []),
  ];
  if (given.length > 0)
    throw new UsageError(`${given.join(', ')}: for live captures (-i) only; files have all packets and no sockets`);
}

function liveOptions(options: CaptureOptions, filter: string, needsPayload: boolean): LiveOptions {
  const { direction = 'inout' } = options;
  if (direction !== 'in' && direction !== 'out' && direction !== 'inout') {
    throw new UsageError(`-Q is in, out or inout, not '${direction}'`);
  }
  return {
    interfaces: options.interface,
    filter,
    ringBytes:
      (wholeNumber(options.bufferSize, '-B', 512, MAX_RING_BYTES / 1024) ?? LIVE_DEFAULTS.ringBytes / 1024) * 1024,
    direction,
    promiscuous: options.promiscuousMode,
    tell: (words) => {
      if (options.quiet !== true) process.stderr.write(`netscribe: ${words}\n`);
    },
    snapLength: snapLength(options) || (needsPayload ? LIVE_DEFAULTS.snapLength : HEADERS_SNAP),
  };
}

function isCountedByKernel(options: CaptureOptions, filter: string, plan: RunPlan, takesPackets: boolean): boolean {
  const { flowSource = 'auto' } = options;
  if (flowSource !== 'auto' && flowSource !== 'ring' && flowSource !== 'tcx') {
    throw new UsageError(`--flow-source is auto, ring or tcx, not '${flowSource}'`);
  }
  if (flowSource !== 'tcx') return false;
  const conflict = takesPackets
    ? 'packets can not be written'
    : !isHeadersOnly(plan)
      ? 'there are flows only: add --records flow,loss'
      : filter !== ''
        ? 'there is no filter'
        : plan.maxPackets > 0
          ? 'there is no -c'
          : undefined;
  if (conflict !== undefined) throw new UsageError(`with --flow-source tcx ${conflict}`);
  return true;
}

/** The sinks of `--to` and `-w`; two of them can not share standard output. */
async function openSinks(
  targets: readonly string[],
  options: CaptureOptions,
  inputs: readonly string[],
): Promise<Sink[]> {
  const tell = (text: string) => process.stderr.write(`netscribe: ${text}\n`);
  const toStdout = [...targets.filter((target) => /^\w+:-$/.test(target)), ...(options.write === '-' ? ['-w -'] : [])];
  if (toStdout.length > 1) throw new UsageError(`standard output can take one of ${toStdout.join(' and ')}`);
  const writes = options.write !== undefined || targets.some((target) => /^pcap(ng)?:/.test(target));
  const packets = packetFileOptions(options, inputs, writes);
  const sinks = await Promise.all(
    targets.map((target) => openSink(target, { nearest, packets, isEndless: options.interface.length > 0, tell })),
  );
  if (options.write !== undefined)
    sinks.push(new PacketFile(options.write, { ...packets, format: formatOf(options.write) }));
  return sinks;
}

/** Trailing words that name files are files, the others a filter, as tcpdump takes it. */
function splitWords(options: CaptureOptions, words: readonly string[]): { files: string[]; filter: string } {
  const files = [...options.read];
  const rest: string[] = [];
  for (const word of words) {
    if (rest.length === 0 && (word === '-' || isPath(word))) files.push(word);
    else rest.push(word);
  }
  if (rest.length > 0 && options.filter !== undefined) {
    throw new UsageError(`two filters: -f '${options.filter}' and '${rest.join(' ')}'; join them with 'and'`);
  }
  if (files.length === 0 && rest.length > 0 && /[./]/.test(rest[0]))
    throw new UsageError(`${rest[0]}: there is no such file or folder`);
  return { files, filter: options.filter ?? rest.join(' ') };
}

function isPath(word: string): boolean {
  return existsSync(word) && (statSync(word).isFile() || statSync(word).isDirectory() || statSync(word).isFIFO());
}

function whereItWent(targets: readonly string[], file: string | undefined): string {
  const packets = file === undefined ? [] : [`Packets went to ${file === '-' ? 'standard output' : file}.`];
  return [...packets, ...(targets.length === 0 ? [] : [whereRecordsWent(targets)])].join('\n');
}

function whereRecordsWent(targets: readonly string[]): string {
  const store = targets.find((target) => target.startsWith('store'));
  if (store === undefined) return `Records went to ${targets.join(', ')}.`;
  const place = store.slice('store:'.length) || DEFAULT_STORE;
  const option = place === DEFAULT_STORE ? '' : ` --store ${place}`;
  const program = process.env.npm_execpath === undefined ? 'netscribe' : 'npx netscribe';
  return [
    `Records are in ${place}. Ask them:`,
    `  ${program} query talk_conv${option}`,
    `  ${program} query${option} 'dns and not dns.response_code: NOERROR'`,
    `  ${program} sql${option} "select status, count(*) from http group by all"`,
  ].join('\n');
}

/** `--internal-networks` as settings of the configuration, which knows what networks are. */
function networkSettings(list: string | undefined): string[] {
  if (list === undefined) return [];
  const networks = list.split(',').map((word) => word.trim());
  return [`internal_networks=${JSON.stringify(networks)}`];
}
