// The loader against the real kernel: what it makes is looked at through the kernel's eyes. Needs root, or CAP_BPF and CAP_PERFMON.

import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, expect, it, type TestContext } from 'vitest';
import { attachClsact, type Bpf, BpfError, openBpf } from '../../../src/system/bpf/bpf.ts';
import { detachClsact } from '../../../src/system/bpf/clsact.ts';
import { PROJECT } from '../../kit/shared.ts';

const PATH = `${PROJECT}test/system/bpf/loader.bpf.o`;
const OBJECT = readFileSync(PATH);
const INTERFACE = 'nsbpf0';
const ACCEPTED_NEXT = 0xffffffff;
const frame = (length: number) => Buffer.alloc(length, 1);

/** The loader, or why it can not be used here. */
const bpf: Bpf | string = await openBpf().then(
  (opened) => {
    try {
      opened.load(OBJECT, PATH).close();
      return opened;
    } catch (error) {
      return `BPF can not be used here: ${(error as Error).message.split('\n')[0]}`;
    }
  },
  (error: Error) => error.message,
);
function usable(context: TestContext): Bpf {
  return typeof bpf === 'string' ? context.skip(bpf) : bpf;
}

const ip = (...words: string[]) => spawnSync('ip', words, { encoding: 'utf8' });
afterAll(() => {
  ip('link', 'delete', INTERFACE);
});
/** Index of one end of a cable of our own, or undefined where none can be made. */
function cable(): number | undefined {
  ip('link', 'add', INTERFACE, 'type', 'veth', 'peer', 'name', `${INTERFACE}p`);
  for (const end of [INTERFACE, `${INTERFACE}p`]) ip('link', 'set', end, 'up');
  ip('addr', 'add', '198.51.100.9/24', 'dev', INTERFACE);
  const index = /^(\d+):/.exec(ip('-o', 'link', 'show', INTERFACE).stdout ?? '')?.[1];
  return index === undefined ? undefined : Number(index);
}
/** Sends a datagram out of our end. */
function send(): Promise<void> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    socket.bind(0, '198.51.100.9', () => {
      socket.setBroadcast(true);
      socket.send('x', 9, '198.51.100.255', () => socket.close(resolve));
    });
  });
}

it('runs a program that counts, keeps variables and writes into a ring', (context) => {
  using object = usable(context).load(OBJECT, PATH);
  const ring = object.ring('events');
  const program = object.program('count');
  for (const length of [60, 60, 90]) expect(program.testRun(frame(length))).toBe(ACCEPTED_NEXT);
  expect(object.map('counters').sum(0)).toBe(3);
  const seen = Buffer.alloc(8);
  object.map('.bss').lookup(Buffer.alloc(4), seen);
  expect(seen.readBigUInt64LE()).toBe(210n);
  const lengths: number[] = [];
  expect(ring.drain((at) => lengths.push(ring.view.getUint32(at, true)), 2)).toBe(2);
  expect(ring.drain((at) => lengths.push(ring.view.getUint32(at, true)), 10)).toBe(1);
  expect(lengths).toEqual([60, 60, 90]);
  expect(ring.waiting).toBe(0);
});

it('a full ring loses what the program counts, and goes on when it was drained', (context) => {
  using object = usable(context).load(OBJECT, PATH);
  const ring = object.ring('events');
  const program = object.program('count');
  for (let i = 0; i < 300; i++) program.testRun(frame(60));
  const drained = ring.drain(() => undefined, 1000);
  expect(drained).toBe(4096 / 16 - 1);
  expect(drained + object.map('counters').sum(1)).toBe(300);
  for (let i = 0; i < 300; i++) {
    program.testRun(frame(61));
    expect(ring.drain((at) => expect(ring.view.getUint32(at, true)).toBe(61), 10)).toBe(1);
  }
});

it('sets constants before the program is verified', (context) => {
  using object = usable(context).load(OBJECT, PATH, { constants: { wanted_length: 90 }, maxEntries: { events: 8192 } });
  const ring = object.ring('events');
  expect(ring.size).toBe(8192);
  for (const length of [60, 90]) object.program('count').testRun(frame(length));
  expect(ring.drain((at) => expect(ring.view.getUint32(at, true)).toBe(90), 10)).toBe(1);
  expect(() => (bpf as Bpf).load(OBJECT, PATH, { constants: { wanted: 1 } })).toThrow(/no variable 'wanted'/);
});

