// npm run bench:rotation [-- --flows 1000000 --rate 50000 --intervals 3 --folder DIR]: what an interval costs whose report has many flows, with
// packets going on. A live source without a kernel hands over so many flows, then packets at a rate, from the interval's end on until all flows
// have reported; again and again, for a daemon's first report meets code that is not compiled yet. Prints how long each took, the longest
// time that the engine was away from its source meanwhile (what a ring has to bear) and what part of a ring of 64 MiB came in it, the longest
// time without a turn of the event loop, CPU seconds; without a sink and into a store, each in a process of its own as a daemon is one.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { FLOW_DEFAULTS, makePlan } from '../src/engine/plan.ts';
import { run } from '../src/engine/run.ts';
import { LiveStoreSink } from '../src/sinks/live-store.ts';
import { NoSink } from '../src/sinks/none.ts';
import type { Sink } from '../src/sinks/sink.ts';
import {
  newPacketBatch,
  type PacketBatch,
  type PacketSource,
  type SourceStats,
  sourceStats,
} from '../src/sources/source.ts';
import { udpFrame } from '../test/kit/packets.ts';

const { values } = parseArgs({
  options: {
    flows: { type: 'string', default: '1000000' },
    rate: { type: 'string', default: '50000' },
    intervals: { type: 'string', default: '3' },
    folder: { type: 'string', default: tmpdir() },
    /** One sink: what each process is told. */
    sink: { type: 'string' },
  },
});
const [flows, rate, intervals] = [values.flows, values.rate, values.intervals].map(Number);

/** In s: packets are ahead of the clock by all intervals, which must not look like a clock that was set (`engine/clock.ts`). */
const INTERVAL = 15;
const BATCH = 1250;
const FRAME = 82;
/** What a packet takes of a ring: the kernel's headers in front of it. */
const RING_PACKET = 208;
const RING = 64 * 1024 * 1024;

interface Report {
  /** From the interval's end to the last of its documents: in ms, as CPU time of this thread in ms, of all threads. */
  ms: number;
  threadMs: number;
  cpuMs: number;
  /** Longest time between two calls of `next` in it, in ms. */
  awayMs: number;
  noTurnMs: number;
}

/** All flows once, then the same packets at the rate, behind the interval's end, until the report is made; so many times. */
class SteadySource implements PacketSource {
  readonly interfaces = [{ name: 'bench0', linkType: 1, snapLength: 0, file: '' }];
  readonly secrets = [];
  readonly names = [];
  readonly reports: Report[] = [];
  /** Asked when packets go on: how many flows have reported? */
  reported = () => 0;
  readonly #delay = monitorEventLoopDelay({ resolution: 5 });
  readonly #batch: PacketBatch;
  readonly #begin = Math.floor(Date.now() / 1000 / INTERVAL) * INTERVAL;
  #packets = 0;
  /** Of this interval. */
  #left = flows;
  #asked = 0;
  #awayMs = 0;
  #ended: { at: number; cpu: number; thread: number; packets: number; reported: number } | undefined;

  constructor() {
    const frame = udpFrame(1024, 7777, { to: '10.1.0.2', payload: new Uint8Array(FRAME - 42) });
    const bytes = new Uint8Array(BATCH * frame.length);
    this.#batch = newPacketBatch(bytes, BATCH);
    for (let i = 0; i < BATCH; i++) {
      bytes.set(frame, i * frame.length);
      this.#batch.offset[i] = i * frame.length;
      this.#batch.capturedLength[i] = frame.length;
      this.#batch.wireLength[i] = frame.length;
      this.#batch.linkType[i] = 1;
    }
  }

