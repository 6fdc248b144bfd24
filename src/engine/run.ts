// One run over packets: source → dissection → analysis → sinks, in one thread or several, with the ledger and the facts for the
// summary. Nothing here knows what a protocol or a sink is beyond its contract.

import { createHash } from 'node:crypto';
import type { PacketOrigin, PacketSink, RunFacts, Sink } from '../sinks/sink.ts';
import type { PacketBatch, PacketSource } from '../sources/source.ts';
import type { Analyst } from './analyst.ts';
import { Bystander } from './bystander.ts';
import { Clock, EPOCH_STEP_SECONDS, LIVE_EPOCH_STEP_SECONDS } from './clock.ts';
import { type Delivery, deliveryTo } from './delivery.ts';
import { Dissector, packetsOf } from './dissect.ts';
import { InlineAnalyst } from './inline.ts';
import { Ledger, OUTCOMES } from './ledger.ts';
import { lossOf, lossRecord } from './loss-record.ts';
import { ColumnOutlet, RowOutlet } from './outlet.ts';
import { NEEDS_NO_CONTENT, type RunPlan, shownTypes } from './plan.ts';
import { newResult, type RunResult } from './result.ts';
import { newSalts } from './salts.ts';
import { LIVE_SLICE_MS } from './slice.ts';
import type { EngineView } from './view.ts';

const OUT_FILTERED = OUTCOMES.indexOf('filtered');
const OUT_UNDECODED = OUTCOMES.indexOf('undecoded');

/** Records of a live source wait at most so long. */
const FLUSH_MS = 1000;
/** How long a pipe may be quiet before what is ready goes out. */
const QUIET_MS = 100;
/** How often a live run tells its progress. */
const PROGRESS_MS = 100;
/** Packets reach us up to so much later than the time in them: the clock of an idle source must not overtake them. */
const LIVE_LAG_MS = 250;

export interface Progress {
  packets: number;
  frameBytes: number;
  bytesRead: number;
  bytesTotal: number;
}

export interface RunHooks {
  /** Called once, when source and sinks are open. */
  started?: () => void;
  /** Called once, when there is something to look at: only where one thread does all. */
  view?: (view: EngineView) => void;
  progress?: (progress: Progress) => void;
  /** Asked between batches: true ends the run as if the input had ended. */
  stop?: () => boolean;
  /** Asked between batches: true ends the run and leaves the source as it is, for a run that follows. */
  pause?: () => boolean;
  /** Called once, when the last packet was read and all flows are about to end. */
  ending?: () => void;
  /** Asked while all flows are ended: true gives up those that are left, and counts them as `flows.unwritten`. */
  isLate?: () => boolean;
  /**
   * Hears of a fault among the packets of a live source, and the run ends as if the source had: what flows and records there are is written.
   * Undefined: the run fails of it. What was being read is counted as `packets.faulted`.
   */
  faulted?: (error: Error) => void;
  /** Called once, between batches, with what was counted so far. */
  report?: () => ((result: RunResult) => void) | undefined;
}

/** Where packets come from, as far as the frame around a run is concerned. */
type Origin = PacketOrigin & Pick<PacketSource, 'open' | 'close'> & { digest?: () => string };

/** Runs to the end of the source. The sinks are opened, written and closed; on an error they are aborted and it is thrown on. */
export function run(
  source: PacketSource & { digest?: () => string },
  sinks: readonly Sink[],
  plan: RunPlan,
  hooks: RunHooks = {},
): Promise<RunResult> {
  const packetSinks = sinks.filter((sink): sink is PacketSink => sink.encoding === 'packets');
  return overSinks(source, sinks, plan, hooks, () => pump(source, deliveryTo(sinks), packetSinks, plan, hooks));
}

