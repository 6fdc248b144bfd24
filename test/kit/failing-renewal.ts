// A source of the interface `b` of a namespace that is to have a larger ring when another link has taken that name and no ring can be opened for
// it. Says `open`; at a line on standard input it goes on, and says how the reading and the renewal end.

import { createInterface } from 'node:readline';
import { openLive, renewLive } from '../../src/sources/ring/open-live.ts';
import { newRingTeam } from '../../src/sources/ring/ring-team.ts';

const live = {
  interfaces: ['b'],
  team: newRingTeam(1),
  wait: 'never',
  blockBytes: 65_536,
  ringBytes: 65_536 * 4,
} as const;
const source = await openLive(live);
await source.open();
process.stdout.write('open\n');
for await (const _ of createInterface(process.stdin)) break;
let reading = '';
while (reading === '') {
  try {
    const next = await source.next();
    if (typeof next !== 'string') source.release(next);
  } catch (error) {
    reading = (error as Error).message;
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
}
const renewal = await renewLive(source, { ...live, ringBytes: 65_536 * 8 }).then(
  () => 'renewed',
  (error: Error) => error.message,
);
process.stdout.write(`${JSON.stringify({ reading, renewal })}\n`);
process.exit(0);
