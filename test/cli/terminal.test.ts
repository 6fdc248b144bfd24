// What is different on a terminal, on one that is real: util-linux's `script` runs the command on a pseudo-terminal and prints what it shows.

import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { MAIN } from '../kit/program.ts';
import { PROJECT } from '../kit/shared.ts';

const CLEAR = '\r\x1b[K';

/** What a terminal of 60 columns gets to see of `netscribe capture`. */
function onTerminal(words: string): string {
  const command = `stty cols 60; '${process.execPath}' '${MAIN}' capture -r examples/first-look.pcap --records flow --to null: ${words}`;
  return execFileSync('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: PROJECT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

test('shows how far it is in one line that fits, and takes it away', () => {
  const shown = onTerminal('');
  const lines = shown.split(CLEAR);
  expect(lines.length).toBeGreaterThanOrEqual(3);
  // Nothing stands before the line and nothing is left of it: the summary begins where it was.
  expect(lines[0]).toBe('');
  for (const line of lines.slice(1, -1)) {
    expect(line).toMatch(/^\[#*\.*\] +\d+ % {2}[\d,]+ packets, /);
    expect(line.length).toBeLessThanOrEqual(59);
  }
  expect(lines.at(-2)).toContain('100 %  448 packets');
  expect(lines.at(-1)).toMatch(/^448 packets, 127 kB on the wire\r\n/);
});

test('shows none with -q', () => {
  expect(onTerminal('-q')).not.toContain('%  ');
});
