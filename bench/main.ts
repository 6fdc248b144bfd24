// npm run bench [-- NAME…] [--quick] [--json FILE] [--clean]: what a packet and a transaction cost, beside tcpdump and tshark on the
// same files in the same run. Each tool runs on N and on 4N packets: the slope between them is the cost per unit of work, free of
// start-up; the minimum of several runs is free of most of what else the machine does.

import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type CapturePath, captureOf, clean, dropStore, STORE_FOLDER } from './cache.ts';
import { type Cost, cheapest, has, measure } from './measure.ts';
import { packagedLauncher } from './package.ts';
import { type Row, report } from './report.ts';
import { WORKLOADS, type Workload } from './workloads.ts';

/** So few packets that a run is nothing but start-up. */
const START_UP_PACKETS = 100;
/**
 * tshark takes about 0.1 ms for a packet that it tells in full: two small files are enough. Counting takes it 5 µs, which is noise in so
 * few.
 */
const TSHARK_PACKETS: readonly [number, number] = [4_000, 16_000];
const TSHARK_COUNTED: readonly [number, number] = [100_000, 400_000];
const RUNS = 3;
const QUICK_DIVISOR = 8;

interface Summary {
  packets: number;
  records: Record<string, number>;
}

function ours(workload: Workload, capture: CapturePath, runs: number): Cost & { summary: Summary } {
  const words = workload.words.map((word) => word.replace('STORE', STORE_FOLDER));
  const cost = cheapest(runs, () => {
    dropStore();
    return measure([process.execPath, launcher, 'capture', '-r', capture.path, ...words, '-q', '--summary', 'json']);
  });
  dropStore();
  const summary = JSON.parse(cost.words.trim().split('\n').at(-1) ?? '') as Summary;
  if (summary.packets !== capture.packets)
    throw new Error(`${capture.path} has ${capture.packets} packets, ${summary.packets} were read`);
  return { ...cost, summary };
}

/** Units of work done, as the workload counts them. */
function unitsOf(workload: Workload, summary: Summary): number {
  const [unit, per] = workload.unit.split('/');
  return per === 's' && unit !== 'packets' ? (summary.records[unit] ?? 0) : summary.packets;
}

function slopeNanos(small: Cost, big: Cost, units: number): number {
  return ((big.cpuSeconds - small.cpuSeconds) / units) * 1e9;
}

function run(workload: Workload, runs: number, divisor: number, peers: { tcpdump: boolean; tshark: boolean }): Row {
  const { capture } = workload;
  const tiny = captureOf(capture, START_UP_PACKETS);
  const small = captureOf(capture, capture.packets / 4 / divisor);
  const big = captureOf(capture, capture.packets / divisor);
  const startUp = ours(workload, tiny, runs);
  const a = ours(workload, small, runs);
  const b = ours(workload, big, runs);
  const units = unitsOf(workload, b.summary) - unitsOf(workload, a.summary);
  const nanosPerUnit = slopeNanos(a, b, units);
  const row: Row = {
    name: workload.name,
    unit: workload.unit,
    value: workload.unit === 'ns/packet' ? nanosPerUnit : 1e9 / nanosPerUnit,
    must: workload.must,
    want: workload.want,
    mustPeakMiB: workload.mustPeakMiB,
    nanosPerPacket: slopeNanos(a, b, big.packets - small.packets),
    // The whole run, flows being made and ended included, start-up apart.
    wholeNanosPerPacket: ((b.cpuSeconds - startUp.cpuSeconds) / big.packets) * 1e9,
    megabytesPerSecond: (big.bytes - small.bytes) / 1e6 / (b.cpuSeconds - a.cpuSeconds),
    peakMiB: b.peakMiB,
    startUpSeconds: startUp.cpuSeconds,
    records: b.summary.records,
    tcpdumpNanos: undefined,
    tsharkNanos: undefined,
  };
  if (peers.tcpdump) {
    const dump = (file: CapturePath) =>
      cheapest(runs, () => measure(['tcpdump', '-n', '-r', file.path, '-w', '/dev/null']));
    row.tcpdumpNanos = slopeNanos(dump(small), dump(big), big.packets - small.packets);
  }
  if (peers.tshark && workload.tshark !== undefined) {
    const words = workload.tshark;
    const [few, more] = words.includes('-q') ? TSHARK_COUNTED : TSHARK_PACKETS;
    const look = (packets: number) =>
      cheapest(runs, () => measure(['tshark', '-n', '-r', captureOf(capture, packets).path, ...words]));
    row.tsharkNanos = slopeNanos(look(few), look(more), more - few);
  }
  return row;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean' },
    clean: { type: 'boolean' },
    json: { type: 'string' },
    runs: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
const unknown = positionals.filter((name) => !WORKLOADS.some((workload) => workload.name.startsWith(name)));
if (values.help === true || unknown.length > 0) {
  const names = WORKLOADS.map((workload) => workload.name).join(' ');
  process.stderr.write(
    `${unknown.length > 0 ? `bench: there is no workload '${unknown[0]}'\n` : ''}npm run bench [-- NAME…] [--quick] [--runs N] [--json FILE] [--clean]\nworkloads (a beginning is enough): ${names}\n`,
  );
  process.exit(unknown.length > 0 ? 2 : 0);
}
if (values.clean === true) {
  clean();
  process.exit(0);
}
const peers = { tcpdump: has('tcpdump'), tshark: has('tshark') };
for (const [name, there] of Object.entries(peers))
  if (!there) process.stderr.write(`bench: ${name} is not installed: its column stays empty\n`);
const chosen = WORKLOADS.filter(
  (workload) => positionals.length === 0 || positionals.some((name) => workload.name.startsWith(name)),
);
process.stderr.write('bench: building …\n');
const launcher = packagedLauncher();
const runs = Number(values.runs ?? (values.quick === true ? 1 : RUNS));
const rows: Row[] = [];
for (const workload of chosen) {
  process.stderr.write(`bench: ${workload.name} …\n`);
  rows.push(run(workload, runs, values.quick === true ? QUICK_DIVISOR : 1, peers));
}
const about = {
  date: new Date().toISOString().slice(0, 10),
  node: process.version,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  runs,
  quick: values.quick === true,
};
process.stdout.write(report(about, rows));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ ...about, rows }, null, 2)}\n`);
