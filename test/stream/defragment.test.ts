// IP fragments through dissection and flows: which datagrams become whole, what is counted, what is bounded.

import { describe, expect, it } from 'vitest';
import { Clock } from '../../src/engine/clock.ts';
import { Dissector } from '../../src/engine/dissect.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import { DISSECT_DEFAULTS } from '../../src/engine/plan.ts';
import { type Extra, ROW, ROW_EXTRA, ROW_PORTS, Stage } from '../../src/flow/stage.ts';
import { DEFRAGMENT_DEFAULTS, type DefragmentOptions } from '../../src/stream/defragment.ts';
import { batchOf, type IpFields, ip, type MadePacket, onEthernet, udpDatagram } from '../kit/packets.ts';
import { type Bytes, bytes, text, u16, u32 } from '../wire/frames.ts';

const MORE = 0x2000;

/** A part of an IPv4 payload: [from, to) of `whole`. */
const part = (
  whole: Bytes,
  from: number,
  to: number,
  fields: IpFields & { protocol?: number; last?: boolean } = {},
): Bytes =>
  ip(fields.protocol ?? 17, whole.subarray(from, to), {
    ...fields,
    fragment: (from >> 3) | ((fields.last ?? to === whole.length) ? 0 : MORE),
  });

/** The same of IPv6, behind a fragment header. */
const part6 = (whole: Bytes, from: number, to: number, id = 9, last = to === whole.length): Bytes =>
  ip(44, bytes(17, 0, u16(from | (last ? 0 : 1)), u32(id), whole.subarray(from, to)), {
    from: '2001:db8::1',
    to: '2001:db8::2',
  });

const datagram = udpDatagram(50_000, 53, 'abcdefghijklmnopqrstuvwxyz0123456789ABCD');

class Kit {
  readonly ledger = new Ledger();
  readonly extras: Extra[] = [];
  /** `ports` of the rows that are datagrams or given-up fragments. */
  readonly ports: string[] = [];
  readonly #dissector: Dissector;
  readonly #stage = new Stage(64);
  #count = 0;

  constructor(options: Partial<DefragmentOptions> = {}) {
    this.#dissector = new Dissector(
      { ...DISSECT_DEFAULTS, defragment: { ...DEFRAGMENT_DEFAULTS, ...options } },
      this.ledger,
      new Clock(),
      [1, 2],
    );
  }
  play(packets: readonly MadePacket[]): this {
    const batch = batchOf(packets, this.#count + 1);
    this.#count += packets.length;
    for (let from = 0; from < batch.count; ) {
      this.#stage.clear();
      from = this.#dissector.run(batch, from, this.#stage);
      this.#take();
    }
    return this;
  }
  end(): this {
    for (let done = false; !done; ) {
      this.#stage.clear();
      done = this.#dissector.finish(this.#stage, this.#count);
      this.#take();
    }
    return this;
  }
  #take(): void {
    for (let r = 0; r < this.#stage.count; r++) {
      const extra = this.#stage.rows[r * ROW + ROW_EXTRA];
      if (extra < 0) continue;
      this.extras.push(this.#stage.extras[extra]);
      const ports = this.#stage.rows[r * ROW + ROW_PORTS];
      this.ports.push(`${ports >>> 16} ${ports & 0xffff}`);
    }
  }
  /** What became whole: the payload behind IP and UDP as text; null for what was given up. */
  get texts(): (string | null)[] {
    return this.extras.map(({ bytes: whole }) =>
      whole === null ? null : Buffer.from(whole.subarray((whole[0] >> 4 === 6 ? 40 : 20) + 8)).toString('latin1'),
    );
  }
  get events(): Record<string, number> {
    return Object.fromEntries(
      [...this.ledger.counts].filter(([name]) => name.startsWith('fragments.')).map(([name, n]) => [name.slice(10), n]),
    );
  }
}

const play = (frames: readonly Bytes[], options: Partial<DefragmentOptions> = {}) =>
  new Kit(options).play(frames.map((packet) => ({ at: 0, bytes: onEthernet(packet) }))).end();
const TEXT = 'abcdefghijklmnopqrstuvwxyz0123456789ABCD';

