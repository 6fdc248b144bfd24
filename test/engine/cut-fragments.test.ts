// What fragments still tell when the snap length cut them: the begin of a message over UDP, and how long it was.

import { expect, it } from 'vitest';
import { makePlan } from '../../src/engine/plan.ts';
import { run } from '../../src/engine/run.ts';
import { documents, MemorySink } from '../kit/engine.ts';
import { ip, MadeSource, onEthernet, udpDatagram, udpFrame } from '../kit/packets.ts';
import { query, response } from '../protocols/dns/build.ts';

it('a response of DNS in fragments is paired with its query', async () => {
  const long = { name: 'a.example', type: 16, rdata: Buffer.alloc(3000, 'x') };
  const answer = response('a.example', [long], { type: 16 });
  const datagram = udpDatagram(53, 40_000, answer);
  const back = { from: '10.0.0.2', to: '10.0.0.1', id: 77 };
  const fragments = [0, 1480, 2960].map((at) => {
    const last = at + 1480 >= datagram.length;
    return onEthernet(ip(17, datagram.subarray(at, at + 1480), { ...back, fragment: (last ? 0 : 0x2000) | (at / 8) }));
  });
  const packets = [udpFrame(40_000, 53, { payload: query('a.example', 16) }), ...fragments].map((frame, i) => ({
    at: i / 1000,
    bytes: frame.subarray(0, 96),
    wireLength: frame.length,
  }));
  const sink = new MemorySink();
  await run(new MadeSource(packets), [sink], makePlan({ records: ['dns', 'flow'] }));
  const [first, second] = documents(sink.text).sort((a, b) => (a.event.dataset < b.event.dataset ? -1 : 1));
  expect(first).toMatchObject({
    source: { port: 40_000 },
    destination: { port: 53, bytes: answer.length },
    dns: { response_code: 'NOERROR', question: { name: 'a.example', type: 'TXT' } },
    netscribe: { dns: { cut: true } },
  });
  expect(second).toMatchObject({
    destination: { port: 53, packets: 3, bytes: fragments.reduce((sum, frame) => sum + frame.length, 0) },
    netscribe: { destination: { payload_bytes: answer.length } },
  });
});
