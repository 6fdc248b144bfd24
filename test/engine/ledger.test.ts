// Nothing is lost in silence: over every capture of ../shared each packet has one outcome, and the flow documents add up to the
// packets and bytes whose outcome is `flow`.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OUTCOMES } from '../../src/engine/ledger.ts';
import { type Document, documents, runFiles } from '../kit/engine.ts';
import { capture, hasShared, SHARED } from '../kit/shared.ts';

const FLOW = OUTCOMES.indexOf('flow');
const OVERLOAD = OUTCOMES.indexOf('overload');

const flowsOf = (all: readonly Document[]) => all.filter((document) => document.event.dataset === 'flow');
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

it('of an input without packets has no time: there was none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'netscribe-empty-'));
  const file = join(folder, 'empty.pcap');
  writeFileSync(file, Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex'));
  const { text } = await runFiles([file]);
  rmSync(folder, { recursive: true });
  const [loss, ...others] = documents(text);
  expect(others).toEqual([]);
  expect(loss).toMatchObject({ type: 'loss', netscribe: { loss: { packets: 0 } } });
  expect(loss).not.toHaveProperty('@timestamp');
});

describe.skipIf(!hasShared)('the ledger', () => {
  it('is balanced over every capture', async () => {
    const wrong: unknown[] = [];
    let captures = 0;
    for (const name of readdirSync(`${SHARED}pcaps`).sort()) {
      if (!/\.(pcap|pcapng|cap|trace)/.test(name)) continue;
      captures++;
      const { result, text } = await runFiles([capture(name)]);
      const { ledger } = result;
      const all = documents(text);
      const flows = flowsOf(all);
      const figures = {
        packets: sum(flows.map((flow) => flow.network.packets)),
        bytes: sum(flows.map((flow) => flow.network.bytes)),
        halves: sum(flows.map((flow) => flow.source.packets + flow.destination.packets)),
        read: ledger.packetsRead,
        readBytes: sum([...ledger.bytes]),
        records: sum(Object.values(result.records)),
      };
      const truth = {
        packets: ledger.packets[FLOW],
        bytes: ledger.bytes[FLOW],
        halves: ledger.packets[FLOW],
        read: result.packets,
        readBytes: result.frameBytes,
        records: all.length,
      };
      if (JSON.stringify(figures) !== JSON.stringify(truth)) wrong.push({ name, figures, truth });
      // One identity, one final document.
      const finals = flows.filter((flow) => flow.flow.final).map((flow) => flow.flow.id);
      const distinct = new Set(finals);
      if (distinct.size !== finals.length) wrong.push({ name, finals: finals.length, distinct: distinct.size });
      for (const { flow } of all)
        if (flow !== undefined && !distinct.has(flow.id)) wrong.push({ name, without: flow.id });
    }
    expect(wrong).toEqual([]);
    expect(captures).toBeGreaterThan(700);
  });

  it('is balanced with short intervals, a filter, a full table and few packets', async () => {
    const busy = [
      'zeek__smtp.pcap',
      'suricata__pgsql__pgsql-5000-query-results.pcap',
      'gopacket__layers__testdata__cip.pcap',
    ];
    for (const name of busy) {
      for (const [request, inputs] of [
        [{ flow: { intervalSeconds: 1 } }, {}],
        [{ flow: { maxFlows: 64 } }, {}],
        [{ flow: { maxFlows: 1 } }, {}],
        [{ maxPackets: 100 }, {}],
        [{}, { filter: 'tcp' }],
      ] as const) {
        const { result, text } = await runFiles([capture(name)], request as object, inputs);
        const flows = flowsOf(documents(text));
        expect(sum(flows.map((flow) => flow.network.packets))).toBe(result.ledger.packets[FLOW]);
        expect(sum(flows.map((flow) => flow.network.bytes))).toBe(result.ledger.bytes[FLOW]);
        expect(result.ledger.packetsRead).toBe(result.packets);
        expect(result.ledger.packets[OVERLOAD]).toBeGreaterThanOrEqual(0);
      }
    }
  });
});
