// The capture thread: interfaces, engine, sinks. It alone has the rings; the main thread asks and tells it by messages.

import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { CaptureSet } from '../capture/capture-set.ts';
import { kernelLinks } from '../capture/link-table.ts';
import { liveSource } from '../capture/live-source.ts';
import { Schedule } from '../capture/schedule.ts';
import { makePlan, shownTypes } from '../engine/plan.ts';
import { SharedRecords } from '../engine/record-run.ts';
import { run } from '../engine/run.ts';
import type { EngineView } from '../engine/view.ts';
import { ENCODINGS } from '../records/encodings.ts';
import { GuardedSink } from '../sinks/guarded.ts';
import { LiveStoreSink } from '../sinks/live-store.ts';
import { openSink } from '../sinks/open.ts';
import type { RowSink, Sink } from '../sinks/sink.ts';
import { keepCapabilitiesAcrossUsers, limitCapabilities } from '../system/privileges.ts';
import { tcpStateRecord } from '../tcp-state/record.ts';
import { lossesOf } from './losses.ts';
import type { CaptureThreadData, FromThread, Request, SinkStatus, ThreadStatus, ToThread, Wanted } from './messages.ts';
import { snapshotStore } from './snapshot.ts';
import { Tap } from './tap.ts';
import { followTcpState, startTcpState } from './tcp-state.ts';

const port = parentPort!;
const data = workerData as CaptureThreadData;
const say = (message: FromThread): void => port.postMessage(message);

const loopDelay = monitorEventLoopDelay({ resolution: 10 });
const writeoutSeconds: number[] = [];
const tap = new Tap((lines) => say({ kind: 'documents', lines }));
let view: EngineView | undefined;
let endTcpState = async (): Promise<void> => undefined;
let lastWriteout = 0;
/** Flows by interface are a walk over all flows: not every second. */
const COUNT_MS = 5000;
let countAt = 0;
let flowsByInterface: Record<string, number> = {};

const links = await kernelLinks().catch(() => undefined);
const set = new CaptureSet({ sourceInit: liveSource, links, isEndless: true, countsHeaders: true });
const plan = makePlan(data.plan);
const store =
  data.store === undefined ? undefined : new LiveStoreSink(data.store.directory, { retention: data.store.retention });

function want(wanted: Wanted) {
  return 'interfaces' in wanted ? set.update(wanted.interfaces) : set.autodetect(wanted.autodetection);
}

/** What the interval brought becomes visible to queries. */
async function writeOut(at: Date): Promise<{ rows: number }> {
  const started = performance.now();
  const result = (await store?.writeOut()) ?? { rows: 0 };
  lastWriteout = at.getTime();
  writeoutSeconds.push((performance.now() - started) / 1000);
  return result;
}

