// One analysing thread: rows of its shards in, encoded records out.

import { parentPort, workerData } from 'node:worker_threads';
import { Stage } from '../flow/stage.ts';
import { transferList } from '../records/columns.ts';
import type { PacketBatch } from '../sources/source.ts';
import { Analysis } from './analysis.ts';
import { rowBuffers } from './encoded-rows.ts';
import { detectionFor, receivedPlan, shownTypes } from './plan.ts';
import { FactQueue } from './pool-gathering.ts';
import type { Partial, ToWorker, WorkerSetup } from './pool-messages.ts';

const port = parentPort!;
const setup = workerData as WorkerSetup;
const plan = receivedPlan(setup.plan);
const analysis = new Analysis(
  {
    flow: plan.flow,
    stream: plan.stream,
    internalNetworks: plan.internalNetworks,
    geoip: plan.geoip,
    wantsProcesses: plan.processes !== undefined,
    types: plan.types,
    shown: shownTypes(plan),
    wanted: setup.wanted,
    maxHeldBytes: plan.maxHeldBytes,
    maxConversationBytes: plan.maxConversationBytes,
    wantsTalkers: plan.wantsTalkers,
    sliceMs: 0,
    rolling: false,
  },
  detectionFor(plan),
  setup.salts,
  setup.owned,
);
const facts = new FactQueue();
analysis.gathering = facts;
const stages = setup.stages.map(({ rows, wide, capacity }) => Stage.over(capacity, rows, wide));
const batches = new Map<number, PacketBatch>();
/** Messages that came while an answer was under way. */
const queue: ToWorker[] = [];
/** The job that is not finished because its answer was too big for one part; false when idle. */
let resume: (() => boolean) | undefined;
let lastBatch: PacketBatch | undefined;

function answer(done: boolean, all: boolean): void {
  const rows = analysis.rows !== undefined && (done || analysis.rows.isFull) ? analysis.rows.take() : null;
  const columns = analysis.columns === undefined ? [] : analysis.columns.take(all);
  const part: Partial = { kind: 'part', rows, columns, facts: facts.drain(), done };
  if (all && done) {
    analysis.finishCounts();
    part.figures = {
      ledger: analysis.ledger.snapshot(),
      records: analysis.counts.records,
      errors: analysis.counts.errors,
      talkers: analysis.talkers?.packed(),
      peakFlows: analysis.tracker.counters.peak,
      packets: analysis.tracker.counters.packets,
    };
  }
  const transfer: ArrayBuffer[] = columns.flatMap(transferList);
  if (rows !== null) transfer.push(...rowBuffers(rows));
  port.postMessage(part, transfer);
}

/** Works on a job until it is done or its output must be taken first. */
function work(step: () => boolean, all: boolean): void {
  if (step()) {
    resume = undefined;
    answer(true, all);
  } else {
    resume = step;
    resumeAll = all;
    answer(false, false);
  }
}
let resumeAll = false;

function handle(message: ToWorker): void {
  switch (message.kind) {
    case 'interfaces':
      analysis.interfaceNames = message.names;
      break;
    case 'batch':
      batches.set(message.id, message.batch);
      break;
    case 'count': {
      const batch = batches.get(message.id)!;
      batch.count = message.count;
      batch.firstPacket = message.firstPacket;
      break;
    }
    case 'stage': {
      const stage = stages[message.stage];
      stage.clear();
      stage.count = message.count;
      stage.ticks.push(...message.ticks);
      stage.extras.push(...message.extras);
      const batch = message.batch < 0 ? lastBatch : batches.get(message.batch);
      if (batch === undefined) {
        answer(true, false);
        break;
      }
      lastBatch = batch;
      analysis.tracker.begin();
      work(() => analysis.run(stage, batch), false);
      break;
    }
    case 'finish': {
      let started = false;
      work(() => {
        const done = analysis.tracker.finish(message.lastPacket, started);
        started = true;
        return done;
      }, true);
      break;
    }
    case 'more':
      break;
  }
}

port.on('message', (message: ToWorker) => {
  if (message.kind === 'more') {
    if (resume !== undefined) work(resume, resumeAll);
  } else queue.push(message);
  while (resume === undefined && queue.length > 0) handle(queue.shift()!);
});
port.postMessage({ kind: 'ready' });
