// The flow table and its timers against plain models: a Map of keys, a list of due seconds.

import { describe, expect, it } from 'vitest';
import { foldV6, SHARDS, shardOf, tableHash } from '../../src/flow/hash.ts';
import {
  C_SHARD,
  COLD_WORDS,
  E_ICMP_ERRORS,
  E_RETRANSMITS_A,
  EXTENSION_WORDS,
  F_STATE,
  HOT_SHIFT,
  HOT_WORDS,
} from '../../src/flow/layout.ts';
import { sortByKey } from '../../src/flow/radix.ts';
import { ROW, ROW_A, ROW_B, ROW_HASH, ROW_PORTS, ROW_PROTOCOL, ROW_SHARD } from '../../src/flow/stage.ts';
import { FlowTable, wideHash } from '../../src/flow/table.ts';
import { LONG_SECONDS, SHORT_SECONDS, Timers } from '../../src/flow/timers.ts';
import fc, { often } from '../kit/arbitrary.ts';

type Key = readonly [a: number, b: number, ports: number, protocol: number];

class TableKit {
  readonly table: FlowTable;
  readonly #rows = new Int32Array(ROW);
  readonly #wide = new Int32Array(8);
  readonly #salts: readonly [number, number];

  constructor(v6: boolean, capacity: number, salts: readonly [number, number] = [11, 22]) {
    this.table = new FlowTable(v6, capacity, capacity, salts);
    this.#salts = salts;
  }
  #stage([a, b, ports, protocol]: Key): void {
    const rows = this.#rows;
    const [s0, s1] = this.#salts;
    const w = this.#wide;
    if (this.table.v6) {
      w.set([a, 0, 0, a ^ 5, b, 1, 0, b]);
      rows[ROW_A] = foldV6(w[0], w[1], w[2], w[3]);
      rows[ROW_B] = foldV6(w[4], w[5], w[6], w[7]);
      rows[ROW_HASH] = wideHash(w, 0, ports, protocol, s0, s1);
    } else {
      rows[ROW_A] = a;
      rows[ROW_B] = b;
      rows[ROW_HASH] = tableHash(a, b, ports, protocol, s0, s1);
    }
    rows[ROW_PORTS] = ports;
    rows[ROW_PROTOCOL] = protocol;
    rows[ROW_SHARD] = shardOf(rows[ROW_A], rows[ROW_B], ports, protocol);
  }
  find(key: Key): number {
    this.#stage(key);
    return this.table.find(this.#rows, 0, this.#wide, 0);
  }
  insert(key: Key): number {
    this.#stage(key);
    return this.table.insert(this.#rows, 0, this.#wide, 0);
  }
}

const key: fc.Arbitrary<Key> = fc.tuple(
  fc.integer({ min: -4, max: 4 }),
  fc.integer(),
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom(6, 17),
);

describe.each([[false], [true]])('the table, IPv6 %s', (v6) => {
  it('does what a Map does', () => {
    const step = fc.record({ key, what: fc.constantFrom('put', 'put', 'put', 'take', 'find') });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const kit = new TableKit(v6, 64);
        const model = new Map<string, number>();
        for (const { key: k, what } of steps) {
          const name = k.join();
          const slot = kit.find(k);
          expect(slot).toBe(model.get(name) ?? -1);
          if (what === 'put' && slot < 0) {
            const made = kit.insert(k);
            expect(made < 0).toBe(model.size === 64);
            if (made >= 0) model.set(name, made);
          } else if (what === 'take' && slot >= 0) {
            kit.table.remove(slot);
            model.delete(name);
          }
          expect(kit.table.count).toBe(model.size);
        }
        const seen = new Set<number>();
        kit.table.forEach((slot) => void seen.add(slot));
        expect([...seen].sort()).toEqual([...model.values()].sort());
        expect(kit.table.shardCount.reduce((a, b) => a + b, 0)).toBe(model.size);
      }),
      { numRuns: often(60) },
    );
  });

  it('finds every flow through growth and through many generations of others', () => {
    const kit = new TableKit(v6, 20_000);
    const name = (i: number): Key => [i * 7919, i ^ 0x5a5a, i, 6];
    let missing = 0;
    for (let i = 0; i < 20_000; i++) if (kit.insert(name(i)) !== i + 1) missing++;
    expect(kit.insert(name(-1))).toBe(-1);
    // Ten times the capacity goes through: dead entries must not fill the index.
    for (let i = 20_000; i < 220_000; i++) {
      kit.table.remove(kit.find(name(i - 20_000)));
      if (kit.insert(name(i)) < 0) missing++;
    }
    for (let i = 200_000; i < 220_000; i++) if (kit.find(name(i)) < 0) missing++;
    expect(missing).toBe(0);
    expect(kit.find(name(5))).toBe(-1);
    expect(kit.table.count).toBe(20_000);
  });

  it('gives a row back clean', () => {
    const kit = new TableKit(v6, 4);
    const slot = kit.insert([1, 2, 3, 6]);
    const { words, cold } = kit.table;
    const base = slot << HOT_SHIFT;
    const e = kit.table.extensions.of(base);
    kit.table.extensions.words[e + E_ICMP_ERRORS] = 9;
    words.fill(7, base + F_STATE, base + HOT_WORDS);
    cold.fill(0, slot * COLD_WORDS, slot * COLD_WORDS + 4);
    kit.table.remove(slot);
    expect(kit.insert([1, 2, 3, 6])).toBe(slot);
    expect([...words.subarray(base + F_STATE, base + HOT_WORDS)]).toEqual(new Array(HOT_WORDS - F_STATE).fill(0));
    cold[slot * COLD_WORDS + C_SHARD] = 0;
    expect([...cold.subarray(slot * COLD_WORDS, (slot + 1) * COLD_WORDS)]).toEqual(new Array(COLD_WORDS).fill(0));
    expect(kit.table.extensions.words[kit.table.extensions.of(base) + E_ICMP_ERRORS]).toBe(0);
  });

  it('keeps extensions apart and alive while they move', () => {
    const kit = new TableKit(v6, 10_000);
    for (let i = 0; i < 10_000; i++) {
      const base = kit.insert([i, -i, i, 17]) << HOT_SHIFT;
      const e = kit.table.extensions.of(base);
      kit.table.extensions.words[e + E_RETRANSMITS_A] += i;
    }
    let wrong = 0;
    kit.table.forEach((slot) => {
      if (kit.table.extensions.words[kit.table.extensions.of(slot << HOT_SHIFT) + E_RETRANSMITS_A] !== slot - 1)
        wrong++;
    });
    expect(wrong).toBe(0);
    expect(kit.table.extensions.words.length).toBeGreaterThanOrEqual(10_000 * EXTENSION_WORDS);
  });
});

