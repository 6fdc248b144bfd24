// netscribe doctor: what this machine and this user can do, and the one thing that each of the others lacks.

import type { Command } from 'commander';
import { nearest } from '../config/nearest.ts';
import { UsageError } from '../config/usage-error.ts';
import type { Check, Finding } from '../doctor/check.ts';
import { CHECKS } from '../doctor/registry.ts';
import { newCommand, parse, withHelp } from './command.ts';
import { EXIT_OK, EXIT_PRIVILEGE } from './exit.ts';
import { print } from './print.ts';

const EXAMPLES = `  netscribe doctor                everything
  netscribe doctor live           only whether live capture works; exit code 4 when it does not
  netscribe doctor --json | jq    the same for scripts`;

export function definition(): Command {
  return newCommand('doctor', 'What this machine can do, and what is missing for the rest.', EXAMPLES)
    .argument('[checks...]', `some of: ${CHECKS.map(({ name }) => name).join(', ')} (default: all)`)
    .option('--json', 'one JSON document per line');
}

export function main(words: string[]): Promise<number> {
  return withHelp(() => doctor(words));
}

async function doctor(words: string[]): Promise<number> {
  const command = definition();
  parse(command, words);
  const { json } = command.opts<{ json?: boolean }>();
  let allOk = true;
  for (const check of command.args.length === 0 ? CHECKS : command.args.map(checkOf)) {
    const finding = await findingOf(check);
    allOk &&= finding.ok;
    print(
      json === true
        ? `${JSON.stringify({ check: check.name, does: check.does, ...finding })}\n`
        : forPeople(check, finding),
    );
  }
  return allOk ? EXIT_OK : EXIT_PRIVILEGE;
}

function checkOf(word: string): Check {
  const check = CHECKS.find(({ name }) => name === word);
  if (check !== undefined) return check;
  const names = CHECKS.map(({ name }) => name);
  const guess = nearest(word, names);
  throw new UsageError(
    `there is no check '${word}'${guess === undefined ? ` (there are ${names.join(', ')})` : `: did you mean '${guess}'?`}`,
  );
}

async function findingOf(check: Check): Promise<Finding> {
  try {
    return await check.run();
  } catch (error) {
    return { ok: false, found: 'not possible', missing: (error as Error).message };
  }
}

function forPeople({ name, does }: Check, { ok, found, missing }: Finding): string {
  const lines = [`${ok ? 'yes' : 'no '}  ${name.padEnd(10)} ${does}`, `     ${' '.repeat(10)} ${found}`];
  if (missing !== undefined) lines.push(`     ${' '.repeat(10)} missing: ${missing}`);
  return `${lines.join('\n')}\n`;
}
