// Threads that capture together ask for it at the same moment, and V8's flags belong to all of them.

import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';

const MODULE = new URL('../../src/system/collect-garbage.ts', import.meta.url).href;
const THREADS = 8;
const ROUNDS = 4;
const CODE = `
const { workerData, parentPort } = require('node:worker_threads');
import(${JSON.stringify(MODULE)}).then(({ collectGarbage }) => {
  Atomics.add(workerData, 0, 1);
  while (Atomics.load(workerData, 0) < ${THREADS});
  try {
    collectGarbage();
    parentPort.postMessage('');
  } catch (error) {
    parentPort.postMessage(String(error));
  }
});`;

test('any number of threads collect their garbage at once', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const ready = new Int32Array(new SharedArrayBuffer(4));
    const workers = Array.from({ length: THREADS }, () => new Worker(CODE, { eval: true, workerData: ready }));
    const errors = await Promise.all(
      workers.map((worker) => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))),
    );
    expect(errors).toEqual(workers.map(() => ''));
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
});
