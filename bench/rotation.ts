// npm run bench:rotation [-- --flows 1000000 --rate 50000 --folder DIR]: what an interval costs whose report has many flows, with packets
// going on. A live source without a kernel hands over so many flows, then packets by a clock of its own, some of them behind the
// interval's end. Prints how long the engine was away from its source (what a ring has to bear), how many packets came meanwhile and what
// part of a ring of 64 MiB they fill, the longest time without a turn of the event loop, CPU seconds; without a sink and into a store.

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

/** All flows once, then the same packet at the rate, the clock in it running, until the report is behind. */
class SteadySource implements PacketSource {
  readonly interfaces = [{ name: 'bench0', linkType: 1, snapLength: 0, file: '' }];
  readonly secrets = [];
  readonly names = [];
  /** Longest time between two calls of `next`, in ms. */
  longestMs = 0;
  /** CPU time of this thread in it, and of all threads. */
  threadMs = 0;
  cpuMs = 0;
  readonly #batch: PacketBatch;
  readonly #begin = Math.floor(Date.now() / 1000 / INTERVAL) * INTERVAL;
  #packets = 0;
  #asked = 0;
  #after = 0;
  #cpu = 0;
  #thread = 0;

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
  next(): PacketBatch | 'end' {
    const away = performance.now() - this.#asked;
    const isFilled = this.#packets >= flows;
    if (this.#after > 0 && away > this.longestMs) {
      this.longestMs = away;
      this.cpuMs = sum(process.cpuUsage()) - this.#cpu;
      this.threadMs = sum(process.threadCpuUsage()) - this.#thread;
    }
    if (this.#after > 40) return 'end';
    const { bytes, numbers, seconds } = this.#batch;
    for (let i = 0; i < BATCH; i++) {
      const flow = (this.#packets + i) % flows;
      bytes[i * FRAME + 28] = flow >> 16;
      bytes[i * FRAME + 34] = (flow >> 8) & 255;
      bytes[i * FRAME + 35] = flow & 255;
      numbers[i] = this.#packets + i + 1;
      seconds[i] = this.#begin + (isFilled && this.#after > 0 ? INTERVAL : 1);
    }
    if (isFilled) this.#after++;
    this.#packets += BATCH;
    this.#batch.count = BATCH;
    this.#batch.firstPacket = numbers[0];
    this.#cpu = sum(process.cpuUsage());
    this.#thread = sum(process.threadCpuUsage());
    this.#asked = performance.now();
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
    'away, ms',
    'its CPU, ms',
    'all CPU, ms',
    'packets meanwhile',
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
    let noTurnMs = 0;
    delay.enable();
    const plan = makePlan({
      records: ['flow'],
      flow: { ...FLOW_DEFAULTS, intervalSeconds: INTERVAL, maxFlows: 2 * flows },
    });
    // What follows is the end of the run, not the interval.
    await run(source, [sink], plan, {
      ending: () => {
        noTurnMs = delay.max / 1e6;
      },
      isLate: () => true,
    });
    const meanwhile = (source.longestMs / 1000) * rate;
    table.push(
      [
        name,
        flows,
        Math.round(source.longestMs),
        Math.round(source.threadMs),
        Math.round(source.cpuMs),
        Math.round(meanwhile),
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
