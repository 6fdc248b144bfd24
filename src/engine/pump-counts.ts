// The engine's loop over a source that counts flows itself: rows of counts into the flow table, at times that fall on the intervals,
// so that a flow's documents are cut exactly where they say.

import type { PacketOrigin, Sink } from '../sinks/sink.ts';
import type { CountStats, FlowCount, FlowCountSource } from '../sources/flow-count.ts';
import { Clock, LIVE_EPOCH_STEP_SECONDS } from './clock.ts';
import { type Delivery, deliveryTo } from './delivery.ts';
import { Dissector } from './dissect.ts';
import { InlineAnalyst } from './inline.ts';
import { Ledger, OUTCOMES } from './ledger.ts';
import type { RunPlan } from './plan.ts';
import { newResult, type RunResult } from './result.ts';
import { ROWS_OF_A_COUNT } from './row-writer.ts';
import { overSinks, type RunHooks } from './run.ts';
import { newSalts } from './salts.ts';
import { LIVE_SLICE_MS } from './slice.ts';

/** How often the kernel's maps are read at least; a divisor of every interval that is a multiple of it. */
const DRAIN_SECONDS = 5;
const LOOK_MS = 100;
const OUT_NO_IP = OUTCOMES.indexOf('no_ip');
const OUT_MALFORMED = OUTCOMES.indexOf('malformed');

export interface LiveCountSource extends FlowCountSource {
  follow(): Promise<void>;
  detach(isLate: () => boolean): Promise<void>;
}

export interface CountHooks extends RunHooks {
  /** Asked before each look at the clock: what the kernel has counted is wanted now. */
  hurry?: () => boolean;
  /** Called when what the kernel had counted is in the flow table. */
  taken?: (counts: readonly FlowCount[]) => void;
  /** Whether there is no more time to let go of interfaces before the last reading: the kernel takes tens of milliseconds for each. */
  isLateToDetach?: () => boolean;
  /** The interval in effect, where it can change while it goes on. */
  intervalSeconds?: () => number;
}

/** A run whose flows the kernel counts. */
export function runCounts(
  source: LiveCountSource & PacketOrigin,
  sinks: readonly Sink[],
  plan: RunPlan,
  hooks: RunHooks,
): Promise<RunResult> {
  return overSinks(source, sinks, plan, hooks, () => pumpCounts(source, deliveryTo(sinks), plan, hooks));
}

/** Counts until `hooks.stop` or `hooks.pause` says so. The source is open; after a pause it goes on counting. */
export async function pumpCounts(
  source: LiveCountSource,
  delivery: Delivery,
  plan: RunPlan,
  hooks: CountHooks,
): Promise<RunResult> {
  const ledger = new Ledger();
  const clock = new Clock(LIVE_EPOCH_STEP_SECONDS);
  const salts = newSalts();
  const dissector = new Dissector({ ...plan.dissect, headersOnly: true }, ledger, clock, salts);
  const analyst = new InlineAnalyst(plan, delivery, salts, LIVE_SLICE_MS);
  const result = newResult(ledger, source.stats());
  const every = () =>
    (hooks.intervalSeconds?.() ?? plan.flow.intervalSeconds) % DRAIN_SECONDS === 0 ? DRAIN_SECONDS : 1;
  let rows = 0;
  hooks.view?.(analyst.look(ledger));

  const take = async (until: number) => {
    const counts = source.drain();
    analyst.interfaces(source.interfaces.map(({ name }) => name));
    for (let i = 0; i < counts.length; ) {
      const stage = analyst.stage();
      // All of a reading is from before the cut.
      for (; i < counts.length && stage.count + ROWS_OF_A_COUNT < stage.capacity; i++) {
        dissector.stageCount(stage, counts[i], ++rows);
        note(result, counts[i]);
      }
      await analyst.analyse(stage, undefined);
    }
    for (let done = false; !done; ) {
      const stage = analyst.stage();
      done = dissector.passTime(stage, until, rows + 1);
      await analyst.analyse(stage, undefined);
    }
    await analyst.flush(true);
    hooks.taken?.(counts);
    hooks.progress?.({ packets: result.packets, frameBytes: result.frameBytes, bytesRead: 0, bytesTotal: 0 });
  };

  let next = nextCut(every());
  while (hooks.stop?.() !== true && hooks.pause?.() !== true) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_MS, Math.max(1, next * 1000 - Date.now()))));
    await source.follow();
    const now = Date.now();
    if (now < next * 1000) {
      if (hooks.hurry?.() === true) await take(Math.floor(now / 1000));
      // The interval may have become shorter.
      next = Math.min(next, nextCut(every()));
      continue;
    }
    await take(next);
    next = nextCut(every());
  }
  const isOver = hooks.stop?.() === true;
  result.stoppedBySignal = isOver;
  if (isOver) await source.detach(() => hooks.isLateToDetach?.() === true);
  await take(Math.floor(Date.now() / 1000));
  hooks.ending?.();
  await analyst.finish(rows, result, hooks.isLate);
  result.stats = source.stats();
  if (!isOver) return result;
  addUncounted(ledger, source.stats());
  const { noIp, broken } = source.stats();
  result.packets += noIp.packets + broken.packets;
  result.frameBytes += noIp.bytes + broken.bytes;
  return result;
}

/** What the kernel saw that belongs to no flow. */
export function addUncounted(ledger: Ledger, { noIp, broken, overflown }: CountStats): void {
  for (const [outcome, { packets, bytes }] of [
    [OUT_NO_IP, noIp],
    [OUT_MALFORMED, broken],
  ] as const) {
    ledger.packets[outcome] += packets;
    ledger.bytes[outcome] += bytes;
  }
  if (overflown > 0) ledger.count('flows.kernel_map_full', overflown);
}

/** The next multiple of `every` seconds. */
function nextCut(every: number): number {
  return (Math.floor(Date.now() / 1000 / every) + 1) * every;
}

function note(result: RunResult, count: ReturnType<FlowCountSource['drain']>[number]): void {
  result.packets += count.packets;
  result.frameBytes += count.bytes;
  if (result.firstSeconds < 0) {
    result.firstSeconds = count.firstSeconds;
    result.firstNanos = count.firstNanos;
  }
  if (
    count.lastSeconds > result.lastSeconds ||
    (count.lastSeconds === result.lastSeconds && count.lastNanos > result.lastNanos)
  ) {
    result.lastSeconds = count.lastSeconds;
    result.lastNanos = count.lastNanos;
  }
}
