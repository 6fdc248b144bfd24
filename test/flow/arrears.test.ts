// The reports of an interval that come while packets go on say what they say when all are made at once.

import { expect, test } from 'vitest';
import fc, { often } from '../kit/arbitrary.ts';
import { type FlowDocument, FlowKit } from './flow-kit.ts';
import { connection, udp } from './traffic.ts';

/** By what caused them, and what caused the flow: the order of output. */
const inOrder = (documents: readonly FlowDocument[]) =>
  documents.toSorted((a, b) => {
    const [[phaseA, numberA], [phaseB, numberB]] = [a.cause.split(' '), b.cause.split(' ')];
    return (
      Number(numberA) - Number(numberB) ||
      (phaseA < phaseB ? 1 : phaseA > phaseB ? -1 : 0) ||
      a.firstPacket - b.firstPacket
    );
  });

const step = fc.record({
  client: fc.nat(30),
  v6: fc.boolean(),
  kind: fc.constantFrom('udp', 'udp', 'answer', 'handshake', 'data', 'reset'),
  wait: fc.constantFrom(0, 0, 0.1, 1, 9, 40),
});

test('every report is made once, before anything of the next interval is counted', () => {
  let rolled = 0;
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 80 }),
      fc.infiniteStream(fc.constantFrom(false, false, true)),
      fc.constantFrom(0, 2, 5),
      (steps, turns, pauseEvery) => {
        let at = 0;
        const packets = steps.flatMap(({ client, v6, kind, wait }) => {
          at += wait;
          const [from, to] = v6 ? ['2001:db8::1', '2001:db8::2'] : ['10.0.0.1', '10.0.0.2'];
          const tcp = connection(40_000 + client, from, to);
          if (kind === 'udp') return [udp(at, client, { from, to })];
          if (kind === 'answer') return [udp(at, client, { from: to, to: from })];
          if (kind === 'handshake') return tcp.handshake(at).packets;
          return (kind === 'data' ? tcp.c(at, 'PA', 1, 1, 'abc') : tcp.c(at, 'RA', 4)).packets;
        });
        const options = { intervalSeconds: 10, maxFlows: 128, timeoutSeconds: 30 };
        const whole = new FlowKit(options, [1, 2], 16).play(packets).end();
        const kit = new FlowKit(options, [1, 2], 16, true);
        const next = turns[Symbol.iterator]();
        kit.catchUp = () => {
          if (kit.tracker.isBehind) rolled++;
          return next.next().value === true;
        };
        kit.pauseEvery = pauseEvery;
        expect(inOrder(kit.play(packets).end())).toEqual(inOrder(whole));
      },
    ),
    { numRuns: often(100) },
  );
  expect(rolled).toBeGreaterThan(5);
});

test('nothing is left to report when all have', () => {
  const kit = new FlowKit({ intervalSeconds: 10 }, [1, 2], 16, true);
  kit.play(Array.from({ length: 40 }, (_, n) => udp(1, n)));
  expect(kit.tracker.isBehind).toBe(false);
  kit.play([udp(11, 0)]);
  expect(kit.documents.map(({ reason, cause }) => [reason, cause])).toEqual([['interval', 'interval 41']]);
  expect(kit.tracker.isBehind).toBe(true);
  while (!kit.tracker.catchUp());
  expect(kit.tracker.isBehind).toBe(false);
  expect(kit.documents).toHaveLength(40);
  expect(new Set(kit.documents.map(({ cause }) => cause))).toEqual(new Set(['interval 41']));
});