/** Opens origin and sinks, lets `body` run, tells of the losses, closes the sinks; on an error they are aborted and it is thrown on. */
export async function overSinks(
  origin: Origin,
  sinks: readonly Sink[],
  plan: RunPlan,
  hooks: RunHooks,
  body: () => Promise<RunResult>,
): Promise<RunResult> {
  const opened: Sink[] = [];
  try {
    await origin.open();
    const shown = shownTypes(plan);
    for (const sink of sinks) {
      await sink.open(sink.encoding === 'columns' ? shown.columns : shown.rows, origin);
      opened.push(sink);
    }
    hooks.started?.();
    const result = await body();
    await tellLoss(result, sinks, plan);
    const facts: RunFacts = {
      digest: createHash('sha256')
        .update(origin.digest?.() ?? '')
        .update('\0')
        .update(plan.identity)
        .digest('hex')
        .slice(0, 32),
      inputs: plan.inputs,
      packets: result.packets,
    };
    for (const sink of sinks) await sink.close(facts);
    return result;
  } catch (error) {
    for (const sink of opened) await sink.abort().catch(() => undefined);
    throw error;
  } finally {
    await origin.close();
  }
}

/** Takes all packets of an open source; records go to `delivery`, packets to `packetSinks`. */
export async function pump(
  source: PacketSource,
  delivery: Delivery,
  packetSinks: readonly PacketSink[],
  plan: RunPlan,
  hooks: RunHooks,
): Promise<RunResult> {
  const ledger = new Ledger();
  const clock = new Clock(source.stop === undefined ? EPOCH_STEP_SECONDS : LIVE_EPOCH_STEP_SECONDS);
  const salts = newSalts();
  const dissector = new Dissector({ ...plan.dissect, headersOnly: isHeadersOnly(plan) }, ledger, clock, salts);
  const analyst = await analystFor(plan, delivery, salts, source.stop !== undefined);
  const result = newResult(ledger, source.stats());
  let lastNumber = 0;
  let interfaces = 0;
  let flushed = performance.now();
  let flushedAll = flushed;
  let told = flushed;
  let isEnding = false;
  /** The batch whose packets are being dissected. */
  let atHand: PacketBatch | undefined;
  /** When others in the thread had their turn last. */
  let turned = flushed;
  if (analyst instanceof InlineAnalyst) hooks.view?.(analyst.look(ledger));
  try {
    while (plan.maxPackets === 0 || result.packets < plan.maxPackets) {
      if (hooks.stop?.() === true) {
        result.stoppedBySignal = true;
        if (source.stop === undefined) break;
        source.stop();
      }
      if (hooks.pause?.() === true) break;
      const next = source.next();
      const batch =
        next instanceof Promise
          ? source.stop === undefined
            ? await whenThere(next, analyst, result, hooks)
            : await next
          : next;
      if (next instanceof Promise) turned = performance.now();
      if (batch === 'end') break;
      if (source.stop !== undefined && (batch === 'idle' || performance.now() - flushed > FLUSH_MS)) {
        const all = performance.now() - flushedAll > FLUSH_MS;
        await passTime(analyst, dissector, batch === 'idle' ? lastNumber + 1 : -1, all);
        flushed = performance.now();
        if (all) flushedAll = flushed;
      }
      if (batch === 'idle') {
        await analyst.catchUp();
        await analyst.idle();
        continue;
      }
      if (source.interfaces.length > interfaces) {
        interfaces = source.interfaces.length;
        analyst.interfaces(source.interfaces.map(({ name }) => name));
      }
      if (plan.maxPackets > 0) batch.count = Math.min(batch.count, plan.maxPackets - result.packets);
      if (plan.snapLength > 0) cut(batch, plan.snapLength);
      const offered = batch.count;
      if (packetSinks.length > 0 && offered > 0) await writePackets(packetSinks, batch);
      const isOver = batch.count < offered;
      if (batch.count > 0) {
        noteTimes(result, batch);
        lastNumber = batch.numbers[batch.count - 1];
        atHand = batch;
        if (plan.types.length === 0) undecoded(ledger, batch);
        else
          for (let from = 0; from < batch.count; ) {
            const stage = analyst.stage();
            const ready = stage instanceof Promise ? await stage : stage;
            from = dissector.run(batch, from, ready);
            const taken = analyst.analyse(ready, batch);
            if (taken !== undefined) await taken;
            // The first packets of a capture take ten times as long as others: their code is not compiled yet.
            if (source.stop !== undefined && from < batch.count && performance.now() - turned > LIVE_SLICE_MS) {
              await new Promise((resolve) => setImmediate(resolve));
              turned = performance.now();
            }
          }
        atHand = undefined;
        // Every packet that was read has its place in the ledger.
        result.packets = ledger.packetsRead;
        result.frameBytes = ledger.bytesRead;
      }
      analyst.release(batch, source);
      const late = analyst.catchUp();
      if (late !== undefined) await late;
      hooks.report?.()?.(result);
      // Asking a live source costs a system call that waits for the kernel's side of the ring: 100 ns a packet and more, each batch.
      if (hooks.progress !== undefined && (source.stop === undefined || performance.now() - told > PROGRESS_MS)) {
        told = performance.now();
        hooks.progress({ packets: result.packets, frameBytes: result.frameBytes, ...readOf(source) });
      }
      if (isOver) break;
    }
    hooks.ending?.();
    for (let done = false; !done; ) {
      const stage = await analyst.stage();
      done = dissector.finish(stage, lastNumber);
      await analyst.analyse(stage, undefined);
    }
    isEnding = true;
    await analyst.finish(lastNumber, result, hooks.isLate);
  } catch (error) {
    if (hooks.faulted === undefined || isEnding) throw error;
    hooks.faulted(error as Error);
    // Faults are about the packet at hand, or its flow: the others are as they were.
    await analyst.finish(lastNumber, result, hooks.isLate);
    const read = result.packets + (atHand === undefined ? 0 : allPackets(atHand));
    ledger.count('packets.faulted', Math.max(0, read - ledger.packetsRead));
    result.packets = ledger.packetsRead;
    result.frameBytes = ledger.bytesRead;
  } finally {
    await analyst.close();
  }
  result.stats = source.stats();
  ledger.packets[OUT_FILTERED] += result.stats.filtered;
  ledger.bytes[OUT_FILTERED] += result.stats.filteredBytes;
  result.packets += result.stats.filtered;
  if (clock.backwards > 0) ledger.count('clock.backwards', clock.backwards);
  if (result.stats.timesOutside > 0) ledger.count('clock.out_of_range', result.stats.timesOutside);
  return result;
}

