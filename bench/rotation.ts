// npm run bench:rotation [-- --flows 1000000 --rate 50000 --folder DIR]: what an interval costs whose report has many flows, with packets
// going on. A live source without a kernel hands over so many flows, then packets at a rate, from the interval's end on until all flows
// have reported. Prints how long that took, the longest time that the engine was away from its source meanwhile (what a ring has to bear)
// and what part of a ring of 64 MiB came in it, the longest time without a turn of the event loop, CPU seconds; without a sink and into a
// store.

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
    folder: { type: 'string', default: tmpdir() },
  },
});
const [flows, rate] = [values.flows, values.rate].map(Number);

const INTERVAL = 60;
const BATCH = 1250;
const FRAME = 82;
/** What a packet takes of a ring: the kernel's headers in front of it. */
const RING_PACKET = 208;
const RING = 64 * 1024 * 1024;

/** All flows once, then the same packet at the rate, behind the interval's end, until the report is made. */
class SteadySource implements PacketSource {
  readonly interfaces = [{ name: 'bench0', linkType: 1, snapLength: 0, file: '' }];
  readonly secrets = [];
  readonly names = [];
  /** From the interval's end to the last of its documents: in ms, as CPU time of this thread in ms, of all threads. */
  report = { ms: 0, threadMs: 0, cpuMs: 0 };
  /** Longest time between two calls of `next` in it, in ms. */
  awayMs = 0;
  /** Asked when packets go on: have all flows reported? */
  isReported = () => false;
  /** Called when the interval is about to end. */
  ends = () => {};
  readonly #batch: PacketBatch;
  readonly #begin = Math.floor(Date.now() / 1000 / INTERVAL) * INTERVAL;
  #packets = 0;
  #asked = 0;
  #ended: { at: number; cpu: number; thread: number; packets: number } | undefined;

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

  async open(): Promise<void> {}
  next(): PacketBatch | 'end' | 'idle' {
    const now = performance.now();
    const ended = this.#ended;
    if (ended !== undefined) {
      if (this.#asked > 0) this.awayMs = Math.max(this.awayMs, now - this.#asked);
      this.#asked = now;
      if (this.isReported()) {
        const threadMs = sum(process.threadCpuUsage()) - ended.thread;
        this.report = { ms: now - ended.at, threadMs, cpuMs: sum(process.cpuUsage()) - ended.cpu };
        return 'end';
      }
      if (((now - ended.at) / 1000) * rate < this.#packets - ended.packets) return 'idle';
    } else if (this.#packets >= flows) {
      const [cpu, thread] = [sum(process.cpuUsage()), sum(process.threadCpuUsage())];
      this.#ended = { at: now, cpu, thread, packets: this.#packets };
      this.ends();
    }
    return this.#fill();
  }

  #fill(): PacketBatch {
    const { bytes, numbers, seconds } = this.#batch;
    for (let i = 0; i < BATCH; i++) {
      const flow = (this.#packets + i) % flows;
      bytes[i * FRAME + 28] = flow >> 16;
      bytes[i * FRAME + 34] = (flow >> 8) & 255;
      bytes[i * FRAME + 35] = flow & 255;
      numbers[i] = this.#packets + i + 1;
      seconds[i] = this.#begin + (this.#ended === undefined ? 1 : INTERVAL);
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
  async close(): Promise<void> {}
}

function sum({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000;
}

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
const folder = mkdtempSync(join(values.folder, 'netscribe-bench-rotation-'));
try {
  for (const name of ['null', 'store']) {
    const store = name === 'store' ? new LiveStoreSink(join(folder, 'store')) : undefined;
    const sink: Sink = store ?? new NoSink();
    const source = new SteadySource();
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    source.ends = () => delay.reset();
    let noTurnMs = 0;
    const plan = makePlan({
      records: ['flow'],
      flow: { ...FLOW_DEFAULTS, intervalSeconds: INTERVAL, maxFlows: 2 * flows },
    });
    // What follows is the end of the run, not the interval.
    await run(source, [sink], plan, {
      view: (view) => {
        source.isReported = () => view.figures().records.flow >= flows;
      },
      ending: () => {
        noTurnMs = delay.max / 1e6;
      },
      isLate: () => true,
    });
    const { awayMs, report } = source;
    const meanwhile = (awayMs / 1000) * rate;
    table.push(
      [
        name,
        flows,
        Math.round(report.ms),
        Math.round(report.threadMs),
        Math.round(report.cpuMs),
        Math.round(awayMs),
        `${Math.round((meanwhile * RING_PACKET * 100) / RING)} %`,
        Math.round(noTurnMs),
        store?.lostRows ?? 0,
      ].map(String),
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`${table}\n`);