describe('fragments', () => {
  it.each([
    ['in order', [0, 1, 2]],
    ['backwards', [2, 1, 0]],
    ['the middle last', [0, 2, 1]],
  ])('become a datagram %s', (_, order) => {
    const parts = [part(datagram, 0, 16), part(datagram, 16, 32), part(datagram, 32, 48)];
    const kit = play(order.map((i) => parts[i]));
    expect(kit.texts).toEqual([TEXT]);
    expect(kit.ports).toEqual(['50000 53']);
    expect(kit.events).toEqual({});
    expect(kit.extras[0]).toMatchObject({
      packets: 3,
      frameBytes: parts.reduce((sum, p) => sum + 14 + p.length, 0),
      firstPacket: 1,
      cause: 3,
    });
    expect(kit.ledger.packets[0]).toBe(3);
  });

  it('may come twice', () => {
    const kit = play([part(datagram, 0, 16), part(datagram, 0, 16), part(datagram, 16, 48)]);
    expect(kit.texts).toEqual([TEXT]);
    expect(kit.events).toEqual({ overlap: 1 });
    expect(kit.extras[0].packets).toBe(3);
  });

  it('of a datagram behind AH meet, though only the first shows what is behind it (RFC 4302)', () => {
    const ah = bytes(17, 4, u16(0), u32(1), u32(1), new Uint8Array(12), datagram);
    const parts = [part(ah, 0, 32, { protocol: 51 }), part(ah, 32, ah.length, { protocol: 51 })];
    for (const order of [parts, parts.toReversed()]) {
      const kit = play(order);
      expect(kit.ports).toEqual(['50000 53']);
      expect(kit.events).toEqual({});
    }
  });

  it('may be as small as eight bytes, the ports in the first', () => {
    const kit = play(Array.from({ length: 6 }, (_, i) => part(datagram, i * 8, i * 8 + 8)));
    expect(kit.texts).toEqual([TEXT]);
    expect(kit.ports).toEqual(['50000 53']);
  });

  it('beyond the longest datagram, and without data, hold nothing', () => {
    const huge = play([ip(17, new Uint8Array(71), { fragment: 8183 })]);
    expect(huge.texts).toEqual([null]);
    expect(huge.events).toEqual({ too_large: 1 });
    expect(play([ip(17, new Uint8Array(0), { fragment: 1 })]).texts).toEqual([null]);
  });

  it('with two ends keep the first end', () => {
    const kit = play([
      part(datagram, 32, 48),
      part(bytes(datagram, new Uint8Array(16)), 32, 64, { last: true }),
      part(datagram, 0, 32),
    ]);
    expect(kit.texts).toEqual([TEXT]);
    expect(kit.events.size_mismatch).toBe(1);
  });

  it('of one identification but other protocols, VLANs or addresses stay apart', () => {
    const tcp = bytes(u16(1), u16(2), new Uint8Array(44));
    const frames = [
      onEthernet(part(datagram, 0, 24)),
      onEthernet(part(tcp, 0, 24, { protocol: 6 })),
      onEthernet(part(datagram, 0, 24), 5),
      onEthernet(part(datagram, 0, 24, { from: '10.0.0.9' })),
      onEthernet(part(datagram, 24, 48), 5),
      onEthernet(part(datagram, 24, 48)),
      onEthernet(part(datagram, 24, 48, { from: '10.0.0.9' })),
      onEthernet(part(tcp, 24, 48, { protocol: 6 })),
    ];
    const kit = new Kit().play(frames.map((frame) => ({ at: 0, bytes: frame }))).end();
    expect(kit.extras.map((extra) => [extra.packets, extra.bytes !== null])).toEqual(new Array(4).fill([2, true]));
    expect(kit.texts.slice(0, 3)).toEqual([TEXT, TEXT, TEXT]);
  });

  it('of the same identification, one datagram after the other', () => {
    const other = udpDatagram(50_000, 53, TEXT.toUpperCase());
    expect(
      play([part(datagram, 0, 24), part(datagram, 24, 48), part(other, 0, 24), part(other, 24, 48)]).texts,
    ).toEqual([TEXT, TEXT.toUpperCase()]);
  });

  it.each(['first', 'last'] as const)('that disagree are settled by policy %s', (policy) => {
    const evil = bytes(datagram.subarray(0, 16), new Uint8Array(16).fill(0x21), datagram.subarray(32));
    const kit = play([part(datagram, 16, 32), part(evil, 16, 32), part(datagram, 32, 48), part(datagram, 0, 16)], {
      policy,
    });
    expect(kit.texts).toEqual([policy === 'first' ? TEXT : `${TEXT.slice(0, 8)}${'!'.repeat(16)}${TEXT.slice(24)}`]);
    expect(kit.events).toEqual({ conflict: 1 });
  });
});