function status(sinks: readonly Sink[]): ThreadStatus {
  const delay = Math.max(0, loopDelay.max / 1e9 - 0.01);
  loopDelay.reset();
  if (performance.now() > countAt) {
    flowsByInterface = view?.flowsByInterface() ?? {};
    countAt = performance.now() + COUNT_MS;
  }
  const interfaces = set.status([]);
  for (const [name, flows] of Object.entries(flowsByInterface)) {
    if (Object.hasOwn(interfaces, name)) interfaces[name].flows = flows;
  }
  return {
    interfaces,
    engine: view?.figures(),
    sinks: sinks.flatMap((sink) => (sink === tap ? [] : [sinkStatus(sink)])),
    loopDelaySeconds: Number.isFinite(delay) ? delay : 0,
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

/** TCP events that are there are handed on within this. */
const TCP_STATE_MS = 500;
/** So long before the end the rings are left, and flows that are not records yet: what follows needs the time. */
const UNREAD_MS = 2700;
const LATE_MS = 1000;
const STORE_MS = 1800;
/** When all must be over, by `performance.now()`. */
let endAt = Number.POSITIVE_INFINITY;

function endBy(at: number, sinks: readonly Sink[]): void {
  endAt = at;
  store?.endBy(at);
  // They are closed before the store, one after the other.
  for (const sink of sinks) if (sink instanceof GuardedSink) sink.endBy(at - STORE_MS);
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

async function answer(request: Request, sinks: readonly Sink[]): Promise<unknown> {
  switch (request.kind) {
    case 'update':
      return want(request.wanted);
    case 'config':
      return set.config([]);
    case 'status':
      return status(sinks);
    case 'flows':
      return { documents: view?.liveDocuments(request.limit) ?? [], total: view?.figures().flows ?? 0 };
    case 'snapshot':
      await writeOut(new Date());
      return snapshotStore(request.directory, view?.liveColumns() ?? [], plan.types);
    case 'writeout':
      return writeOut(new Date());
    case 'stream':
      tap.isOn = request.on;
      return undefined;
    case 'stop':
      endBy(performance.now() + request.by - Date.now(), sinks);
      // Its last records must be with the sinks before those are closed.
      await Promise.race([endTcpState(), after(TCP_STATE_MS)]);
      set.stop(endAt - UNREAD_MS);
      return undefined;
  }
}

function guarded(sink: Sink): Sink {
  return Object.hasOwn(ENCODINGS, sink.encoding) ? new GuardedSink(sink as RowSink) : sink;
}

async function work(): Promise<void> {
  const note = (text: string): void => say({ kind: 'note', text });
  // Before the privileges go.
  const tcpState = data.tcpState === undefined ? undefined : await startTcpState(data.tcpState, note);
  if (data.waitsForUser) {
    await keepCapabilitiesAcrossUsers();
    const dropped = once(port, 'message');
    say({ kind: 'prepared' });
    await dropped;
  }
  await limitCapabilities(['net_raw']);
  const sinks: Sink[] = [];
  for (const spec of data.sinks) sinks.push(guarded(await openSink(spec)));
  if (store !== undefined) sinks.push(store);
  sinks.push(tap);
  port.on('message', (message: ToThread) => {
    if ('kind' in message) return;
    const { id, request } = message;
    answer(request, sinks).then(
      (value) => say({ kind: 'answer', id, value }),
      (error: Error) => say({ kind: 'refusal', id, name: error.name, message: error.message }),
    );
  });
  let schedule: Schedule | undefined;
  loopDelay.enable();
  const result = await run(set, sinks, plan, {
    isLate: () => performance.now() > endAt - LATE_MS,
    started: () => {
      if (tcpState !== undefined) {
        const shown = shownTypes(plan);
        const type = shown.rows.findIndex(({ name }) => name === tcpStateRecord.name);
        const stopper = new AbortController();
        const following = followTcpState(tcpState, new SharedRecords(shown, sinks), type, stopper.signal, note);
        endTcpState = async () => {
          stopper.abort();
          await following;
        };
      }
      want(data.wanted).then(
        () => say({ kind: 'ready' }),
        (error: Error) => {
          say({ kind: 'ended', error: error.message, code: error.name });
          set.stop();
        },
      );
      if (plan.flow.intervalSeconds > 0) {
        const seconds = Math.min(3600, Math.max(1, plan.flow.intervalSeconds));
        schedule = new Schedule(seconds, (at) => void afterReports(at));
      }
    },
    view: (engine) => {
      view = engine;
    },
  });
  schedule?.stop();
  const losses = lossesOf(set.unread, result.ledger.counts.get('flows.unwritten') ?? 0, sinks);
  if (losses.length > 0) throw new Error(losses.join('; '));
}

/** Interval documents come with the first packets, or the first pause, behind the interval: the write-out waits for them. */
const REPORTS_MS = 1500;
async function afterReports(at: Date): Promise<void> {
  await after(REPORTS_MS);
  await writeOut(at);
}

/** After a fault somewhere, what there is is written and the rings and the store are given back; then the thread ends. */
const LAST_WORDS_MS = 5000;
process.on('uncaughtException', (error) => {
  say({ kind: 'ended', error: error.stack ?? String(error), code: 'crashed' });
  endBy(performance.now() + LAST_WORDS_MS - 500, []);
  set.stop(endAt - UNREAD_MS);
  setTimeout(() => process.exit(1), LAST_WORDS_MS).unref();
});

try {
  await work();
  say({ kind: 'ended', error: '', code: '' });
} catch (error) {
  await set.close().catch(() => undefined);
  const { name, message, code } = error as Error & { code?: string };
  say({ kind: 'ended', error: message, code: code ?? name });
}
port.close();
