// H1 to H9: how connections begin, and how they pretend to.

import { ANSWER, REST, request, Script } from './script.ts';
import type { Vector } from './vector.ts';

const GOOD = request('GOOD');
const END = 1 + GOOD.length;
const exchange = (script: Script, path = 'GOOD'): Script =>
  script.data(1, request(path)).answers(1 + request(path).length);

export const HANDSHAKES: readonly Vector[] = [
  {
    id: 'H1',
    what: 'a forged refusal and a forged end before the real SYN-ACK (CVE-2019-18625)',
    receiver: 'ignores them: the echoed time stamp is none that it sent',
    source: 'standard',
    make: () =>
      exchange(
        new Script()
          .c('S', 0, { ack: -5000, ts: [7, 0] })
          .s('RA', 7, { ts: [100, 100] })
          .s('FA', 7, { ts: [100, 100] })
          .c('R', 1)
          .s('SA', 0, { ts: [500, 7] })
          .c('A', 1, { ts: [8, 500] }),
      ),
    expected: {
      paths: ['GOOD'],
      states: ['established'],
      events: { 'tcp.refusal_ignored': 1, 'tcp.odd_flags': 1 },
    },
  },
  {
    id: 'H2a',
    what: 'data in the SYN, not acknowledged',
    receiver: 'does not take them',
    source: 'kernel',
    make: () => exchange(new Script().c('S', 0, { ack: -5000, data: 'PUT /EVIL ' }).s('SA', 0).c('A', 1)),
    expected: {
      paths: ['GOOD'],
      events: { 'stream.syn_data': 1, 'stream.overlap_conflict': 1 },
    },
  },
  {
    id: 'H2b',
    what: 'data in the SYN, acknowledged (TCP Fast Open)',
    receiver: 'takes them',
    source: 'standard',
    make: () =>
      new Script()
        .c('S', 0, { ack: -5000, data: 'GET ' })
        .s('SA', 0, { ack: 5 })
        .c('A', 5)
        .data(5, GOOD.slice(4))
        .answers(END),
    expected: { paths: ['GOOD'], events: { 'stream.syn_data': 1, 'stream.doubt_believed': 1 } },
  },
  {
    id: 'H3a',
    what: 'split handshake in four: a SYN answered by a SYN',
    receiver: 'opens the connection',
    source: 'standard',
    make: () => exchange(new Script().c('S', 0, { ack: -5000 }).s('S', 0, { ack: -1000 }).c('SA', 0).s('A', 1)),
    expected: { paths: ['GOOD'], states: ['established'], events: { 'tcp.both_syn': 1 } },
  },
  {
    id: 'H3b',
    what: 'split handshake in five: acknowledged first, then a SYN',
    receiver: 'opens the connection',
    source: 'standard',
    make: () =>
      exchange(new Script().c('S', 0, { ack: -5000 }).s('A', 0).s('S', 0, { ack: -1000 }).c('SA', 0).s('A', 1)),
    expected: { paths: ['GOOD'], states: ['established'], events: { 'tcp.both_syn': 1 } },
  },
  {
    id: 'H4',
    what: 'simultaneous open',
    receiver: 'opens the connection; the client is who sent the first SYN',
    source: 'standard',
    make: () =>
      exchange(new Script().c('S', 0, { ack: -5000 }).s('S', 0, { ack: -1000 }).c('SA', 0).s('SA', 0), 'EVIL'),
    expected: {
      paths: ['EVIL'],
      states: ['established'],
      events: { 'tcp.both_syn': 1 },
      flow: { source: { ip: '10.0.0.1' } },
    },
  },
  {
    id: 'H5',
    what: 'two SYNs with different numbers, the second one answered',
    receiver: 'answers the first it hears',
    source: 'standard',
    make: () => {
      const script = new Script();
      script.clientIsn = 9000;
      return exchange(script.c('S', -8000, { ack: -5000 }).c('S', 0, { ack: -5000 }).s('SA', 0).c('A', 1));
    },
    expected: { paths: ['GOOD'], states: ['established'], events: { 'tcp.syn_moved': 1 } },
  },
  {
    id: 'H5b',
    what: 'the same, the first one answered',
    receiver: 'answers the first it hears',
    source: 'kernel',
    make: () => exchange(new Script().c('S', 0, { ack: -5000 }).c('S', 8000, { ack: -5000 }).s('SA', 0).c('A', 1)),
    expected: { paths: ['GOOD'], states: ['established'], events: { 'tcp.syn_moved': 1 } },
  },
  {
    id: 'H6',
    what: 'two SYN-ACKs with different numbers',
    receiver: 'the acknowledged one counts',
    source: 'standard',
    make: () => {
      const script = new Script();
      script.serverIsn = 7000;
      return exchange(script.c('S', 0, { ack: -7000 }).s('SA', -2000).s('SA', 0).c('A', 1));
    },
    expected: { paths: ['GOOD'], codes: [200], states: ['established'], events: { 'tcp.synack_moved': 1 } },
  },
  {
    id: 'H7a',
    what: 'from the middle',
    receiver: '–',
    source: 'standard',
    make: () => exchange(new Script()),
    expected: { paths: ['GOOD'], codes: [200], states: ['partial'], events: {} },
  },
  {
    id: 'H7b',
    what: 'the SYN-ACK is the first packet',
    receiver: '–',
    source: 'standard',
    make: () => exchange(new Script().s('SA', 0).c('A', 1)),
    expected: {
      paths: ['GOOD'],
      states: ['established'],
      events: {},
      flow: { source: { ip: '10.0.0.1' } },
    },
  },
  {
    id: 'H7c',
    what: 'one direction only',
    receiver: '–',
    source: 'standard',
    make: () => new Script().c('S', 0, { ack: -5000 }).c('A', 1).data(1, GOOD).c('FA', END),
    expected: { paths: ['GOOD'], codes: [undefined], events: {} },
  },
  {
    id: 'H8a',
    what: 'the same ports again: closed, then a SYN with a higher number',
    receiver: 'opens a new connection',
    source: 'kernel',
    make: () => reused(50_000),
    expected: { paths: ['GOOD', 'NEXT'], flows: 2, states: ['closed', 'established'], events: {} },
  },
  {
    id: 'H8b',
    what: 'the same with a lower number, refused',
    receiver: 'acknowledges the old connection, opens nothing',
    source: 'kernel',
    make: () =>
      closed()
        .c('S', -500, { ack: -5000 })
        .s('A', 2 + ANSWER.length, { ack: CLOSED_END + 1 }),
    expected: { paths: ['GOOD'], flows: 1, states: ['closed'], events: { 'tcp.syn_ignored': 1 } },
  },
  {
    id: 'H8c',
    what: 'the same with a lower number, answered all the same',
    receiver: 'opened a new connection, whatever the rule',
    source: 'standard',
    make: () => reused(-500),
    expected: {
      paths: ['GOOD', 'NEXT'],
      flows: 2,
      states: ['closed', 'established'],
      events: { 'tcp.syn_ignored': 1 },
    },
  },
  {
    id: 'H8d',
    what: 'a SYN into an open connection',
    receiver: 'answers with an acknowledgment (RFC 5961) and goes on',
    source: 'kernel',
    make: () =>
      new Script()
        .handshake()
        .data(1, 'GET /GO')
        .c('S', 77_000, { ack: -5000 })
        .acks(8)
        .data(8, `OD${REST}`)
        .answers(8 + 2 + REST.length),
    expected: {
      paths: ['GOOD'],
      states: ['established'],
      events: { 'tcp.syn_ignored': 1, 'stream.syn_ignored': 1 },
    },
  },
  {
    id: 'H9a',
    what: 'five SYNs, no answer',
    receiver: '–',
    source: 'standard',
    make: () => {
      const script = new Script();
      for (let i = 0; i < 5; i++) script.c('S', 0, { ack: -5000, after: i });
      return script;
    },
    expected: { states: ['syn_sent'], events: {}, flow: { netscribe: { source: { retransmissions: 4 } } } },
  },
  {
    id: 'H9b',
    what: 'a SYN, refused',
    receiver: 'refuses',
    source: 'kernel',
    make: () => new Script().c('S', 0, { ack: -5000 }).s('RA', -5000),
    expected: { states: ['rejected'], events: {} },
  },
];

const CLOSED = GOOD.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
const CLOSED_END = 1 + CLOSED.length;

/** The server closes first, so that it is the one who waits for stragglers (TIME_WAIT). */
function closed(): Script {
  return new Script()
    .handshake()
    .data(1, CLOSED)
    .answers(CLOSED_END)
    .s('FA', 1 + ANSWER.length, { ack: CLOSED_END })
    .c('FA', CLOSED_END, { ack: 2 + ANSWER.length })
    .s('A', 2 + ANSWER.length, { ack: CLOSED_END + 1 });
}

/** A second connection on the same ports whose client number is `ahead` of the first one's. */
function reused(ahead: number): Script {
  const next = request('NEXT');
  const script = closed().c('S', ahead, { ack: -5000 });
  script.serverIsn = 95_000;
  return script
    .s('SA', 0, { ack: ahead + 1 })
    .c('A', ahead + 1)
    .data(ahead + 1, next)
    .answers(ahead + 1 + next.length);
}
