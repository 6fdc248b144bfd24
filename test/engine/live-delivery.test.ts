// Sinks that lag behind a live capture: nobody waits, the less important records are dropped first, all are counted.

import { expect, test } from 'vitest';
import type { EncodedRows } from '../../src/engine/encoded-rows.ts';
import { LiveDelivery } from '../../src/engine/live-delivery.ts';
import { CONTROL_WAITING, type FromLiveWorker } from '../../src/engine/live-messages.ts';
import { allRecordTypes } from '../../src/engine/plan.ts';

const types = allRecordTypes();
const FLOW = types.findIndex(({ name }) => name === 'flow');
const DNS = types.findIndex(({ name }) => name === 'dns');
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

/** Rows of these types, each its name and a line feed. */
function rows(...kinds: number[]): EncodedRows {
  const lines = kinds.map((kind) => `${types[kind].name}\n`);
  let at = 0;
  const ends = lines.map((line) => {
    at += line.length;
    return at;
  });
  return {
    // Longer than they need to be, as those of an outlet are.
    encodings: [{ bytes: new Uint8Array(Buffer.from(lines.join(''))), ends: Uint32Array.from([...ends, 0, 0]) }],
    cause: Float64Array.from([...kinds.keys(), 0, 0]),
    first: new Float64Array(kinds.length + 2),
    types: Uint8Array.from([...kinds, 0, 0]),
    rows: kinds.length,
  };
}

test('all, then what accounts for the traffic, then nothing', async () => {
  const sent: FromLiveWorker[] = [];
  const port = { postMessage: (message: FromLiveWorker) => void sent.push(message) };
  const waiting = new Int32Array(new SharedArrayBuffer(8));
  const delivery = new LiveDelivery(port, types, { rows: ['ndjson'], columns: false }, waiting, 1000);
  const said = async (full: number) => {
    Atomics.store(waiting, CONTROL_WAITING, full);
    sent.length = 0;
    await delivery.rows(rows(DNS, FLOW, DNS));
    return sent.map((message) => (message.kind === 'rows' ? text(message.rows.encodings[0].bytes) : message.kind));
  };
  expect(await said(0)).toEqual(['dns\nflow\ndns\n']);
  expect(Atomics.load(waiting, CONTROL_WAITING)).toBe((sent[0] as { bytes: number }).bytes);
  expect(await said(749)).toEqual(['dns\nflow\ndns\n']);
  expect(await said(750)).toEqual(['flow\n']);
  expect(await said(1000)).toEqual([]);
  expect([...delivery.dropped].sort()).toEqual([
    ['dns', 4],
    ['flow', 1],
  ]);
});
