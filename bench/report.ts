// The table that the bench prints.

import Table from 'cli-table3';
import type { Unit } from './workloads.ts';

export interface Row {
  name: string;
  unit: Unit;
  /** In `unit`. */
  value: number;
  must: number | undefined;
  want: number | undefined;
  mustPeakMiB: number | undefined;
  nanosPerPacket: number;
  wholeNanosPerPacket: number;
  megabytesPerSecond: number;
  peakMiB: number;
  startUpSeconds: number;
  records: Record<string, number>;
  tcpdumpNanos: number | undefined;
  tsharkNanos: number | undefined;
}

export interface About {
  date: string;
  node: string;
  cpu: string;
  cores: number;
  runs: number;
  quick: boolean;
}

const HEAD = [
  'workload',
  'slope',
  'must',
  'want',
  '',
  'ns/packet',
  'whole run',
  'MB/s',
  'peak MiB',
  'start-up s',
  'tcpdump ns',
  'tshark ns',
];
const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' ',
};

/** Reached the must, the want, neither: in speed and, where it is asked for, in memory. */
export function verdict(row: Row): string {
  const reaches = (goal: number) => (row.unit === 'ns/packet' ? row.value <= goal : row.value >= goal);
  const speed =
    row.must === undefined
      ? ''
      : row.want !== undefined && reaches(row.want)
        ? 'WANT'
        : reaches(row.must)
          ? 'PASS'
          : 'miss';
  if (row.mustPeakMiB === undefined) return speed;
  return `${speed}, ${row.peakMiB <= row.mustPeakMiB ? 'memory PASS' : `memory miss (${row.mustPeakMiB} MiB)`}`;
}

const rounded = (value: number | undefined, digits = 0): string => (value === undefined ? '–' : value.toFixed(digits));
const thousands = (value: number): string => (value >= 10_000 ? `${Math.round(value / 1000)} k` : rounded(value));

export function report(about: About, rows: readonly Row[]): string {
  const table = new Table({
    head: HEAD,
    chars: NO_BORDERS,
    style: { head: [], border: [], compact: true },
    colAligns: ['left', ...HEAD.slice(1).map(() => 'right' as const)],
  });
  for (const row of rows) {
    const goal = (value: number | undefined) => (value === undefined ? '–' : thousands(value));
    table.push([
      row.name,
      `${thousands(row.value)} ${row.unit}`,
      goal(row.must),
      goal(row.want),
      verdict(row),
      rounded(row.nanosPerPacket),
      rounded(row.wholeNanosPerPacket),
      rounded(row.megabytesPerSecond),
      rounded(row.peakMiB),
      rounded(row.startUpSeconds, 2),
      rounded(row.tcpdumpNanos),
      rounded(row.tsharkNanos),
    ]);
  }
  const quick = about.quick ? ', --quick: an eighth of the packets, figures are rough' : '';
  return `${about.date}, Node ${about.node}, ${about.cores} × ${about.cpu}, best of ${about.runs}${quick}
CPU time, user and system, all threads; slope between N and 4N packets; peers: tcpdump -w /dev/null, tshark (per packet, small files)

${table.toString()}
`;
}
