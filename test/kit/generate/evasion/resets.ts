// R1 to R8: resets and ends, real and forged.

import { bytes } from '../../../wire/frames.ts';
import { ANSWER, REST, request, Script } from './script.ts';
import type { Vector } from './vector.ts';

const GOOD = request('GOOD');
const END = 1 + GOOD.length;
/** Option 19 with a signature that nobody agreed on (RFC 2385). */
const MD5 = bytes(1, 1, 19, 18, '00112233445566778899aabbccddeeff');

/** Something in the middle of a request that goes on all the same. */
const between = (add: (script: Script) => Script, ts?: readonly [number, number]): Script => {
  const more = ts === undefined ? {} : { ts };
  const script = new Script().handshake(more).data(1, 'GET /GO', more).acks(8, more);
  return add(script)
    .data(8, `OD${REST}`, more)
    .answers(8 + 2 + REST.length, ANSWER, more);
};
const survives = (events: Readonly<Record<string, number>>) => ({ paths: ['GOOD'], states: ['established'], events });

export const RESETS: readonly Vector[] = [
  {
    id: 'R1',
    what: 'a reset exactly at the next number',
    receiver: 'closes',
    source: 'kernel',
    make: () => new Script().handshake().data(1, 'GET /GO').acks(8).c('R', 8).data(8, `OD${REST}`),
    expected: { paths: [], states: ['reset'], events: {} },
  },
  {
    id: 'R2',
    what: 'a reset in the window, not at the next number',
    receiver: 'answers with an acknowledgment (RFC 5961) and goes on',
    source: 'kernel',
    make: () => between((script) => script.c('R', 100)),
    expected: survives({ 'stream.rst_ignored': 1, 'tcp.rst_ignored': 1 }),
  },
  {
    id: 'R3a',
    what: 'a reset outside the window',
    receiver: 'ignores it',
    source: 'kernel',
    make: () => between((script) => script.c('R', 1_000_000)),
    expected: survives({ 'stream.rst_ignored': 1, 'tcp.rst_ignored': 1 }),
  },
  {
    id: 'R3b',
    what: 'a reset with a wrong checksum',
    receiver: 'drops it',
    source: 'kernel',
    make: () => between((script) => script.c('R', 8, { wrong: 'tcp' })),
    expected: survives({ 'stream.rst_ignored': 1, 'tcp.rst_ignored': 1 }),
  },
  {
    id: 'R3c',
    what: 'a reset with an MD5 signature that nobody agreed on',
    receiver: 'drops it',
    source: 'kernel',
    make: () => between((script) => script.c('R', 8, { options: MD5 })),
    expected: survives({ 'stream.rst_ignored': 1, 'tcp.rst_ignored': 1 }),
  },
  {
    id: 'R4',
    what: 'a reset with an old time stamp',
    receiver: 'closes: the number counts, the time stamp does not',
    source: 'kernel',
    make: () => {
      const ts = [1000, 500] as const;
      return new Script()
        .handshake({ ts })
        .data(1, 'GET /GO', { ts })
        .acks(8, { ts })
        .c('R', 8, { ts: [10, 500] })
        .data(8, `OD${REST}`, { ts });
    },
    expected: { paths: [], states: ['reset'], events: {} },
  },
  {
    id: 'R5',
    what: 'a reset with a text in it',
    receiver: 'closes; the text is no data',
    source: 'kernel',
    make: () =>
      new Script()
        .handshake()
        .data(1, GOOD)
        .answers(END)
        .c('RA', END, { ack: 1 + ANSWER.length, data: 'Access Denied' }),
    expected: { paths: ['GOOD'], states: ['reset'], events: { 'stream.rst_data': 1 } },
  },
  {
    id: 'R6',
    what: 'a reset before the data is acknowledged',
    receiver: 'has the data',
    source: 'kernel',
    make: () => new Script().handshake().data(1, GOOD).c('R', END),
    expected: { paths: ['GOOD'], states: ['reset'], events: {} },
  },
  {
    id: 'R7',
    what: 'a forged reset of the server, then its SYN-ACK and its answer',
    receiver: 'depends on which came first',
    source: 'standard',
    make: () => new Script().c('S', 0, { ack: -5000 }).s('RA', -5000).s('SA', 0).c('A', 1).data(1, GOOD).answers(END),
    expected: { paths: ['GOOD'], codes: [200], states: ['established'], events: { 'tcp.refusal_ignored': 1 } },
  },
  {
    id: 'R8a',
    what: 'data behind the FIN',
    receiver: 'discards them',
    source: 'kernel',
    make: () =>
      new Script()
        .handshake()
        .data(1, GOOD)
        .c('FA', END)
        .data(END + 1, request('EVIL'))
        .data(END, request('EVIL'))
        .answers(END + 1),
    expected: { paths: ['GOOD'], events: { 'stream.beyond_fin': 2 } },
  },
  {
    id: 'R8b',
    what: 'the FIN again at another place',
    receiver: 'keeps to the first',
    source: 'kernel',
    make: () =>
      new Script()
        .handshake()
        .data(1, GOOD)
        .c('FA', END)
        .c('FA', END + 50)
        .answers(END + 1),
    expected: { paths: ['GOOD'], events: { 'stream.fin_moved': 1 } },
  },
];
