// --decode-as: a port is the protocol that the user says it is, though nobody would find it there.

import { expect, it } from 'vitest';
import type { ForcedPort } from '../../src/engine/detection.ts';
import { makePlan } from '../../src/engine/plan.ts';
import { run } from '../../src/engine/run.ts';
import { documents, MemorySink } from '../kit/engine.ts';
import { MadeSource, udpFrame } from '../kit/packets.ts';
import { bytes, u16 } from '../wire/frames.ts';

/** A query and its response for "a.test", and on another port a message without a question: nobody would take that for DNS. */
const query = (flags: number) => bytes(u16(7), u16(flags), u16(1), '000000000000', '016104746573740000010001');
const bare = bytes(u16(9), u16(0x9000), '0000000000000000');
const packets = [
  { at: 0, bytes: udpFrame(40_000, 53, { payload: query(0x0100) }) },
  { at: 1, bytes: udpFrame(53, 40_000, { payload: query(0x8180), from: '10.0.0.2', to: '10.0.0.1' }) },
  { at: 2, bytes: udpFrame(40_001, 9_999, { payload: bare }) },
];

async function protocols(...forced: ForcedPort[]): Promise<(string | undefined)[]> {
  const sink = new MemorySink();
  await run(new MadeSource(packets), [sink], makePlan({ records: ['flow', 'dns', 'dhcpv4'], forced }));
  const all = documents(sink.text);
  return [
    ...all.filter(({ event }) => event.dataset === 'flow').map(({ network }) => network.protocol),
    `${all.filter(({ event }) => event.dataset === 'dns').length} dns`,
  ];
}

it('without, content decides', async () => expect(await protocols()).toEqual(['dns', undefined, '1 dns']));

it('finds what would not be looked for', async () =>
  expect(await protocols({ transport: 'udp', port: 9_999, protocol: 'dns' })).toEqual(['dns', 'dns', '2 dns']));

it('does not hide what its protocol can not read: content decides again', async () =>
  expect(await protocols({ transport: 'udp', port: 53, protocol: 'dhcpv4' })).toEqual(['dns', undefined, '1 dns']));
