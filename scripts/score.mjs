// npm run score: how close our NDJSON comes to what other decoders say of the shared captures, per subject. Needs the folder
// ../shared and python3. Options go through: `npm run score -- --only dns --show 5`; words that name captures replace the
// default (all of them).

import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { ensureInstalled, ROOT } from './ensure-installed.mjs';
import { node24, run } from './node24.mjs';

ensureInstalled();
const shared = path.join(ROOT, '..', 'shared');
const tool = path.join(shared, 'tools', 'score.py');
if (!existsSync(tool)) {
  console.error(
    `netscribe: ${tool} is not there; scoring needs the shared captures and their oracles beside the project.`,
  );
  process.exit(1);
}
const words = process.argv.slice(2);
const pcaps = path.join(shared, 'pcaps');
const captures = words.some((word) => existsSync(word))
  ? []
  : readdirSync(pcaps)
      .filter((file) => file !== 'manifest.tsv')
      .map((file) => path.join(pcaps, file));
const command = `${quote(node24())} ${quote(path.join(ROOT, 'bin', 'netscribe.js'))} capture -r {file} --json -q`;
process.exitCode = run('python3', [
  tool,
  '--oracle',
  path.join(shared, 'oracle'),
  '--command',
  command,
  ...words,
  ...captures,
]);

function quote(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
