// A source that gives a promise while it waits, and whose ring is replaced meanwhile: packets come once each and in their order. Loopback alone.

import { createSocket } from 'node:dgram';
import { expect } from 'vitest';
import { openLive, renewLive } from '../../src/sources/ring/open-live.ts';
import type { RingSource } from '../../src/sources/ring/ring-source.ts';
import { newRingTeam } from '../../src/sources/ring/ring-team.ts';
import { noNamespaces } from '../kit/namespace.ts';
import { unless } from '../kit/unless.ts';

const REPLACED = 8;
const BLOCK = 16_384;
/** Only against what never comes. */
const MOST_WAITS = 400;

/** The numbers that the packets of the next batch carry behind their headers. */
async function numbers(source: RingSource): Promise<number[]> {
  const batch = await source.next();
  if (typeof batch === 'string') return [];
  const found = Array.from({ length: batch.count }, (_, i) =>
    batch.view.getUint32(batch.offset[i] + batch.capturedLength[i] - 4, true),
  );
  source.release(batch);
  return found;
}

unless(noNamespaces).test('a ring that is replaced while it is waited for', async () => {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  const size = (blocks: number) => ({ ringBytes: blocks * BLOCK, blockBytes: BLOCK });
  const options = { interfaces: ['lo'], filter: `udp dst port ${port}`, wait: 'later', team: newRingTeam(1) } as const;
  const source = await openLive({ ...options, ...size(8) });
  await source.open();
  const seen: number[] = [];
  let sent = 0;
  const send = () =>
    new Promise<void>((resolve) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(sent++);
      socket.send(bytes, port, '127.0.0.1', () => resolve());
    });
  try {
    await numbers(source);
    for (let i = 0; i < REPLACED; i++) {
      let isDone = false;
      const renewed = renewLive(source, { ...options, ...size(i % 2 === 0 ? 16 : 8) }).then(() => {
        isDone = true;
      });
      for (let waits = 0; (!isDone || seen.length < sent) && waits < MOST_WAITS; waits++) {
        const next = numbers(source);
        // It is in the ring that is waited for, or in the one that follows.
        if (!isDone) await send();
        seen.push(...(await next));
      }
      await renewed;
    }
    expect(seen).toEqual(Array.from({ length: sent }, (_, n) => n));
    expect(source.stats()).toMatchObject({ packets: sent, kernelDropped: 0 });
  } finally {
    await source.close();
    socket.close();
  }
});