async function analystFor(
  plan: RunPlan,
  delivery: Delivery,
  salts: readonly [number, number],
  isLive: boolean,
): Promise<Analyst> {
  if (plan.types.length === 0) return new Bystander();
  if (plan.workers > 1) return (await import('./pool.ts')).startPool(plan, delivery, salts);
  return new InlineAnalyst(plan, delivery, salts, isLive ? LIVE_SLICE_MS : 0, isLive);
}

/**
 * What a source gives that has nothing at hand. While it is quiet, as a pipe may be for long, the records that are ready go out and
 * signals are heard; 'end' when one of them ends the run.
 */
async function whenThere(
  next: Promise<PacketBatch | 'idle' | 'end'>,
  analyst: Analyst,
  result: RunResult,
  hooks: RunHooks,
): Promise<PacketBatch | 'idle' | 'end'> {
  for (let waits = 0; ; waits++) {
    const quiet = Promise.withResolvers<'quiet'>();
    const timer = setTimeout(quiet.resolve, QUIET_MS, 'quiet');
    const got = await Promise.race([next, quiet.promise]);
    clearTimeout(timer);
    if (got !== 'quiet') return got;
    if (hooks.stop?.() === true) {
      result.stoppedBySignal = true;
      // Nobody will take what comes yet.
      next.catch(() => undefined);
      return 'end';
    }
    if (waits === 0) await analyst.flush(false);
    hooks.report?.()?.(result);
  }
}

