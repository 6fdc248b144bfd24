// npm run score: how close our NDJSON comes to what other decoders say of the shared captures, per subject. Needs the folder
// ../shared and python3. Options go through: `npm run score -- --only dns --show 5`; words that name captures replace the
// default (all of them). Below the tool's table stands another one, without the differences that docs/differences.md explains.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
const folder = mkdtempSync(path.join(tmpdir(), 'netscribe-score-'));
const found = path.join(folder, 'score.json');
process.exitCode = run('python3', [
  tool,
  '--json',
  found,
  '--oracle',
  path.join(shared, 'oracle'),
  '--command',
  command,
  ...words,
  ...captures,
]);

if (existsSync(found)) tellExplained(JSON.parse(readFileSync(found, 'utf8')).detail);
rmSync(folder, { recursive: true });

/** Of a capture's subject: expected, found, examples of missing ones, extra. What is explained counts as found, and not as extra. */
function tellExplained(detail) {
  const explained = JSON.parse(readFileSync(path.join(ROOT, 'scripts', 'score-explained.json'), 'utf8'));
  const sums = new Map();
  for (const [capture, subjects] of Object.entries(detail)) {
    for (const [subject, [expected, hit, , extra]] of Object.entries(subjects)) {
      const known = explained[capture]?.[subject] ?? { missing: 0, extra: 0 };
      const sum = sums.get(subject) ?? { expected: 0, hit: 0, extra: 0, known: 0 };
      const missing = Math.min(known.missing, expected - hit);
      const more = Math.min(known.extra, extra);
      sum.expected += expected;
      sum.hit += hit + missing;
      sum.extra += extra - more;
      sum.known += missing + more;
      sums.set(subject, sum);
    }
  }
  const lines = [...sums].filter(([, { known }]) => known > 0);
  if (lines.length === 0) return;
  console.log('\nwithout the differences that docs/differences.md explains:');
  for (const [subject, { expected, hit, extra, known }] of lines) {
    const recall = (hit / expected).toFixed(4);
    const precision = (hit / (hit + extra)).toFixed(4);
    console.log(`${subject.padEnd(10)} ${known} explained; recall ${recall}, precision ${precision}`);
  }
}

function quote(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
