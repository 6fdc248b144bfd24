// The order in which a ring is made. What happens within one call can not be seen from outside, so the C library only notes what it is asked.

import { expect, test } from 'vitest';
import type { Libc } from '../../src/system/libc.ts';
import { PacketRing, type RingOptions } from '../../src/system/packet-ring.ts';

const OPTIONS: RingOptions = {
  blockBytes: 4096,
  blocks: 2,
  retireMs: 60,
  filter: new Uint8Array(8),
  ifindex: 1,
  ignoreOutgoing: false,
};

/** Notes calls and has a ring of plain memory. */
function notingLibc(calls: string[]): Libc {
  const note =
    <Result>(call: string, result: Result) =>
    () => {
      calls.push(call);
      return result;
    };
  return {
    socket: note('socket', 3),
    setsockopt: note('setsockopt', undefined),
    setsockoptLater: note('setsockopt', Promise.resolve()),
    bind: note('bind', undefined),
    mmap: note('mmap', 'memory'),
    munmap: note('munmap', undefined),
    close: note('close', undefined),
    view: (_at: unknown, length: number) => {
      calls.push('view');
      return new ArrayBuffer(length);
    },
    address: () => 0n,
  } as unknown as Libc;
}

/** The calls from the ring's memory on. */
function opened(calls: string[]): { ring: PacketRing; order: string[] } {
  calls.length = 0;
  const ring = new PacketRing(notingLibc(calls), OPTIONS, undefined, () => calls.push('settle'));
  return { ring, order: calls.slice(calls.indexOf('mmap')) };
}

test('the only ring of a thread has garbage collected between its memory and its first packet, others nothing', () => {
  const calls: string[] = [];
  const first = opened(calls);
  expect(first.order).toEqual(['mmap', 'view', 'settle', 'bind']);
  const second = opened(calls);
  expect(second.order).toEqual(['mmap', 'view', 'bind']);
  first.ring.close();
  second.ring.close();
  const again = opened(calls);
  expect(again.order).toEqual(['mmap', 'view', 'settle', 'bind']);
  again.ring.close();
});

test('all garbage is collected when it is asked for', async () => {
  const { collectGarbage } = await import('../../src/system/collect-garbage.ts');
  const gone = new WeakRef({ garbage: true });
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  expect(gone.deref()).toBeUndefined();
});
