// V1 to V14: segments that their receiver refuses, or reads otherwise than they look.

import { STREAM_DEFAULTS } from '../../../../src/stream/options.ts';
import { bytes } from '../../../wire/frames.ts';
import { ANSWER, REST, request, Script, type StepFields } from './script.ts';
import type { Expected, Vector } from './vector.ts';

const GOOD = request('GOOD');
const END = 1 + GOOD.length;
const at = 6;

/** A wrong copy of the path, then the right one; `fields` are the wrong one's. */
const twice = (fields: StepFields, flags = 'PA', usual: StepFields = {}, later = usual): Script =>
  new Script()
    .handshake(usual)
    .data(1, 'GET /', usual)
    .acks(at, usual)
    .c(flags, at, { data: 'EVIL', ...usual, ...fields })
    .data(at, 'GOOD', later)
    .data(at + 4, REST, later)
    .answers(END, ANSWER, usual);
const good = (doubt: string): Expected => ({
  paths: ['GOOD'],
  events: { [`stream.${doubt}`]: 1, 'stream.overlap_conflict': 1 },
});

/** An old or new time stamp `ahead` of the last. */
const paws = (id: string, ahead: number, isTaken: boolean): Vector => ({
  id,
  what: `a time stamp ${ahead} ahead of the last (PAWS)`,
  receiver: isTaken ? 'takes it' : 'drops it (RFC 7323, with one tick of tolerance)',
  source: 'kernel',
  make: () => {
    const ts = [100_000 + ahead, 500] as const;
    // A sender goes on from where it is; only what was refused leaves no trace.
    return twice({ ts }, 'PA', { ts: [100_000, 500] }, isTaken ? { ts } : undefined);
  },
  expected: isTaken ? { paths: ['EVIL'], events: { 'stream.overlap_conflict': 1 } } : good('doubt_paws'),
});
/** Urgent data in a path: `malic`, two bytes of which the pointer means one, `ious`. */
const urgentRequest = (pointer: number, flags: string): Script =>
  new Script()
    .handshake()
    .data(1, 'GET /malic')
    .c(flags, 11, { data: 'XY', urgent: pointer })
    .data(13, `ious${REST}`)
    .answers(17 + REST.length);
const inline = { name: 'inline', plan: { stream: { ...STREAM_DEFAULTS, urgent: 'inline' as const } } };

