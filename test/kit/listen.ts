// node listen.ts: opens live sources as lines of JSON on standard input say (LiveOptions each), answers "open" each time, and at the
// line "count" stops them all and prints how many packets each took, as JSON. One process for many captures.

import { createInterface } from 'node:readline';
import { openLive } from '../../src/sources/ring/open-live.ts';
import type { RingSource } from '../../src/sources/ring/ring-source.ts';

async function drain(source: RingSource): Promise<number> {
  source.stop();
  for (;;) {
    const next = await source.next();
    if (next === 'end') break;
    if (next !== 'idle') source.release(next);
  }
  const { packets } = source.stats();
  await source.close();
  return packets;
}

let sources: RingSource[] = [];
for await (const line of createInterface(process.stdin)) {
  if (line === 'count') {
    const counts: number[] = [];
    for (const source of sources) counts.push(await drain(source));
    sources = [];
    process.stdout.write(`${JSON.stringify(counts)}\n`);
    continue;
  }
  const source = await openLive({ ringBytes: 2 * 1024 * 1024, ...JSON.parse(line) });
  await source.open();
  sources.push(source);
  process.stdout.write('open\n');
}
