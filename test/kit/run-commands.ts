// node run-commands.ts MAIN: runs the program MAIN again and again in this process, as its parent says (commands.ts). Standard input, output
// and error are files meanwhile: commands use them as they like.

import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Asked, Said } from './commands.ts';

const [node, , main] = process.argv;
const folder = mkdtempSync(join(tmpdir(), 'netscribe-commands-'));
const places = { in: join(folder, 'in'), out: join(folder, 'out'), err: join(folder, 'err') };
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
/** Only against what never ends. */
const PATIENCE_MS = 100_000;
let runs = 0;

/** Opens a file as this descriptor: the lowest that is free is taken. */
function redirect(descriptor: 0 | 1 | 2, path: string): void {
  closeSync(descriptor);
  if (openSync(path, descriptor === 0 ? 'r' : 'w') !== descriptor)
    throw new Error(`descriptor ${descriptor} is not free`);
}

/** What keeps this process from ending, in words. */
const keepers = (): string => process.getActiveResourcesInfo().sort().join(', ');

async function run({ words, cwd, env, input }: Asked): Promise<Said | { error: string }> {
  writeFileSync(places.in, input);
  redirect(0, places.in);
  redirect(1, places.out);
  redirect(2, places.err);
  process.chdir(cwd);
  for (const name of Object.keys(process.env)) if (env[name] === undefined) delete process.env[name];
  for (const [name, value] of Object.entries(env)) if (value !== undefined) process.env[name] = value;
  process.argv = [node, main, ...words];
  process.exitCode = undefined;
  // Each run hears errors of them, for good.
  process.stdout.removeAllListeners('error');
  process.stderr.removeAllListeners('error');
  const before = keepers();
  // The module of the command line alone is new each time.
  await import(`${pathToFileURL(main).href}?${runs++}`);
  for (const begun = performance.now(); keepers() !== before; await pause(1)) {
    if (performance.now() - begun > PATIENCE_MS) return { error: `it does not end: ${keepers()} instead of ${before}` };
  }
  const code = Number(process.exitCode ?? 0);
  const bytes = readFileSync(places.out);
  return { code, bytes, out: bytes.toString('utf8'), err: readFileSync(places.err, 'utf8') };
}

// Whatever a command that does not end has left.
process.once('disconnect', () => process.exit());
process.on('message', (asked: Asked) => {
  run(asked).then(
    (said) => process.send!(said),
    (error: Error) => process.send!({ error: String(error.stack) }),
  );
});
