// T1 to T8: segments that claim the same bytes. The contested bytes are the path of a request.

import { TCP_POLICIES } from '../../../../src/stream/overlap.ts';
import { ANSWER, REST, request, Script } from './script.ts';
import { byPolicy, type Expected, type Vector } from './vector.ts';

const HEAD = 'GET /';
const PATH_AT = 1 + HEAD.length;

/** Pieces of a path at offsets of it, out of order: what comes before them is sent last. */
function pieces(list: readonly (readonly [at: number, text: string])[], first: number, length: number): Script {
  const script = new Script().handshake();
  const at = (offset: number) => PATH_AT + offset - first;
  for (const [offset, letters] of list) script.data(at(offset), letters);
  // The holes between them, so that the path is whole.
  const covered = new Set(list.flatMap(([offset, letters]) => [...letters].map((_, i) => offset + i)));
  for (let i = 0; i < length; i++) if (!covered.has(first + i)) script.data(at(first + i), '.');
  const end = PATH_AT + length;
  return script
    .data(end, REST)
    .data(1, HEAD)
    .answers(end + REST.length);
}

const STARTS_BEFORE = [
  [16, 'B'],
  [22, 'D'],
  [25, 'EE'],
  [15, 'AA'],
  [14, 'JJJJ'],
  [21, 'LLL'],
  [24, 'MMM'],
] as const;
const STARTS_SAME = [
  [18, 'CCC'],
  [32, 'HH'],
  [34, 'I'],
  [18, 'KKK'],
  [18, 'LLLL'],
  [32, 'P'],
  [34, 'QQ'],
] as const;
const STARTS_AFTER = [
  [12, 'AA'],
  [27, 'FFF'],
  [30, 'GG'],
  [13, 'JJ'],
  [31, 'O'],
  [28, 'N'],
] as const;

const conflicts = (path: string, n: number): Expected => ({ paths: [path], events: { 'stream.overlap_conflict': n } });
const LIKE_BSD = ['bsd', 'windows', 'macos', 'irix', 'hpux10'] as const;
const LIKE_LINUX = ['linux', 'old-linux'] as const;
const LIKE_SOLARIS = ['solaris', 'hpux11'] as const;

export const OVERLAPS: readonly Vector[] = [
  {
    id: 'T1',
    what: 'the next bytes, then others in their place',
    receiver: 'keeps what it has passed on; no host can take it back',
    source: 'kernel',
    make: () =>
      new Script()
        .handshake()
        .data(1, 'GET /GOOD')
        .data(1, 'GET /EVIL')
        .data(10, REST)
        .answers(10 + REST.length),
    expected: conflicts('GOOD', 1),
    under: byPolicy([[TCP_POLICIES, conflicts('GOOD', 1)]]),
  },
  {
    id: 'T2',
    what: 'Novak and Sturges: pieces that start before those that wait',
    receiver: 'by system',
    source: 'kernel',
    make: () => pieces(STARTS_BEFORE, 14, 13),
    expected: conflicts('JABJ...LDLMEE', 4),
    under: byPolicy([
      [['first', 'vista'], conflicts('JABJ...LDLMEE', 4)],
      [[...LIKE_BSD, ...LIKE_LINUX, ...LIKE_SOLARIS, 'last'], conflicts('JJJJ...LLLMMM', 4)],
    ]),
  },
  {
    id: 'T3',
    what: 'Novak and Sturges: pieces that start with those that wait',
    receiver: 'by system',
    source: 'kernel',
    make: () => pieces(STARTS_SAME, 18, 18),
    expected: conflicts('CCCL..........HHIQ', 4),
    under: byPolicy([
      [['first', 'vista', ...LIKE_BSD], conflicts('CCCL..........HHIQ', 4)],
      // HH and I lie side by side: Linux has made one of them when QQ comes.
      [['linux'], conflicts('LLLL..........HHIQ', 4)],
      [['old-linux', ...LIKE_SOLARIS], conflicts('LLLL..........HHQQ', 4)],
      [['last'], conflicts('LLLL..........PHQQ', 4)],
    ]),
  },
  {
    id: 'T4',
    what: 'Novak and Sturges: pieces that start after those that wait',
    receiver: 'by system',
    source: 'kernel',
    make: () => pieces(STARTS_AFTER, 12, 20),
    expected: conflicts('AAJ............FFFGG', 3),
    under: byPolicy([
      [['first', 'vista', ...LIKE_BSD, ...LIKE_LINUX], conflicts('AAJ............FFFGG', 3)],
      [LIKE_SOLARIS, conflicts('AJJ............FFFGG', 3)],
      [['last'], conflicts('AJJ............FNFGO', 3)],
    ]),
  },
  {
    id: 'T5',
    what: 'a forged answer of 43 bytes before the real, longer one (Quantum Insert)',
    receiver: 'takes the forged bytes, and the real ones behind them',
    source: 'standard',
    make: () => {
      const forged = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n     ';
      const real = `HTTP/1.1 404 Not Found\r\nContent-Length: 297\r\n\r\n${'x'.repeat(297)}`;
      return new Script()
        .handshake()
        .data(1, request('quantum'))
        .answers(1 + request('quantum').length, forged, { ttl: 56 })
        .answers(1 + request('quantum').length, real);
    },
    expected: {
      paths: ['quantum'],
      codes: [200],
      isToldBefore: true,
      events: { 'stream.overlap_conflict': 1, 'stream.ttl_mismatch': 1 },
      flow: { netscribe: { tcp: { events: ['overlap_conflict', 'ttl_mismatch'] } } },
    },
  },
  {
    id: 'T6',
    what: 'sent again with other boundaries and the same bytes',
    receiver: 'takes each byte once',
    source: 'kernel',
    make: () =>
      new Script()
        .handshake()
        .data(1, 'GET /GO')
        .data(1, 'GET /GOOD')
        .data(5, '/GOOD')
        .data(10, REST)
        .answers(10 + REST.length, ANSWER),
    expected: { paths: ['GOOD'], events: {}, flow: { netscribe: { source: { retransmissions: 1 } } } },
  },
  {
    id: 'T8',
    what: 'a FIN without ACK before the data (CVE-2019-18792)',
    receiver: 'drops a segment without ACK',
    source: 'kernel',
    make: () =>
      new Script()
        .handshake()
        .c('F', 1)
        .data(1, request('DATA'))
        .answers(1 + request('DATA').length),
    expected: { paths: ['DATA'], states: ['established'], events: { 'tcp.fin_no_ack': 1, 'stream.fin_no_ack': 1 } },
  },
];
