// I1 to I14: datagrams in pieces, and what IP headers pretend. Whole ones are DNS queries or TCP with a request.

import { DISSECT_DEFAULTS } from '../../../../src/engine/plan.ts';
import { STREAM_DEFAULTS } from '../../../../src/stream/options.ts';
import { FRAGMENT_POLICIES } from '../../../../src/stream/overlap.ts';
import { type Bytes, bytes, text, u16, u32 } from '../../../wire/frames.ts';
import { type IpFields, ip, onEthernet, udpDatagram } from '../../packets.ts';
import { CLIENT_PORT, REST, request, Script, SERVER_PORT, sealed, tcpSegment } from './script.ts';
import type { Expected, FragmentPolicy, Vector } from './vector.ts';

const MORE = 0x2000;
const GOOD = request('GOOD');
const END = 1 + GOOD.length;

/** A DNS query for `name` under example.org, as UDP with its checksum. */
export function query(name: string, between: IpFields = {}): Bytes {
  const labels = [name, 'example', 'org'].map((label) => bytes(label.length, text(label)));
  const question = bytes(u16(7), u16(0x0100), u16(1), u16(0), u16(0), u16(0), ...labels, 0, u16(1), u16(1));
  const isV6 = between.from !== undefined;
  return sealed(ip(17, udpDatagram(50_000, 53, question), between)).subarray(isV6 ? 40 : 20);
}

type Fragment = readonly [
  from: number,
  to: number,
  options?: { last?: boolean; id?: number; vlan?: number; of?: Bytes },
];

/** [from, to) of a datagram's payload as an IPv4 fragment. */
export function fragment(
  whole: Bytes,
  from: number,
  to: number,
  last = to >= whole.length,
  fields: IpFields & { protocol?: number } = {},
): Bytes {
  return sealed(
    ip(fields.protocol ?? 17, whole.subarray(from, to), {
      id: 77,
      ...fields,
      fragment: (from >> 3) | (last ? 0 : MORE),
    }),
  );
}
function fragment6(whole: Bytes, from: number, to: number, last = to >= whole.length, id = 9): Bytes {
  return ip(44, bytes(17, 0, u16(from | (last ? 0 : 1)), u32(id), whole.subarray(from, to)), {
    from: '2001:db8::1',
    to: '2001:db8::2',
  });
}

function captured(packets: readonly Bytes[], after = 0.001): Script {
  const script = new Script();
  for (const packet of packets) script.frames.push({ bytes: onEthernet(packet), after });
  return script;
}
const parts = (whole: Bytes, list: readonly Fragment[]): Bytes[] =>
  list.map(([from, to, options]) => fragment(options?.of ?? whole, from, to, options?.last ?? to >= whole.length));

/** Novak's seventeen fragments in units of eight bytes, each a letter; the last eight are the begin of nothing. */
const NOVAK = [
  'A 3 0',
  'B 2 4',
  'C 3 6',
  'D 1 10',
  'E 2 13',
  'F 3 15',
  'G 2 18',
  'H 2 20',
  'I 1 22',
  'J 4 1',
  'K 3 6',
  'L 3 9',
  'M 3 12',
  'N 1 16',
  'O 1 19',
  'P 1 20',
  'Q 2 22',
].map((line) => line.split(' ')) as [string, string, string][];

const policy = (name: FragmentPolicy) => ({
  dissect: { ...DISSECT_DEFAULTS, defragment: { ...DISSECT_DEFAULTS.defragment, policy: name } },
});

/** Novak's answers as host names: UDP and DNS header, and the letters as a label of 62 bytes. */
const ANSWERS: Readonly<Record<FragmentPolicy, string>> = {
  bsd: 'AAAJJBCCCLLLMMMFFFGGHHIQ',
  linux: '',
  'old-linux': 'AAAJJBKKKLLLMMMFFFGGPHQQ',
  windows: 'AAAJBBCCCLLLMEEFFFGGHHIQ',
  solaris: 'AAAJBBCCCLLLMMMFFFGGHHIQ',
  first: 'AAAJBBCCCLDLMEEFFFGGHHIQ',
  last: 'AJJJJBKKKLLLMMMFNFGOPHQQ',
};

/** The seventeen fragments of a TCP segment: their letters are those of a path, behind 40 bytes of header and `GET /` and dots. */
export function novak(): Script {
  const head = tcpSegment(CLIENT_PORT, SERVER_PORT, 1001, 5001, { flags: 'PA', data: `GET /${'.'.repeat(15)}` });
  const script = new Script().handshake();
  script.frames.push({ bytes: onEthernet(fragment(head, 0, 40, false, { protocol: 6 })), after: 0.001 });
  for (const [letter, units, at] of NOVAK) {
    const from = 40 + Number(at) * 8;
    const whole = new Uint8Array(from + Number(units) * 8).fill(letter.charCodeAt(0));
    script.frames.push({
      bytes: onEthernet(fragment(whole, from, whole.length, letter === 'Q', { protocol: 6 })),
      after: 0.001,
    });
  }
  return script;
}
function novakPath(name: FragmentPolicy): string {
  return `${'.'.repeat(15)}${[...ANSWERS[name]].map((letter) => letter.repeat(8)).join('')}`;
}
/** The rest of the request, and the answer. */
function withRest(script: Script, length: number): Script {
  const end = 1 + 5 + length;
  const more = new Script().data(end, REST).answers(end + REST.length);
  for (const step of more.steps) script.frames.push({ bytes: more.frame(step), after: 0.001 });
  return script;
}
const contested = (name: FragmentPolicy, events: Readonly<Record<string, number>>): Expected => ({
  paths: [novakPath(name)],
  events: { 'fragments.conflict': 8, ...events },
});

