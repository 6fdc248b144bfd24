// Each evasion through the whole engine: what comes out of it, and the event that it leaves.

import { describe, expect, it } from 'vitest';
import { makePlan, type PlanRequest } from '../../src/engine/plan.ts';
import { run } from '../../src/engine/run.ts';
import { type Document, documents, MemorySink } from '../kit/engine.ts';
import type { Script } from '../kit/generate/evasion/script.ts';
import type { Expected } from '../kit/generate/evasion/vector.ts';
import { VECTORS } from '../kit/generate/evasion/vectors.ts';
import { MadeSource } from '../kit/packets.ts';

/** Counters that are events of somebody's tricks. */
const EVENT = /^(stream|tcp|fragments|checksum|fault)\./;

async function play(script: Script, plan: PlanRequest) {
  const sink = new MemorySink();
  const request = { flow: { maxFlows: 4096 } as never, ...plan };
  const { ledger } = await run(new MadeSource(script.packets()), [sink], makePlan(request));
  const all = documents(sink.text);
  const of = (dataset: string) => all.filter((document) => document.event.dataset === dataset);
  const events = Object.fromEntries([...ledger.counts].filter(([name, n]) => EVENT.test(name) && n > 0));
  return { flows: of('flow'), http: of('http') as unknown as Http[], dns: of('dns') as unknown as Dns[], events };
}

interface Http {
  url: { original: string };
  http: { response?: { status_code: number } };
  netscribe?: { ambiguous?: boolean };
}
interface Dns {
  dns: { question: { name: string } };
}

async function check(script: Script, plan: PlanRequest, expected: Expected): Promise<void> {
  const { flows, http, dns, events } = await play(script, plan);
  if (expected.paths !== undefined) expect(http.map(({ url }) => url?.original.slice(1))).toEqual(expected.paths);
  if (expected.codes !== undefined)
    expect(http.map((document) => document.http.response?.status_code)).toEqual(expected.codes);
  if (expected.names !== undefined) expect(dns.map((document) => document.dns.question.name)).toEqual(expected.names);
  expect(flows.length).toBe(expected.flows ?? 1);
  if (expected.states !== undefined) expect(flows.map(stateOf)).toEqual(expected.states);
  const dnsEvents = Object.fromEntries(Object.entries(expected.events).filter(([name]) => EVENT.test(name)));
  expect(events).toEqual(dnsEvents);
  if (expected.flow !== undefined) expect(flows[0]).toMatchObject(expected.flow);
  // Who reads a transaction whose bytes are in dispute shall know it without looking at the flow.
  const isDisputed = http.some(({ netscribe }) => netscribe?.ambiguous === true);
  const isContradicted = (events['stream.overlap_conflict'] ?? 0) > 0 && expected.isToldBefore !== true;
  expect(isDisputed).toBe(http.length > 0 && isContradicted);
}

const stateOf = (document: Document) => (document.netscribe as { tcp?: { state: string } }).tcp?.state;

describe('an evasion gives what its receiver gets, and leaves its event', () => {
  it.each(VECTORS.map((vector) => [vector.id, vector.what, vector] as const))('%s: %s', async (_, __, vector) => {
    await check(vector.make(), {}, vector.expected);
  });

  const others = VECTORS.flatMap((vector) =>
    (vector.under ?? []).map((one) => [vector.id, one.name, vector, one] as const),
  );
  it.each(others)('%s under %s', async (_, __, vector, one) => {
    await check(vector.make(), one.plan, one.expected);
  });
});
