// The capture thread: interfaces, engine, sinks. It alone has the rings; the main thread asks and tells it by messages.

import { once } from 'node:events';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { linksOfMachine } from '../capture/link-table.ts';
import { liveSources } from '../capture/live-source.ts';
import { Schedule } from '../capture/schedule.ts';
import { tcpdumpSources, whyTcpdump } from '../capture/tcpdump-sources.ts';
import { makePlan } from '../engine/plan.ts';
import { isHeadersOnly } from '../engine/run.ts';
import { type ProcessWatch, watchProcesses } from '../processors/process-watch.ts';
import type { ColumnBatch } from '../records/columns.ts';
import { GuardedSink } from '../sinks/guarded.ts';
import { LiveStoreSink } from '../sinks/live-store.ts';
import type { Sink } from '../sinks/sink.ts';
import { MANIFEST_BESIDE } from '../store/layout.ts';
import { returnLargeBlocks } from '../system/malloc.ts';
import { keepCapabilitiesAcrossUsers, limitCapabilities } from '../system/privileges.ts';
import { tcpStateRecord } from '../tcp-state/record.ts';
import { replyTo } from './asking.ts';
import { CaptureTeam } from './capture-team.ts';
import { CountUnit, countsOnly } from './count-unit.ts';
import { countedByKernel } from './flow-source.ts';
import { LiveRun } from './live-run.ts';
import { lossesOf, lostCounts } from './losses.ts';
import type {
  CaptureThreadData,
  ChosenFlowSource,
  FromThread,
  Request,
  SinkStatus,
  ThreadStatus,
  ToThread,
} from './messages.ts';
import { PacketUnit } from './packet-unit.ts';
import { whyPacketsAreNeeded } from './packets-needed.ts';
import { snapshotStore } from './snapshot.ts';
import { Tap } from './tap.ts';
import { followTcpState, startTcpState } from './tcp-state.ts';
import type { Unit, UnitResult } from './unit.ts';

const port = parentPort!;
const data = workerData as CaptureThreadData;
const say = (message: FromThread): void => port.postMessage(message);
const note = (text: string): void => say({ kind: 'note', text });

const writeoutSeconds: number[] = [];
const tap = new Tap((lines, missed) => say({ kind: 'documents', lines, missed }));
const live = new LiveRun(data, data.store, [tap]);
let unit: Unit | undefined;
let flowSource: ChosenFlowSource = { used: 'ring', why: '' };
let schedule: Schedule | undefined;
let endTcpState = async (): Promise<void> => undefined;
let lastWriteout = 0;

/** What the interval brought becomes visible to queries. */
async function writeOut(at: Date, begun?: () => void, manifestTo?: string): Promise<{ rows: number }> {
  const started = performance.now();
  const result = (await live.store?.writeOut(begun, manifestTo)) ?? { rows: 0 };
  lastWriteout = at.getTime();
  writeoutSeconds.push((performance.now() - started) / 1000);
  return result;
}

/** Questions about open flows, one after the other. */
let asking: Promise<unknown> = Promise.resolve();

/** What is open and what is stored, of one moment: a flow is in one of the two, and each of its packets is. */
async function snapshot(directory: string, capture: Unit): Promise<{ rows: number; isExact: boolean }> {
  let isExact = false;
  let writing: Promise<unknown>;
  let columns: ColumnBatch[];
  await capture.hold();
  try {
    columns = await capture.columns();
    const begun = Promise.withResolvers<void>();
    writing = writeOut(new Date(), begun.resolve, join(directory, MANIFEST_BESIDE));
    await Promise.race([begun.promise, writing]);
  } finally {
    isExact = await capture.goOn();
  }
  await writing;
  return { ...(await snapshotStore(directory, columns, live.plan.types)), isExact };
}

async function status(capture: Unit): Promise<ThreadStatus> {
  const figures = await capture.figures();
  const { engine } = figures;
  return {
    ...figures,
    engine: engine && { ...engine, records: { ...engine.records, ...Object.fromEntries(live.besides) } },
    flowSource,
    sinks: live.sinks.flatMap((sink) => (sink === tap ? [] : [sinkStatus(sink)])),
    lastWriteout,
    writeoutSeconds: writeoutSeconds.splice(0),
  };
}