const WHOLE = query('fragmented');
const CUT = 24;

export const FRAGMENTS: readonly Vector[] = [
  {
    id: 'I1',
    what: "Novak's seventeen fragments in IPv4",
    receiver: 'by system; Linux since 4.19 drops the datagram at the first of them that overlaps',
    source: 'kernel',
    make: () => withRest(novak(), 15 + 192),
    expected: contested('first', { 'stream.doubt_checksum': 1, 'stream.doubt_believed': 1 }),
    under: FRAGMENT_POLICIES.map((name) => ({
      name,
      plan: policy(name),
      expected:
        name === 'linux'
          ? {
              paths: [undefined],
              flows: 2,
              events: {
                'fragments.abandoned': 1,
                'fragments.conflict': 1,
                'fragments.timeout': 1,
                'stream.gap': 1,
                'stream.gap_bytes': 212,
              },
            }
          : contested(name, { 'stream.doubt_checksum': 1, 'stream.doubt_believed': 1 }),
    })),
  },
  {
    id: 'I2',
    what: 'overlapping fragments in IPv6',
    receiver: 'must drop the datagram (RFC 5722)',
    source: 'kernel',
    make: () =>
      captured([
        fragment6(PIECES6, 0, CUT),
        fragment6(query('overlapped', V6), 16, 32, false),
        fragment6(PIECES6, CUT, PIECES6.length),
      ]),
    expected: { names: [], events: { 'fragments.conflict': 1, 'fragments.abandoned': 1 } },
  },
  {
    id: 'I3',
    what: 'a fragment twice',
    receiver: 'takes it once',
    source: 'kernel',
    make: () =>
      captured(
        parts(WHOLE, [
          [0, CUT],
          [0, CUT],
          [CUT, WHOLE.length],
        ]),
      ),
    expected: { names: ['fragmented.example.org'], events: { 'fragments.overlap': 1 } },
  },
  {
    id: 'I4',
    what: 'a first fragment that ends before the TCP flags (RFC 1858)',
    receiver: 'puts it together',
    source: 'standard',
    make: () => {
      const syn = sealed(ip(6, tcpSegment(CLIENT_PORT, SERVER_PORT, 1000, 0, { flags: 'S' }))).subarray(20);
      return captured([fragment(syn, 0, 8, false, { protocol: 6 }), fragment(syn, 8, 20, true, { protocol: 6 })]);
    },
    expected: { states: ['syn_sent'], events: { 'fragments.tiny': 1 }, flow: { source: { port: CLIENT_PORT } } },
  },
  {
    id: 'I5',
    what: 'a fragment that would end beyond 65,535',
    receiver: 'drops it',
    source: 'standard',
    make: () => captured([fragment(new Uint8Array(65_504 + 71), 65_504, 65_504 + 71, true)]),
    expected: { events: { 'fragments.too_large': 1 } },
  },
  {
    id: 'I6',
    what: 'a last fragment without data',
    receiver: 'ignores it',
    source: 'kernel',
    make: () =>
      captured([
        fragment(new Uint8Array(8), 8, 8, true),
        ...parts(WHOLE, [
          [0, CUT],
          [CUT, WHOLE.length],
        ]),
      ]),
    expected: { names: ['fragmented.example.org'], flows: 2, events: { 'fragments.empty': 1 } },
  },
  {
    id: 'I7',
    what: 'two last fragments that end at different places',
    receiver: 'keeps to the first, or drops all',
    source: 'kernel',
    make: () =>
      captured([
        fragment(WHOLE, CUT, WHOLE.length, true),
        fragment(bytes(WHOLE, new Uint8Array(16)), CUT, WHOLE.length + 16, true),
        fragment(WHOLE, 0, CUT, false),
      ]),
    expected: { names: ['fragmented.example.org'], events: { 'fragments.size_mismatch': 1, 'fragments.overlap': 1 } },
    under: [
      {
        name: 'linux',
        plan: policy('linux'),
        expected: {
          names: [],
          events: {
            'fragments.size_mismatch': 1,
            'fragments.overlap': 1,
            'fragments.abandoned': 1,
            'fragments.timeout': 1,
          },
          flows: 2,
        },
      },
    ],
  },
  {
    id: 'I8',
    what: 'one identification for UDP and TCP, on two VLANs, and for two datagrams in a row',
    receiver: 'keeps them apart',
    source: 'standard',
    make: () => {
      const script = new Script();
      const syn = sealed(ip(6, tcpSegment(CLIENT_PORT, SERVER_PORT, 1000, 0, { flags: 'S' }))).subarray(20);
      const add = (packet: Bytes, ...vlans: number[]) =>
        script.frames.push({ bytes: onEthernet(packet, ...vlans), after: 0.001 });
      const [one, two, three] = ['one', 'two', 'three'].map((name) => query(name));
      add(fragment(one, 0, CUT), 1);
      add(fragment(two, 0, CUT), 2);
      add(fragment(syn, 0, 16, false, { protocol: 6 }), 1);
      add(fragment(one, CUT, one.length), 1);
      add(fragment(syn, 16, 20, true, { protocol: 6 }), 1);
      add(fragment(two, CUT, two.length), 2);
      add(fragment(three, 0, CUT), 1);
      add(fragment(three, CUT, three.length), 1);
      return script;
    },
    expected: {
      names: ['one.example.org', 'three.example.org', 'two.example.org'],
      flows: 3,
      events: { 'fragments.tiny': 1, 'dns.unmatchedRequests': 3 },
    },
  },
  ...[31, 61].map(
    (seconds): Vector => ({
      id: `I9${seconds === 31 ? 'a' : 'b'}`,
      what: `the second fragment ${seconds} seconds after the first`,
      receiver: seconds === 31 ? 'Linux waits 30 seconds, Windows 60' : 'drops the first',
      source: 'standard',
      make: () =>
        captured(
          parts(WHOLE, [
            [0, CUT],
            [CUT, WHOLE.length],
          ]),
          seconds,
        ),
      expected:
        seconds === 31
          ? { names: ['fragmented.example.org'], events: {} }
          : { names: [], flows: 2, events: { 'fragments.timeout': 2 } },
    }),
  ),
  {
    id: 'I10',
    what: 'first fragments without end',
    receiver: 'bounds what waits',
    source: 'standard',
    make: () =>
      captured(
        Array.from({ length: 12_000 }, (_, i) => fragment(WHOLE, 0, CUT, false, { id: i })),
        0.0001,
      ),
    expected: { names: [], events: { 'fragments.evicted': 2000, 'fragments.timeout': 10_000 } },
  },
  {
    id: 'I11a',
    what: 'an IPv6 fragment that is the whole datagram (atomic)',
    receiver: 'takes it',
    source: 'kernel',
    make: () => captured([fragment6(WHOLE6, 0, WHOLE6.length)]),
    expected: { names: ['whole.example.org'], events: {} },
  },
  {
    id: 'I11b',
    what: 'a hundred destination options',
    receiver: 'walks them all, or gives up',
    source: 'standard',
    make: () => {
      const chain = Array.from({ length: 100 }, (_, i) => bytes(i === 99 ? 17 : 60, 0, 1, 4, u32(0)));
      return captured([ip(60, bytes(...chain, WHOLE6), { from: '2001:db8::1', to: '2001:db8::2' })]);
    },
    expected: { names: [], events: { 'fault.tooManyLayers.ipv6.dstopts': 1 } },
  },
  {
    id: 'I12',
    what: 'padding behind a short packet',
    receiver: 'looks at the length in the header',
    source: 'kernel',
    make: () => new Script().handshake().data(1, GOOD.slice(0, 4), { padding: 12 }).data(5, GOOD.slice(4)).answers(END),
    expected: { paths: ['GOOD'], events: {} },
  },
  {
    id: 'I13',
    what: 'a wrong IP checksum, then the right copy',
    receiver: 'drops the wrong one',
    source: 'kernel',
    make: () =>
      new Script()
        .handshake()
        .data(1, 'GET /')
        .acks(6)
        .data(6, 'EVIL', { wrong: 'ip' })
        .data(6, `GOOD${REST}`)
        .answers(END),
    expected: { paths: ['GOOD'], events: { 'stream.doubt_checksum': 1, 'stream.overlap_conflict': 1 } },
  },
  {
    id: 'I14',
    what: 'a copy whose TTL is too low to arrive, then the real one',
    receiver: 'never sees the first',
    source: 'standard',
    make: () =>
      new Script().handshake().data(1, 'GET /').acks(6).data(6, 'EVIL', { ttl: 1 }).data(6, `GOOD${REST}`).answers(END),
    expected: {
      paths: ['EVIL'],
      events: { 'stream.overlap_conflict': 1, 'stream.ttl_mismatch': 1 },
      flow: { netscribe: { source: { ttl: { min: 1, max: 64 } } } },
    },
    under: [
      {
        name: "the handshake's TTL",
        plan: { stream: { ...STREAM_DEFAULTS, ttl: true } },
        expected: {
          paths: ['GOOD'],
          events: { 'stream.doubt_ttl': 1, 'stream.overlap_conflict': 1, 'stream.ttl_mismatch': 1 },
        },
      },
    ],
  },
];

/** Addresses of IPv6, which UDP's checksum is made for. */
const V6 = { from: '2001:db8::1', to: '2001:db8::2' };
const WHOLE6 = query('whole', V6);
const PIECES6 = query('fragmented', V6);
