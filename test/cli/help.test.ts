// The help of every command: begins with examples, fits a screen, and all of it is one word away.

import { expect, it } from 'vitest';
import { examplesOf, HELP_ALL, HelpShown, parse } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands.ts';

async function help(name: string, word: string): Promise<string> {
  const command = (await COMMANDS[name].load()).definition();
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  expect(() => parse(command, [word])).toThrow(HelpShown);
  return text;
}

it.each(Object.keys(COMMANDS))('%s', async (name) => {
  const command = (await COMMANDS[name].load()).definition();
  const short = await help(name, '--help');
  const lines = short.trimEnd().split('\n');
  expect(lines[2]).toMatch(new RegExp(`netscribe ${name}`));
  expect(short).toContain(examplesOf(command));
  expect(lines.length).toBeLessThanOrEqual(36);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(116);
  const all = await help(name, HELP_ALL);
  for (const { long, short: letter } of command.options) expect(all).toContain(long ?? letter);
});
