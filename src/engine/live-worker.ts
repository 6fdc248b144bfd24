// One capturing thread: a ring of its own, everything from packets to encoded records, no waiting for anybody.

import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { openLive } from '../sources/ring/open-live.ts';
import { LiveDelivery } from './live-delivery.ts';
import { CONTROL_STOP, type FromLiveWorker, type LiveSetup, PROGRESS_WORDS } from './live-messages.ts';
import { receivedPlan } from './plan.ts';
import { pump } from './run.ts';
import { sentResult } from './sent-result.ts';

const port = parentPort!;
const { index, plan: sent, live, wanted, control, progress, maxWaitingBytes } = workerData as LiveSetup;
const plan = receivedPlan(sent);
const say = (message: FromLiveWorker) => port.postMessage(message);

try {
  const source = await openLive({ ...live, wait: 'block', tell: (words) => say({ kind: 'tell', words }) });
  await source.open();
  try {
    // All members of a fan-out group are there before the first takes a packet.
    const started = once(port, 'message');
    say({ kind: 'ready' });
    await started;
    if (live.fanOutGroup !== undefined) source.start();
    say({ kind: 'started' });
    const delivery = new LiveDelivery(port, plan.types, wanted, control, maxWaitingBytes);
    const result = await pump(source, delivery, [], plan, {
      ending: () => say({ kind: 'ending' }),
      stop: () => Atomics.load(control, CONTROL_STOP) === 1,
      progress: ({ packets, frameBytes }) => {
        progress[index * PROGRESS_WORDS] = packets;
        progress[index * PROGRESS_WORDS + 1] = frameBytes;
      },
    });
    for (const [type, n] of delivery.dropped) {
      result.ledger.count(`sink.dropped.${type}`, n);
      result.records[type] -= n;
    }
    say({ kind: 'done', result: sentResult(result) });
  } finally {
    await source.close();
  }
} catch (error) {
  const { name, message, stack } = error as Error;
  say({ kind: 'failed', name, message: name === 'TypeError' || name === 'RangeError' ? (stack ?? message) : message });
}
// Only the port keeps the thread alive now.
port.close();