describe('IPv6', () => {
  it('becomes whole without its fragment header', () => {
    const kit = play([part6(datagram, 24, 48), part6(datagram, 0, 24)]);
    expect(kit.texts).toEqual([TEXT]);
    expect(kit.extras[0].bytes!.length).toBe(40 + datagram.length);
    expect(kit.extras[0].bytes![6]).toBe(17);
  });

  it('is abandoned when fragments overlap (RFC 5722), not when one is repeated', () => {
    const kit = play([part6(datagram, 0, 24), part6(datagram, 16, 48)]);
    expect(kit.texts).toEqual([null]);
    expect(kit.events).toMatchObject({ abandoned: 1 });
    expect(kit.extras[0].packets).toBe(2);
    expect(play([part6(datagram, 0, 24), part6(datagram, 0, 24), part6(datagram, 24, 48)]).texts).toEqual([TEXT]);
  });

  it('takes an atomic fragment for a whole packet', () => {
    const kit = play([part6(datagram, 0, 48)]);
    expect(kit.extras).toEqual([]);
    expect(kit.ledger.packets[0]).toBe(1);
  });
});

describe('limits', () => {
  const at = (seconds: number, packet: Bytes): MadePacket => ({ at: seconds, bytes: onEthernet(packet) });

  it.each([
    [31, 60, [TEXT]],
    [61, 60, [null, null]],
    [31, 30, [null, null]],
    [301, 400, [TEXT]],
  ])('wait by packet time: %i s of %i', (seconds, timeoutSeconds, texts) => {
    const kit = new Kit({ timeoutSeconds })
      .play([at(0, part(datagram, 0, 24)), at(seconds, part(datagram, 24, 48))])
      .end();
    expect(kit.texts).toEqual(texts);
    if (texts.length === 2) expect(kit.ports[0]).toBe('50000 53');
    expect(kit.ledger.packets[0]).toBe(2);
  });

  it('bound the datagrams that wait, and count each packet once', () => {
    const packets = Array.from({ length: 3000 }, (_, i) => at(0, part(datagram, 0, 24, { id: i })));
    const kit = new Kit({ maxDatagrams: 100 }).play(packets);
    expect(kit.events.evicted).toBe(2900);
    kit.end();
    expect(kit.extras.length).toBe(3000);
    expect(kit.extras.reduce((sum, extra) => sum + extra.packets, 0)).toBe(3000);
  });

  it('bound the bytes that wait, and what became whole is never given up too', () => {
    const big = udpDatagram(50_000, 53, 'x'.repeat(4000));
    const kit = new Kit({ maxBytes: 20_000 })
      .play(
        Array.from({ length: 50 }, (_, i) => [
          at(0, part(big, 0, 3000, { id: i })),
          at(0, part(big, 3000, big.length, { id: i })),
        ]).flat(),
      )
      .end();
    expect(kit.texts).toEqual(new Array(50).fill('x'.repeat(4000)));
    const halves = new Kit({ maxBytes: 20_000 })
      .play(Array.from({ length: 50 }, (_, i) => at(0, part(big, 0, 3000, { id: i }))))
      .end();
    expect(halves.events.evicted).toBeGreaterThan(40);
    expect(halves.extras.reduce((sum, extra) => sum + extra.packets, 0)).toBe(50);
  });

  it('count what many small pieces cost', () => {
    const big = new Uint8Array(64_000);
    const packets = Array.from({ length: 3000 }, (_, i) =>
      at(0, part(big, 8 + i * 16, 16 + i * 16, { id: i % 10, last: false })),
    );
    const kit = new Kit({ maxBytes: 100_000 }).play(packets);
    expect(kit.events.evicted).toBeGreaterThan(3);
    expect(kit.end().extras.reduce((sum, extra) => sum + extra.packets, 0)).toBe(3000);
  });
});

