// One of several threads that capture for the capture thread: its own rings and flows, no sinks. Nothing waits for it but by messages.

import { parentPort, workerData } from 'node:worker_threads';
import { kernelLinks } from '../capture/link-table.ts';
import { liveSources } from '../capture/live-source.ts';
import type { WantedEncodings } from '../engine/encoded-rows.ts';
import { LiveDelivery } from '../engine/live-delivery.ts';
import { receivedPlan } from '../engine/plan.ts';
import { sentResult } from '../engine/sent-result.ts';
import { transferList } from '../records/columns.ts';
import { replyTo } from './asking.ts';
import { PacketUnit } from './packet-unit.ts';
import type { FromWorker, ToWorker, WorkerRequest, WorkerSetup } from './worker-messages.ts';

/** Records wait for the sinks so long while these take nothing: the ring has room for the packets meanwhile. */
const PATIENCE_MS = 1000;
/** After a fault the rings are given back within this. */
const LAST_WORDS_MS = 3000;

const port = parentPort!;
const { plan: first, team, control, maxWaitingBytes } = workerData as WorkerSetup;
const say = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

let wanted: WantedEncodings = { rows: [], columns: false };
let plan = receivedPlan(first);
const dropped = new Map<string, number>();
const begun = Promise.withResolvers<void>();
const unit = new PacketUnit({
  plan,
  links: await kernelLinks().catch(() => undefined),
  sources: (needed) => liveSources({ team, needed }),
  delivery: () => new LiveDelivery(port, plan.types, wanted, control, maxWaitingBytes, PATIENCE_MS, dropped),
  dropped: () => dropped,
  note: (text) => {
    if (team.number === 0) say({ kind: 'note', text });
  },
});

async function answer(request: WorkerRequest): Promise<unknown> {
  switch (request.kind) {
    case 'run':
      wanted = request.wanted;
      begun.resolve();
      return undefined;
    case 'update':
      return unit.update(request.wanted);
    case 'config':
      return unit.config();
    case 'figures':
      return unit.figures();
    case 'documents':
      return unit.documents(request.limit);
    case 'columns':
      return unit.columns();
    case 'hold':
      return unit.hold();
    case 'goOn':
      return unit.goOn();
    case 'retime':
      return unit.retime(request.options);
    case 'pause':
      return unit.pause();
    case 'resume':
      wanted = request.wanted;
      plan = receivedPlan(request.plan);
      return unit.resume(plan);
    case 'stop':
      begun.resolve();
      return unit.stop(performance.now() + request.by - Date.now());
  }
}

port.on('message', ({ id, request }: ToWorker) => {
  void replyTo(id, answer(request)).then((reply) => {
    const batches = request.kind === 'columns' && reply.kind === 'answer' ? (reply.value as never[]) : [];
    say(reply, batches.flatMap(transferList));
  });
});
process.on('uncaughtException', (error) => {
  say({ kind: 'failed', error: error.stack ?? String(error) });
  unit.stop(performance.now() + LAST_WORDS_MS);
  setTimeout(() => process.exit(1), LAST_WORDS_MS).unref();
});

say({ kind: 'ready' });
await begun.promise;
try {
  const { result, unread, fault } = await unit.run(() => undefined);
  say({ kind: 'done', result: sentResult(result), unread, fault });
} catch (error) {
  say({ kind: 'failed', error: (error as Error).stack ?? String(error) });
}
await unit.close();
port.close();