it('swaps and drains maps in batches', (context) => {
  using object = usable(context).load(OBJECT, PATH);
  const outer = object.map('active');
  using first = outer.newInner();
  using second = outer.newInner(64);
  outer.setInner(0, first);
  for (let length = 60; length < 360; length++) object.program('count').testRun(frame(length));
  outer.setInner(0, second);
  object.program('count').testRun(frame(60));
  const keys = new Uint32Array(128);
  const values = new BigUint64Array(128);
  const cursor = first.newCursor();
  const lengths: number[] = [];
  while (!cursor.done) {
    const n = first.readBatch(cursor, new Uint8Array(keys.buffer), new Uint8Array(values.buffer), true);
    for (let i = 0; i < n; i++) {
      lengths.push(keys[i]);
      expect(values[i]).toBe(1n);
    }
  }
  expect(lengths.sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, i) => 60 + i));
  const value = Buffer.alloc(8);
  const key = Buffer.from(Uint32Array.of(60).buffer);
  expect(first.lookup(key, value)).toBe(false);
  expect(second.lookup(key, value)).toBe(true);
  expect(second.delete(key)).toBe(true);
  expect(second.delete(key)).toBe(false);
  expect(() => second.lookup(key, Buffer.alloc(4))).toThrow(RangeError);
});

it('finds kernel fields, and calls what is not there absent', async (context) => {
  using object = usable(context).load(OBJECT, PATH);
  const ring = object.ring('events');
  const seen = new Set<string>();
  const note = (at: number) =>
    void seen.add([0, 4, 8, 12].map((offset) => ring.view.getUint32(at + offset, true)).join(' '));
  // Sockets of the whole machine are told, and the ring is small: others may leave no room for ours.
  do {
    using _link = object.program('on_state').attach();
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.on('listening', resolve));
    await new Promise((resolve) => server.close(resolve));
    while (ring.drain(note, 100) > 0);
  } while (!seen.has('2 6 10 0'));
  expect(seen).toContain('2 6 10 0');
});

it('says what a kernel lacks and why it refuses', (context) => {
  const opened = usable(context);
  const only = (name: string) => ({ programs: (program: string) => program === name });
  expect(() => opened.load(OBJECT, PATH, only('on_nothing'))).toThrow(
    /no tracepoint no_such_tracepoint for on_nothing/,
  );
  expect(() => opened.load(OBJECT, PATH, only('refused'))).toThrow(/refuses the BPF program refused[\s\S]*invalid/);
  expect(() => opened.load(Buffer.from('not an object'), 'x.o')).toThrow(BpfError);
  for (let cut = 64; cut < OBJECT.length; cut += 997) {
    expect(() => opened.load(OBJECT.subarray(0, cut), 'cut.o')).toThrow(BpfError);
  }
});

it('attaches to an interface by TCX until the link is closed', async (context) => {
  using object = usable(context).load(OBJECT, PATH);
  const index = cable();
  if (index === undefined) return context.skip('no network interface can be made here');
  {
    using _egress = object.program('count').attachTcx(index, 'egress');
    using _ingress = object.program('count').attachTcx(index, 'ingress');
    await send();
  }
  const counted = object.map('counters').sum(0);
  expect(counted).toBeGreaterThan(0);
  await send();
  expect(object.map('counters').sum(0)).toBe(counted);
  expect(() => object.program('count').attachTcx(0x7ffffff, 'ingress')).toThrow(/interface 134217727/);
});

it('attaches by clsact, replaces its own filter and takes it away', async (context) => {
  using object = usable(context).load(OBJECT, PATH);
  const index = cable();
  if (index === undefined) return context.skip('no network interface can be made here');
  const shown = () => spawnSync('tc', ['filter', 'show', 'dev', INTERFACE, 'egress'], { encoding: 'utf8' }).stdout;
  await attachClsact(object.program('count'), index, 'egress');
  const attached = await attachClsact(object.program('count'), index, 'egress');
  expect(shown().match(/netscribe_count/g)).toHaveLength(1);
  await send();
  expect(object.map('counters').sum(0)).toBeGreaterThan(0);
  await attached.close();
  expect(shown()).toBe('');
  expect(await detachClsact(index, 'egress')).toBe(false);
});