describe('copies of fragments, as a mirror port makes them', () => {
  const parts = [part(datagram, 0, 16), part(datagram, 16, 32), part(datagram, 32, 48)];
  const at = (...when: (readonly [number, Bytes])[]) =>
    new Kit().play(when.map(([ms, packet]) => ({ at: ms / 1000, bytes: onEthernet(packet) }))).end();
  const counted = (kit: Kit) => kit.extras.reduce((sum, extra) => sum + extra.packets, 0);

  it.each([
    ['each behind its original', [0, 0, 1, 1, 2, 2]],
    ['all behind the last original', [0, 1, 2, 0, 1, 2]],
    ['backwards', [2, 2, 1, 1, 0, 0]],
    ['twice', [0, 1, 2, 2, 2, 0]],
  ])('count for its ports and make no other datagram: %s', (_, order) => {
    const kit = at(...order.map((i) => [0.1, parts[i]] as const));
    expect(kit.texts.filter((text) => text !== null)).toEqual([TEXT]);
    expect(new Set(kit.ports)).toEqual(new Set(['50000 53']));
    expect(counted(kit)).toBe(order.length);
    expect(kit.events).toEqual({ overlap: order.length - 3 });
  });

  it('are fragments of another datagram when they come later', () => {
    const kit = at([0, parts[0]], [0, parts[1]], [0, parts[2]], [2, parts[2]]);
    expect(kit.ports).toEqual(['50000 53', '0 0']);
    expect(kit.events).toEqual({ timeout: 1 });
  });

  it('may be parts of another datagram with the same identification', () => {
    const other = bytes(datagram.subarray(0, 16), text('another text    '), datagram.subarray(32));
    const kit = at(
      [0, parts[0]],
      [0, parts[1]],
      [0, parts[2]],
      [0.3, parts[2]],
      [0.5, part(other, 0, 16)],
      [0.6, part(other, 16, 32)],
    );
    expect(kit.texts.filter((text) => text !== null)).toEqual([
      TEXT,
      `${TEXT.slice(0, 8)}another text    ${TEXT.slice(24)}`,
    ]);
    expect(counted(kit)).toBe(6);
  });
});

describe('fragments that the snap length cut', () => {
  /** Captured as far as `octets` behind the Ethernet header. */
  const cutAt = (octets: readonly number[], frames: readonly Bytes[]) =>
    new Kit()
      .play(
        frames.map((packet, i) => {
          const frame = onEthernet(packet);
          return { at: 0, bytes: frame.subarray(0, 14 + octets[i]), wireLength: frame.length };
        }),
      )
      .end();
  const v4 = [part(datagram, 0, 16), part(datagram, 16, 32), part(datagram, 32, 48)];
  const v6 = [part6(datagram, 0, 16), part6(datagram, 16, 32), part6(datagram, 32, 48)];

  it.each([
    ['the first', v4, [32, 36, 36], 'abcd'],
    ['the second', v4, [36, 24, 36], 'abcdefghijkl'],
    ['the last', v4, [36, 36, 30], 'abcdefghijklmnopqrstuvwxyz01'.slice(0, 34)],
    ['each', v4, [30, 30, 30], 'ab'],
    ['all but their headers', v4, [28, 20, 20], ''],
    ['the first of IPv6', v6, [60, 64, 64], 'abcd'],
    ['each of IPv6', v6, [60, 50, 50], 'abcd'],
  ])('are a datagram that is cut: %s', (_, parts, octets, beginning) => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
    ]) {
      const kit = cutAt(
        order.map((i) => octets[i]),
        order.map((i) => parts[i]),
      );
      expect(kit.ports).toEqual(['50000 53']);
      expect(kit.events).toEqual({ cut: 1 });
      expect(kit.extras[0].packets).toBe(3);
      expect(TEXT.startsWith(kit.texts[0]!)).toBe(true);
      expect(kit.texts[0]!.startsWith(beginning)).toBe(true);
    }
  });
  it('still wait for those that are missing', () => {
    const kit = cutAt([32, 36], [v4[0], v4[2]]);
    expect(kit.texts).toEqual([null]);
    expect(kit.events).toEqual({ timeout: 1 });
  });
  it('give way to copies that are whole', () => {
    const kit = cutAt([32, 36, 36, 36], [v4[0], v4[1], v4[0], v4[2]]);
    expect(kit.texts).toEqual([TEXT]);
    expect(kit.events).toMatchObject({ overlap: 1 });
  });
  it('are bounded', () => {
    const many = udpDatagram(50_000, 53, new Uint8Array(60_000));
    const parts = Array.from({ length: 2000 }, (_, i) => part(many, i * 16 + 16, i * 16 + 24, { last: false }));
    const kit = cutAt(
      parts.map(() => 20),
      parts,
    );
    expect(kit.texts.every((one) => one === null)).toBe(true);
    expect(kit.extras.reduce((sum, { packets }) => sum + packets, 0)).toBe(2000);
    expect(kit.events.evicted).toBeGreaterThan(0);
  });
  it('are told from those that promise more than was sent', () => {
    const [first, ...others] = v4.map((packet) => onEthernet(packet));
    const kit = new Kit().play([first.subarray(0, 46), ...others].map((frame) => ({ at: 0, bytes: frame }))).end();
    expect(kit.texts).toEqual([null]);
  });
});