export const SEGMENTS: readonly Vector[] = [
  {
    id: 'V1',
    what: 'a wrong TCP checksum, then the right copy',
    receiver: 'drops the wrong one',
    source: 'kernel',
    make: () => twice({ wrong: 'tcp' }),
    expected: good('doubt_checksum'),
    under: [
      {
        name: 'checksums ignored',
        plan: { stream: { ...STREAM_DEFAULTS, checksums: false } },
        expected: { paths: ['EVIL'], events: { 'stream.overlap_conflict': 1 } },
      },
    ],
  },
  {
    id: 'V2a',
    what: 'data without ACK',
    receiver: 'drops them',
    source: 'kernel',
    make: () => twice({}, 'P'),
    expected: {
      paths: ['GOOD'],
      events: { 'stream.doubt_no_ack': 1, 'stream.overlap_conflict': 1, 'tcp.odd_flags': 1 },
    },
  },
  {
    id: 'V2b',
    what: 'data that acknowledge what was never sent',
    receiver: 'drops them',
    source: 'kernel',
    make: () => twice({ ack: 100_000 }),
    expected: good('doubt_unsent_ack'),
  },
  {
    id: 'V2c',
    what: 'data with an acknowledgment from long ago',
    receiver: 'drops them',
    source: 'kernel',
    make: () => twice({ ack: -200_000 }),
    expected: good('doubt_old_ack'),
  },
  {
    id: 'V3a',
    what: 'data beyond the window',
    receiver: 'drops them',
    source: 'kernel',
    make: () =>
      new Script()
        .handshake()
        .data(1, 'GET /')
        .acks(at)
        .data(at + 1_000_000, 'EVIL')
        .data(at, `GOOD${REST}`)
        .answers(END),
    expected: { paths: ['GOOD'], events: { 'stream.doubt_window': 1, 'stream.doubt_refused': 1 } },
  },
  {
    id: 'V3b',
    what: 'data that begin one byte before the window',
    receiver: 'takes what is new',
    source: 'kernel',
    make: () =>
      new Script()
        .handshake()
        .data(1, 'GET /')
        .acks(at)
        .data(at - 1, `/GOOD${REST}`)
        .answers(END),
    expected: { paths: ['GOOD'], events: {} },
  },
  {
    id: 'V3c',
    what: 'data wholly before the window, other ones than were sent',
    receiver: 'drops them',
    source: 'kernel',
    make: () =>
      new Script().handshake().data(1, 'GET /').acks(at).data(1, 'PUT /').data(at, `GOOD${REST}`).answers(END),
    expected: { paths: ['GOOD'], events: { 'stream.overlap_conflict': 1 } },
  },
  {
    id: 'V3d',
    what: 'a window scale of 15',
    receiver: 'takes it for 14',
    source: 'standard',
    make: () => scaled(15, 14, 60_000 * 2 ** 14 - 100),
    expected: { paths: ['GOOD'], events: { 'stream.gap': 1, 'stream.gap_bytes': 983_039_874 } },
  },
  {
    id: 'V3e',
    what: 'a window scale of one side only',
    receiver: 'does not scale',
    source: 'standard',
    make: () => scaled(undefined, 7, 100_000),
    expected: { paths: ['GOOD'], events: { 'stream.doubt_window': 1, 'stream.doubt_refused': 1 } },
  },
  paws('V4a', -2, false),
  paws('V4b', -1, true),
  paws('V4c', 0, true),
  paws('V4d', 2 ** 31 - 1, true),
  paws('V4e', 2 ** 31, true),
  paws('V4f', 2 ** 31 + 1, false),
  {
    id: 'V5',
    what: 'keep-alives, with a byte of garbage and without',
    receiver: 'acknowledges, takes nothing',
    source: 'kernel',
    make: () =>
      new Script()
        .handshake()
        .data(1, 'GET /')
        .acks(at)
        .c('A', at - 1)
        .acks(at)
        .c('A', at - 1, { data: 'X' })
        .acks(at)
        .data(at, `GOOD${REST}`)
        .answers(END),
    expected: { paths: ['GOOD'], events: { 'stream.keepalive': 2 } },
  },
  {
    id: 'V6',
    what: 'a byte into a window of zero, refused and then taken',
    receiver: 'takes it once',
    source: 'standard',
    make: () =>
      new Script()
        .c('S', 0, { ack: -5000 })
        .s('SA', 0, { window: 5 })
        .c('A', 1)
        .data(1, 'GET /')
        .acks(at, { window: 0 })
        .data(at, 'G')
        .acks(at, { window: 0 })
        .acks(at, { window: 64240 })
        .data(at, `GOOD${REST}`)
        .answers(END),
    expected: {
      paths: ['GOOD'],
      events: { 'stream.doubt_window': 1 },
      flow: { netscribe: { destination: { zero_windows: 2 } } },
    },
  },
  ...[0xffff_fff0, 0xffff_ffff].map(
    (isn, i): Vector => ({
      id: `V7${'ab'[i]}`,
      what: `an initial number of ${isn.toString(16)}: the numbers wrap`,
      receiver: 'goes on',
      source: 'kernel',
      make: () => {
        const script = new Script();
        script.clientIsn = isn;
        return script
          .handshake()
          .data(1, 'GET /')
          .data(at, 'GOOD')
          .data(at + 4, REST)
          .answers(END);
      },
      expected: { paths: ['GOOD'], events: {} },
    }),
  ),
  {
    id: 'V8',
    what: 'data at the initial number itself',
    receiver: 'leaves the first byte out',
    source: 'kernel',
    make: () => new Script().handshake().data(0, `X${GOOD}`).answers(END),
    expected: { paths: ['GOOD'], events: {} },
  },
  {
    id: 'V9',
    what: 'a hole that is acknowledged and never filled',
    receiver: 'had the bytes: the capture lacks them',
    source: 'standard',
    make: () => {
      const script = new Script().handshake().data(1, GOOD).answers(END);
      const next = END + 1000;
      script.data(next, request('NEXT'), { ack: 1 + ANSWER.length });
      // What is missing was a request, too, and is answered first.
      return script.s('PA', 1 + ANSWER.length, { ack: next + request('NEXT').length, data: ANSWER + ANSWER });
    },
    expected: {
      paths: ['GOOD', undefined, 'NEXT'],
      codes: [200, 200, 200],
      events: { 'stream.gap': 1, 'stream.gap_bytes': 1000 },
    },
  },
  {
    id: 'V10',
    what: 'single bytes, the last one first',
    receiver: 'puts them in order',
    source: 'kernel',
    make: () => {
      const script = new Script().handshake();
      for (let i = GOOD.length - 1; i >= 0; i--) script.data(1 + i, GOOD[i]);
      return script.answers(END);
    },
    expected: { paths: ['GOOD'], events: {} },
  },
  {
    id: 'V11',
    what: 'urgent data in the middle: XY with a pointer of 2',
    receiver: 'reads X; Y is out of band',
    source: 'kernel',
    make: () => urgentRequest(2, 'PAU'),
    expected: { paths: ['malicXious'], events: { 'stream.urgent': 1 } },
    under: [{ ...inline, expected: { paths: ['malicXYious'], events: { 'stream.urgent': 1 } } }],
  },
  {
    id: 'V12a',
    what: 'an urgent pointer past its segment',
    receiver: 'leaves out the byte that it means, in the next one',
    source: 'kernel',
    make: () => urgentRequest(4, 'PAU'),
    expected: { paths: ['malicXYius'], events: { 'stream.urgent': 1 } },
  },
  {
    id: 'V12b',
    what: 'an urgent pointer without URG',
    receiver: 'does not look at it',
    source: 'kernel',
    make: () => urgentRequest(2, 'PA'),
    expected: { paths: ['malicXYious'], events: {} },
  },
  {
    id: 'V12c',
    what: 'an urgent pointer of zero',
    receiver: 'leaves out the first byte',
    source: 'kernel',
    make: () => urgentRequest(0, 'PAU'),
    expected: { paths: ['malicYious'], events: { 'stream.urgent': 1 } },
  },
  ...[
    ['', 'no flag at all'],
    ['FPU', 'FIN, PSH and URG (Xmas)'],
    ['SF', 'SYN and FIN'],
    ['SR', 'SYN and RST'],
  ].map(
    ([flags, what], i): Vector => ({
      id: `V13${'abcd'[i]}`,
      what: `${what}, in an open connection`,
      receiver: 'drops it or answers; nothing changes',
      source: 'kernel',
      make: () =>
        new Script()
          .handshake()
          .data(1, 'GET /')
          .acks(at)
          .c(flags, at + 70_000)
          .data(at, `GOOD${REST}`)
          .answers(END),
      expected: {
        paths: ['GOOD'],
        states: ['established'],
        events:
          flags === 'FPU'
            ? { 'tcp.fin_no_ack': 1, 'stream.fin_no_ack': 1 }
            : flags.includes('S')
              ? { 'tcp.odd_flags': 1, 'stream.syn_ignored': 1 }
              : { 'tcp.odd_flags': 1 },
      },
    }),
  ),
  {
    id: 'V13e',
    what: 'SYN and FIN as the first packet',
    receiver: 'drops it',
    source: 'kernel',
    make: () => new Script().c('SF', 0, { ack: -5000 }),
    expected: { states: ['partial'], events: { 'tcp.odd_flags': 1 } },
  },
  {
    id: 'V14a',
    what: 'an option of length 0',
    receiver: 'reads no option behind it, and takes the data',
    source: 'kernel',
    make: () => twice({ options: bytes(8, 0, 0, 0) }),
    expected: { paths: ['EVIL'], events: { 'stream.bad_options': 1, 'stream.overlap_conflict': 1 } },
  },
  {
    id: 'V14b',
    what: 'an option that runs over its end',
    receiver: 'the same',
    source: 'kernel',
    make: () => twice({ options: bytes(1, 1, 8, 10) }),
    expected: { paths: ['EVIL'], events: { 'stream.bad_options': 1, 'stream.overlap_conflict': 1 } },
  },
  {
    id: 'V14c',
    what: 'a header length of 4 words',
    receiver: 'drops it',
    source: 'kernel',
    make: () => twice({ headerWords: 4 }),
    expected: { paths: ['GOOD'], events: { 'fault.malformed.tcp': 1 } },
  },
  {
    id: 'V14d',
    what: 'a header length beyond the packet',
    receiver: 'drops it',
    source: 'kernel',
    make: () => twice({ headerWords: 15 }),
    expected: { paths: ['GOOD'], events: { 'fault.malformed.tcp': 1 } },
  },
];

/** The server's window is 60,000 units of its scale; data comes at `beyond`, in it or not. */
function scaled(client: number | undefined, server: number, beyond: number): Script {
  const scale = (shift: number | undefined) => (shift === undefined ? {} : { options: bytes(1, 3, 3, shift) });
  return new Script()
    .c('S', 0, { ack: -5000, ...scale(client) })
    .s('SA', 0, { window: 60_000, ...scale(server) })
    .c('A', 1)
    .data(1, 'GET /')
    .acks(at, { window: 60_000 })
    .data(at + beyond, 'EVIL')
    .data(at, `GOOD${REST}`)
    .answers(END);
}