  async open(): Promise<void> {
    this.#delay.enable();
  }
  next(): PacketBatch | 'end' | 'idle' {
    const now = performance.now();
    const ended = this.#ended;
    if (ended === undefined) {
      if (this.#left > 0) {
        this.#left -= BATCH;
        return this.#fill(1);
      }
      const [cpu, thread] = [sum(process.cpuUsage()), sum(process.threadCpuUsage())];
      this.#ended = { at: now, cpu, thread, packets: this.#packets, reported: this.reported() };
      this.#asked = now;
      this.#awayMs = 0;
      this.#delay.reset();
      return this.#fill(INTERVAL);
    }
    this.#awayMs = Math.max(this.#awayMs, now - this.#asked);
    this.#asked = now;
    if (this.reported() - ended.reported >= flows) {
      this.reports.push({
        ms: now - ended.at,
        threadMs: sum(process.threadCpuUsage()) - ended.thread,
        cpuMs: sum(process.cpuUsage()) - ended.cpu,
        awayMs: this.#awayMs,
        noTurnMs: this.#delay.max / 1e6,
      });
      if (this.reports.length === intervals) return 'end';
      this.#ended = undefined;
      this.#left = flows;
      return 'idle';
    }
    if (((now - ended.at) / 1000) * rate < this.#packets - ended.packets) return 'idle';
    return this.#fill(INTERVAL);
  }

  /** Packets `seconds` after the interval's begin. */
  #fill(seconds: number): PacketBatch {
    const { bytes, numbers } = this.#batch;
    const at = this.#begin + this.reports.length * INTERVAL + seconds;
    for (let i = 0; i < BATCH; i++) {
      const flow = (this.#packets + i) % flows;
      bytes[i * FRAME + 28] = flow >> 16;
      bytes[i * FRAME + 34] = (flow >> 8) & 255;
      bytes[i * FRAME + 35] = flow & 255;
      numbers[i] = this.#packets + i + 1;
      this.#batch.seconds[i] = at;
    }
    this.#packets += BATCH;
    this.#batch.count = BATCH;
    this.#batch.firstPacket = numbers[0];
    return this.#batch;
  }
  release(): void {}
  stop(): void {}
  stats(): SourceStats {
    return sourceStats({ packets: this.#packets });
  }
  async close(): Promise<void> {
    this.#delay.disable();
  }
}

function sum({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000;
}

async function measure(name: string, folder: string): Promise<void> {
  const store = name === 'store' ? new LiveStoreSink(join(folder, 'store')) : undefined;
  const sink: Sink = store ?? new NoSink();
  const source = new SteadySource();
  const plan = makePlan({
    records: ['flow'],
    // No flow ends meanwhile.
    flow: { ...FLOW_DEFAULTS, intervalSeconds: INTERVAL, timeoutSeconds: 100 * INTERVAL, maxFlows: 2 * flows },
  });
  // What follows is the end of the run, not the interval.
  await run(source, [sink], plan, {
    view: (view) => {
      source.reported = () => view.figures().records.flow;
    },
    isLate: () => true,
  });
  const table = new Table({
    head: [
      'sink',
      'flows',
      'report, ms',
      'its CPU, ms',
      'all CPU, ms',
      'away, ms',
      'of 64 MiB',
      'no turn, ms',
      'lost rows',
    ],
    style: { head: [], border: [] },
  });
  for (const { ms, threadMs, cpuMs, awayMs, noTurnMs } of source.reports) {
    const meanwhile = (awayMs / 1000) * rate;
    table.push(
      [
        name,
        flows,
        Math.round(ms),
        Math.round(threadMs),
        Math.round(cpuMs),
        Math.round(awayMs),
        `${Math.round((meanwhile * RING_PACKET * 100) / RING)} %`,
        Math.round(noTurnMs),
        store?.lostRows ?? 0,
      ].map(String),
    );
  }
  process.stdout.write(`${table}\n`);
}

if (values.sink === undefined) {
  for (const name of ['null', 'store'])
    spawnSync(process.execPath, [...process.argv.slice(1), '--sink', name], { stdio: 'inherit' });
} else {
  const folder = mkdtempSync(join(values.folder, 'netscribe-bench-rotation-'));
  try {
    await measure(values.sink, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