function sinkStatus(sink: Sink): SinkStatus {
  if (sink instanceof GuardedSink || sink instanceof LiveStoreSink) {
    const { name, rows, bytes, lostRows, waitingBytes, error } = sink;
    const more = sink instanceof LiveStoreSink ? sink.figures : {};
    return { name, rows, bytes, lostRows, waitingBytes, error, ...more };
  }
  return { name: sink.name, rows: 0, bytes: 0, error: '' };
}

/** TCP events that are there are handed on within this share of the time that the end has. */
const TCP_STATE_SHARE = 1 / 9;
/** So long before the end sinks of rows are ended: they are closed before the store, one after the other. */
const STORE_MS = 1800;

function endBy(at: number): void {
  live.store?.endBy(at);
  for (const sink of live.sinks) if (sink instanceof GuardedSink) sink.endBy(at - STORE_MS);
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

async function answer(request: Request, capture: Unit): Promise<unknown> {
  switch (request.kind) {
    case 'update':
      return capture.update(request.wanted);
    case 'renew': {
      const needed = whyPacketsAreNeeded(makePlan(request.renewable.plan), request.wanted);
      if (capture instanceof CountUnit && needed !== undefined) throw countsOnly(needed);
      const renewed = await live.renew(request.renewable, capture);
      const notes = (await followProcesses()).map((limit) => `${limit}; privileges for it are taken at the next start`);
      follow(live.plan.flow.intervalSeconds);
      return { ...renewed, notes };
    }
    case 'config':
      return capture.config();
    case 'status':
      return status(capture);
    case 'flows':
      return capture.documents(request.limit);
    case 'snapshot':
      asking = asking.then(
        () => snapshot(request.directory, capture),
        () => snapshot(request.directory, capture),
      );
      return asking;
    case 'writeout':
      return writeOut(new Date());
    case 'stream':
      tap.isOn = request.on;
      return undefined;
    case 'stop': {
      const at = performance.now() + request.by - Date.now();
      endBy(at);
      // Its last records must be with the sinks before those are closed.
      await Promise.race([endTcpState(), after((request.by - Date.now()) * TCP_STATE_SHARE)]);
      capture.stop(at);
      return undefined;
    }
  }
}

/** Write-outs at this interval. */
function follow(intervalSeconds: number): void {
  const seconds = intervalSeconds <= 0 ? 0 : Math.min(3600, Math.max(1, intervalSeconds));
  if (seconds === (schedule?.intervalSeconds ?? 0)) return;
  schedule?.stop();
  schedule = seconds === 0 ? undefined : new Schedule(seconds, (at) => void afterReports(at));
}

let processWatch: ProcessWatch | undefined;
/** Before the privileges are given up: a watch that begins later sees less. Gives, in words, what one that begins now does not see. */
async function followProcesses(): Promise<string[]> {
  const { processes } = live.plan;
  if (processes === undefined) {
    await processWatch?.close();
    processWatch = undefined;
  } else if (processWatch === undefined) {
    processWatch = await watchProcesses(processes, note);
    return processWatch.limits;
  } else processWatch.renew(processes);
  return [];
}

/** Before the privileges are given up. */
async function chooseFlowSource(): Promise<Unit | undefined> {
  const { flowSource: asked, kernelEntries: entries, workers, wanted } = data;
  const delivery = () => live.delivery();
  const counted = await countedByKernel({ asked, plan: live.plan, wanted, workers, entries, delivery, note });
  flowSource = counted.chosen;
  if (flowSource.used === 'tcx') note(`flows are counted by the kernel: ${flowSource.why}`);
  else if (asked === 'auto' && isHeadersOnly(live.plan)) note(`flows are counted from packets: ${flowSource.why}`);
  return counted.unit;
}

/** After the privileges were given up: threads that it starts have what this one has. */
async function unitOf(standsIn: string | undefined): Promise<Unit> {
  const delivery = () => live.delivery();
  if (data.workers > 1 && standsIn === undefined) return new CaptureTeam(data.workers, live.plan, delivery, note);
  return new PacketUnit({
    plan: live.plan,
    links: await linksOfMachine(),
    sources: (needed) => (standsIn === undefined ? liveSources({ needed }) : tcpdumpSources(standsIn, { needed })),
    delivery,
    note,
  });
}

async function work(): Promise<void> {
  await returnLargeBlocks();
  // Before the privileges go.
  for (const limit of await followProcesses()) note(`processes: ${limit}`);
  const counting = await chooseFlowSource();
  const standsIn = counting === undefined ? await whyTcpdump() : undefined;
  const tcpState = data.tcpState === undefined ? undefined : await startTcpState(data.tcpState, note);
  if (data.waitsForUser) {
    await keepCapabilitiesAcrossUsers();
    const dropped = once(port, 'message');
    say({ kind: 'prepared' });
    await dropped;
  }
  processWatch?.limit();
  // Links that come later are attached to, too.
  if (standsIn === undefined)
    await limitCapabilities(counting === undefined ? ['net_raw'] : ['net_raw', 'net_admin', 'perfmon', 'bpf']);
  else {
    // There is nothing to give up, and a program that is started must be able to gain what we lack.
    flowSource = { used: 'tcpdump', why: standsIn };
    note(`${standsIn}\nnetscribe: until then tcpdump captures, at a higher cost for each packet`);
    if (data.workers > 1) note('workers: one thread reads what tcpdump captures, for it can not share packets out');
  }
  const capture = counting ?? (await unitOf(standsIn));
  unit = capture;
  await live.open(data.sinks);
  port.on('message', (message: ToThread) => {
    if ('kind' in message) {
      if (message.kind === 'taken') tap.taken(message.lines);
      return;
    }
    void replyTo(message.id, answer(message.request, capture)).then(say);
  });
  let result: UnitResult;
  try {
    result = await capture.run(() => {
      if (tcpState !== undefined) {
        const stopper = new AbortController();
        const following = followTcpState(tcpState, live.placeFor(tcpStateRecord.name), stopper.signal, note);
        endTcpState = async () => {
          stopper.abort();
          await following;
        };
      }
      capture.update(data.wanted).then(
        () => say({ kind: 'ready' }),
        (error: Error) => {
          say({ kind: 'ended', error: error.message, code: error.name });
          capture.stop(Number.POSITIVE_INFINITY);
        },
      );
      follow(live.plan.flow.intervalSeconds);
    });
    schedule?.stop();
    await live.close(result);
  } catch (error) {
    await live.abort();
    throw error;
  }
  const went = [result.fault, fault, ...lossesOf(result, live.sinks)].filter((words) => words !== '');
  if (went.length > 0) throw Object.assign(new Error(went.join('; ')), { lost: lostCounts(result) });
}

/** Interval documents come with the first packets, or the first pause, behind the interval: the write-out waits for them. */
const REPORTS_MS = 1500;
async function afterReports(at: Date): Promise<void> {
  await after(REPORTS_MS);
  await writeOut(at);
}

/** After a fault somewhere, what there is is written and the rings and the store are given back; then the thread ends. */
const LAST_WORDS_MS = 5000;
let fault = '';
process.on('uncaughtException', (error) => {
  if (fault !== '') return;
  fault = error.stack ?? String(error);
  const at = performance.now() + LAST_WORDS_MS - 500;
  live.store?.endBy(at);
  unit?.stop(at);
  void processWatch?.close();
  setTimeout(() => {
    say({ kind: 'ended', error: fault, code: 'crashed' });
    process.exit(1);
  }, LAST_WORDS_MS).unref();
});

try {
  await work();
  say({ kind: 'ended', error: '', code: '' });
} catch (error) {
  const { name, message, code, lost } = error as Error & { code?: string; lost?: Record<string, number> };
  say({ kind: 'ended', error: message, code: code ?? name, ...(lost === undefined ? {} : { lost }) });
}
await unit?.close().catch(() => undefined);
await processWatch?.close();
port.close();