/** Gives the batch to the sinks that take packets; what one of them does not want any more leaves the batch. */
async function writePackets(sinks: readonly PacketSink[], batch: PacketBatch): Promise<void> {
  for (const sink of sinks) {
    const taken = sink.write(batch);
    batch.count = Math.min(batch.count, taken instanceof Promise ? await taken : taken);
  }
}

function cut(batch: PacketBatch, snapLength: number): void {
  const { capturedLength, count } = batch;
  for (let i = 0; i < count; i++) if (capturedLength[i] > snapLength) capturedLength[i] = snapLength;
}

/** Without records nothing looks into packets. */
function undecoded(ledger: Ledger, batch: PacketBatch): void {
  for (let i = 0; i < batch.count; i++) ledger.outcome(OUT_UNDECODED, packetsOf(batch, i), batch.wireLength[i]);
}

/**
 * A live source has paused, or records have waited for long enough: time goes on without packets (`number` -1: it does not need to),
 * what is ready goes out, and signals are heard.
 */
async function passTime(analyst: Analyst, dissector: Dissector, number: number, all: boolean): Promise<void> {
  const seconds = Math.floor((Date.now() - LIVE_LAG_MS) / 1000);
  for (let done = number < 0; !done; ) {
    const stage = await analyst.stage();
    done = dissector.passTime(stage, seconds, number);
    await analyst.analyse(stage, undefined);
  }
  await analyst.flush(all);
  await new Promise((resolve) => setImmediate(resolve));
}

/** The last record of a run says what is not in the others. */
export async function tellLoss(result: RunResult, sinks: readonly Sink[], plan: RunPlan): Promise<void> {
  const type = plan.types.indexOf(lossRecord);
  if (type < 0) return;
  const record = lossOf(result.ledger, result.lastSeconds, result.lastNanos, result.stats.kernelDropped);
  result.records.loss = 1;
  const delivery = deliveryTo(sinks);
  const shown = shownTypes(plan);
  if (delivery.wanted.rows.length > 0) {
    const outlet = new RowOutlet(shown.rows, delivery.wanted.rows);
    outlet.put(type, record, NO_FLOW, Number.POSITIVE_INFINITY, 0);
    await delivery.rows(outlet.take()!);
  }
  if (delivery.wanted.columns) {
    const outlet = new ColumnOutlet(shown.columns);
    outlet.put(type, record, NO_FLOW);
    for (const batch of outlet.take(true)) await delivery.columns(batch);
  }
}

/** Flows alone need headers alone. */
export function isHeadersOnly(plan: RunPlan): boolean {
  return plan.records.every((name) => NEEDS_NO_CONTENT.has(name));
}

/** Whether anything would be missing of packets that end behind their headers. */
export function needsWholePackets(plan: RunPlan): boolean {
  return !isHeadersOnly(plan) || plan.dissect.checksums !== 'ignore';
}

/** Records about a run belong to no flow. */
const NO_FLOW = {};

function noteTimes(result: RunResult, batch: PacketBatch): void {
  const last = batch.count - 1;
  if (result.firstSeconds < 0) {
    result.firstSeconds = batch.seconds[0];
    result.firstNanos = batch.nanos[0];
  }
  result.lastSeconds = batch.seconds[last];
  result.lastNanos = batch.nanos[last];
}

function allPackets(batch: PacketBatch): number {
  let packets = 0;
  for (let i = 0; i < batch.count; i++) packets += packetsOf(batch, i);
  return packets;
}

function readOf(source: PacketSource): { bytesRead: number; bytesTotal: number } {
  const { bytesRead, bytesTotal } = source.stats();
  return { bytesRead, bytesTotal };
}
