// The running kernel is asked about overlaps: two chunks in every relation, three and more of them in many, of a TCP stream and of UDP
// datagrams. What it makes of them is what our policy `linux` makes of a capture of the same packets.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { Clock } from '../../src/engine/clock.ts';
import { Dissector } from '../../src/engine/dissect.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import { DISSECT_DEFAULTS } from '../../src/engine/plan.ts';
import { ROW, ROW_EXTRA, Stage } from '../../src/flow/stage.ts';
import { TCP_NEW_WINS } from '../../src/stream/overlap.ts';
import { Pieces } from '../../src/stream/pieces.ts';
import { REST, Script, sealed } from '../kit/generate/evasion/script.ts';
import { Random } from '../kit/generate/random.ts';
import { batchOf, ip, onEthernet, udpDatagram } from '../kit/packets.ts';
import { unless } from '../kit/unless.ts';
import { type Bytes, bytes, u16, u32 } from '../wire/frames.ts';
import { type Played, Victim, whyNoVictim } from './victim.ts';

const reason = whyNoVictim();
const SEED = 7;

interface Chunk {
  start: number;
  length: number;
}

function spans(size: number): Chunk[] {
  const all: Chunk[] = [];
  for (let start = 0; start < size; start++)
    for (let length = 1; start + length <= size; length++) all.push({ start, length });
  return all;
}

/** Every pair of chunks, and as many groups of three (to `most`) as wanted. */
function groups(size: number, wanted: number, most = 3): Chunk[][] {
  const all = spans(size);
  const random = new Random(SEED);
  const pairs = all.flatMap((a) => all.map((b) => [a, b]));
  const more = Array.from({ length: wanted }, () =>
    Array.from({ length: 3 + random.below(most - 2) }, () => all[random.below(all.length)]),
  );
  return [...pairs, ...more];
}

const letterOf = (i: number) => String.fromCharCode(65 + i);

unless(reason).describe(`the kernel and our policy linux agree on overlaps${reason && ` (${reason})`}`, () => {
  let victim: Victim;
  beforeAll(async () => {
    victim = new Victim();
    await victim.open();
  });
  afterAll(() => victim?.close());

  const SIZE = 4;
  const HEAD = 'GET /';
  const scriptOf = (chunks: readonly Chunk[]): Script => {
    const at = 1 + HEAD.length;
    const script = new Script().handshake();
    for (const [i, { start, length }] of chunks.entries()) script.data(at + start, letterOf(i).repeat(length));
    // What is still missing comes at last, the begin after all.
    script.data(at + SIZE, REST);
    const whole = new Set(chunks.flatMap(({ start, length }) => Array.from({ length }, (_, k) => start + k)));
    for (let k = 0; k < SIZE; k++) if (!whole.has(k)) script.data(at + k, '.');
    return script.data(1, HEAD);
  };

  it('of TCP segments that wait', async () => {
    // Of four and more that overlap, the shape of Linux's tree may decide: three of a thousand come out otherwise.
    const cases = groups(SIZE, 200);
    const talks: Played[] = [];
    // A host has a backlog of connections to take.
    for (let from = 0; from < cases.length; from += 100)
      talks.push(...(await Promise.all(cases.slice(from, from + 100).map((chunks) => victim.play(scriptOf(chunks))))));
    const wrong: unknown[] = [];
    for (const [n, chunks] of cases.entries()) {
      const theirs = /GET \/(.*) HTTP/.exec(talks[n].read)?.[1];
      const pieces = new Pieces();
      for (const [i, { start, length }] of chunks.entries())
        pieces.insert(start, Buffer.alloc(length, letterOf(i)), 0, length, TCP_NEW_WINS.linux);
      const ours = Buffer.alloc(SIZE, '.');
      for (const piece of pieces.list)
        ours.set(piece.bytes.subarray(piece.from, piece.from + piece.end - piece.start), piece.start);
      if (theirs !== ours.toString())
        wrong.push(`${chunks.map(({ start, length }) => `${start}+${length}`).join(' ')}: ${theirs}, not ${ours}`);
    }
    expect(wrong).toEqual([]);
  });

  it.each([4, 6] as const)('of IPv%i fragments', async (version) => {
    const UNITS = 4;
    const cases = groups(UNITS, 400, 5);
    const header = udpDatagram(50_000, 53, new Uint8Array(UNITS * 8));
    /** The datagram's number stands where nobody disputes it: behind UDP's header. */
    const fragments = (n: number, chunks: readonly Chunk[]): Bytes[] => {
      const begin = bytes(header.subarray(0, 6), u16(0), u32(n), u32(0));
      const payload = UNITS * 8 + 8;
      begin.set(u16(payload + 8), 4);
      const whole = (letter: string) => bytes(begin, new Uint8Array(UNITS * 8).fill(letter.charCodeAt(0)));
      const one = (bytesOf: Bytes, from: number, to: number): Bytes => {
        const last = to === bytesOf.length;
        const piece = bytesOf.subarray(from, to);
        if (version === 4) return sealed(ip(17, piece, { id: n, fragment: (from >> 3) | (last ? 0 : 0x2000) }));
        return ip(44, bytes(17, 0, u16(from | (last ? 0 : 1)), u32(n), piece), {
          from: '2001:db8::1',
          to: '2001:db8::2',
        });
      };
      const list = chunks.map(({ start, length }, i) =>
        one(whole(letterOf(i)), 16 + start * 8, 16 + (start + length) * 8),
      );
      const covered = new Set(chunks.flatMap(({ start, length }) => Array.from({ length }, (_, k) => start + k)));
      for (let k = 0; k < UNITS; k++) if (!covered.has(k)) list.push(one(whole('.'), 16 + k * 8, 24 + k * 8));
      return [...list, one(whole('.'), 0, 16)];
    };
    victim.datagrams.length = 0;
    const packets = cases.flatMap((chunks, n) => fragments(n + 1, chunks).map(onEthernetOf));
    for (const packet of packets) victim.sendFrame(packet);
    await victim.settled();
    const theirs = victim.datagrams.map((datagram) => textOf(datagram)).sort();
    const ours = datagramsOf(packets)
      .map((datagram) => textOf(datagram))
      .sort();
    expect(ours.length).toBeGreaterThan(20);
    expect(ours).toEqual(theirs);
  });
});

const onEthernetOf = (packet: Bytes) => onEthernet(packet);

/** Its number, and a letter for eight bytes. */
function textOf(datagram: Bytes): string {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length);
  let text = `${view.getUint32(0)} `;
  for (let i = 8; i < datagram.length; i += 8) text += String.fromCharCode(datagram[i]);
  return text;
}

/** UDP payloads of the datagrams that we put together. */
function datagramsOf(packets: readonly Bytes[]): Bytes[] {
  const defragment = { ...DISSECT_DEFAULTS.defragment, policy: 'linux' as const };
  const dissector = new Dissector({ ...DISSECT_DEFAULTS, defragment }, new Ledger(), new Clock(), [1, 2]);
  const stage = new Stage(256);
  const batch = batchOf(packets.map((frame, i) => ({ at: i / 10_000, bytes: frame })));
  const found: Bytes[] = [];
  for (let from = 0; from < batch.count; ) {
    stage.clear();
    from = dissector.run(batch, from, stage);
    for (let r = 0; r < stage.count; r++) {
      const extra = stage.extras[stage.rows[r * ROW + ROW_EXTRA]];
      if (extra?.bytes != null) found.push(extra.bytes.subarray((extra.bytes[0] >> 4 === 6 ? 40 : 20) + 8));
    }
  }
  return found;
}