describe('hashes', () => {
  it('spread flows over shards and never leave them', () => {
    const counts = new Int32Array(SHARDS);
    for (let i = 0; i < 64_000; i++)
      counts[shardOf(0x0a000000 + (i >> 8), 0x0a010001, ((40_000 + i) << 16) | 443, 6)]++;
    for (const count of counts) {
      expect(count).toBeGreaterThan(600);
      expect(count).toBeLessThan(1400);
    }
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.integer(), fc.integer(), (a, b, ports, protocol) => {
        const shard = shardOf(a, b, ports, protocol);
        return shard >= 0 && shard < SHARDS;
      }),
    );
  });

  it('put keys that collide under one salt apart under another', () => {
    // Keys whose table position is the same for one pair of salts.
    const colliding: Key[] = [];
    for (let i = 0; colliding.length < 200; i++)
      if ((tableHash(i, 1, 2, 6, 0, 0) & 0xfff) === 0) colliding.push([i, 1, 2, 6]);
    const positions = new Set(
      colliding.map(([a, b, ports, protocol]) => tableHash(a, b, ports, protocol, 0x1234567, -99) & 0xfff),
    );
    expect(positions.size).toBeGreaterThan(150);
  });
});

describe('timers', () => {
  class TimerKit {
    readonly timers = new Timers(new Int32Array(COLD_WORDS * 100));
    readonly model = new Map<number, { shard: number; long: boolean; due: number }>();
    add(slot: number, shard: number, long: boolean, due: number): void {
      this.timers.add(slot, shard, long, due);
      const span = long ? LONG_SECONDS : SHORT_SECONDS;
      const now = this.timers.now;
      this.model.set(slot, { shard, long, due: Math.min(Math.max(due, now + 1), now + span - 1) });
    }
  }

  it('call every flow once, when its second has come', () => {
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('add'),
          slot: fc.nat(99),
          shard: fc.nat(63),
          long: fc.boolean(),
          due: fc.integer({ min: -5, max: 9000 }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('remove'),
          slot: fc.nat(99),
          shard: fc.nat(63),
          long: fc.boolean(),
          due: fc.nat(0),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('advance'),
          slot: fc.nat(0),
          shard: fc.nat(63),
          long: fc.boolean(),
          due: fc.oneof(fc.nat(5), fc.nat(1100), fc.nat(20_000)),
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const kit = new TimerKit();
        const { timers, model } = kit;
        timers.advance(1_700_000_000, () => expect.fail('nothing is there yet'));
        for (const { kind, slot, shard, long, due } of steps) {
          const known = model.get(slot);
          if (kind === 'add' && known === undefined) kit.add(slot, shard, long, timers.now + due);
          else if (kind === 'remove' && known !== undefined) {
            timers.remove(slot, known.shard, known.long);
            model.delete(slot);
          } else if (kind === 'advance') {
            const now = timers.now + due;
            const called: number[] = [];
            timers.advance(now, (s, at) => {
              expect(at).toBe(model.get(s)!.shard);
              called.push(s);
            });
            expect(called.toSorted((a, b) => a - b)).toEqual(
              [...model]
                .filter(([, m]) => m.due <= now)
                .map(([s]) => s)
                .toSorted((a, b) => a - b),
            );
            for (const s of called) model.delete(s);
          }
          const mine = [...model].filter(([, m]) => m.shard === shard && m.long === long);
          const first = timers.first(shard, long);
          if (mine.length === 0) expect(first).toBe(-1);
          else expect(model.get(first)!.due).toBe(Math.min(...mine.map(([, m]) => m.due)));
        }
      }),
      { numRuns: often(150) },
    );
  });

  it('may be put back while they are called', () => {
    const kit = new TimerKit();
    kit.timers.advance(1000, () => {});
    for (let slot = 0; slot < 50; slot++) kit.timers.add(slot, 3, false, 1000 + (slot % 7));
    const calls = new Int32Array(50);
    // As traffic does: a flow is looked at and put to its later second, until it is due.
    kit.timers.advance(5000, (slot) => {
      calls[slot]++;
      if (calls[slot] < 3) kit.timers.add(slot, 3, false, 5000 + slot);
    });
    expect(Math.max(...calls)).toBeLessThanOrEqual(3);
    kit.timers.advance(5100, (slot) => calls[slot]++);
    expect(kit.timers.first(3, false)).toBe(-1);
  });
});

describe('radix sort', () => {
  it('is stable and right for all 32 bits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 0xffffffff })), { maxLength: 300 }),
        (keys) => {
          const sorted = sortByKey(
            Uint32Array.from(keys),
            Uint32Array.from(keys, (_, i) => i),
          );
          const expected = keys
            .map((k, i) => [k, i])
            .toSorted(([a, i], [b, j]) => a - b || i - j)
            .map(([, i]) => i);
          expect([...sorted]).toEqual(expected);
        },
      ),
    );
  });
  it('takes nothing at all', () => {
    expect(sortByKey(new Uint32Array(0), new Uint32Array(0)).length).toBe(0);
  });
});
