// V8 keeps the code that it compiled for TCP events (docs/decisions.md, "Members that hold numbers or nothing"), also when the events that were
// there before are garbage, as those of sources that were only looked at.

import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { PROJECT } from '../kit/shared.ts';

const SCRIPT = `
  const { TcpEvent } = await import('${PROJECT}src/tcp-state/event.ts');
  const { Lives } = await import('${PROJECT}src/tcp-state/tracefs/lives.ts');
  for (let i = 0; i < 12; i++) await new Promise((resolve) => { gc(); setImmediate(resolve); });
  const event = new TcpEvent();
  const lives = new Lives('run');
  let time = 2 ** 43;
  for (let i = 0; i < 400_000; i++) {
    const low = (i & 1023) << 6;
    event.oldState = 7;
    event.newState = 2;
    lives.change(event, low, 1, (time += 1000), undefined);
    event.oldState = 2;
    event.newState = i % 3 === 0 ? 7 : 1;
    lives.change(event, low, 1, (time += i % 7 === 0 ? 2 ** 33 : 1000), undefined);
  }
`;

test('compiled code of TCP events is not thrown away', () => {
  const words = ['--expose-gc', '--trace-deopt', '--input-type=module', '-e', SCRIPT];
  const said = execFileSync(process.execPath, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  expect(said.match(/reason: Smi\b.*<JSFunction #?(change|tell) .*/g)).toBeNull();
});
