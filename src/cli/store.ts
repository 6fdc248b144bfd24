// netscribe store: what is in it, whether it is whole, and what keeps it small.

import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { nearest } from '../config/nearest.ts';
import { sizeBytes } from '../config/size.ts';
import { UsageError } from '../config/usage-error.ts';
import { allRecordTypes } from '../engine/plan.ts';
import { DEFAULT_STORE } from '../sinks/open.ts';
import { checkStore } from '../store/check.ts';
import { storeInfo } from '../store/info.ts';
import { hasManifest, readManifest } from '../store/manifest.ts';
import { pruneStore } from '../store/prune.ts';
import { repairStore } from '../store/repair.ts';
import { planPruning, type Retention } from '../store/retention.ts';
import { rollupSpecs } from '../store/rollup/tables.ts';
import { rowForms } from '../store/row-form.ts';
import { openStore, type Store, type StoreOptions } from '../store/store.ts';
import { newCommand, parse, withHelp } from './command.ts';
import { EXIT_FAILED, EXIT_OK } from './exit.ts';
import { grouped, siBytes } from './figures.ts';
import { print } from './print.ts';

const EXAMPLES = `  netscribe store info                          records, segments, bytes and spans by type
  netscribe store check                         every file: there, whole, as the manifest says; nothing else around
  netscribe store repair                        moves damaged files away, keeps what can be read, says what is lost
  netscribe store merge                         small segments of an hour become one
  netscribe store prune --age 30d --size 50GB   drops what is older, and the oldest above that size
  netscribe store prune --age 30d --dry-run     what would go`;

const ACTIONS = ['info', 'check', 'repair', 'merge', 'prune'] as const;

interface Options {
  store: string;
  deep?: boolean;
  age?: string;
  size?: string;
  config?: string;
  dryRun?: boolean;
  json?: boolean;
}

export function definition(): Command {
  return newCommand('store', 'Look after the store.', EXAMPLES)
    .argument('<action>', ACTIONS.join(', '))
    .option('--store <folder>', 'the store', DEFAULT_STORE)
    .option('--deep', 'check: decode every value, too')
    .option('--age <duration>', 'prune: live records older than this go, and imports that came so long ago (12h, 30d)')
    .option('--size <bytes>', 'prune: above this size the oldest go (500MB, 20GiB)')
    .option('--config <file>', 'prune: age and size from netscribe.yml (store.retention)')
    .option('--dry-run', 'prune: only say what would go')
    .option('--json', 'info, check: one JSON document');
}

export function main(words: string[]): Promise<number> {
  return withHelp(async () => {
    const command = definition();
    parse(command, words);
    const options = command.opts<Options>();
    const [action, more] = command.args;
    if (more !== undefined) {
      throw new UsageError(`store takes one word: '${more}' is too much (--store says which folder)`);
    }
    refuseForeign(action, options);
    switch (action) {
      case 'info':
        return info(options);
      case 'check':
        return check(options);
      case 'repair':
        return repair(options);
      case 'merge':
        return merge(options);
      case 'prune':
        return prune(options);
      default: {
        const guess = nearest(action, [...ACTIONS]);
        throw new UsageError(
          `store can not '${action}'${guess === undefined ? '' : `: did you mean '${guess}'?`} (there are ${ACTIONS.join(', ')})`,
        );
      }
    }
  });
}

/** The words that each option goes with: `repair --dry-run` must not repair. */
const BELONGS: Readonly<Record<string, readonly string[]>> = {
  deep: ['check'],
  age: ['prune'],
  size: ['prune'],
  config: ['prune'],
  dryRun: ['prune'],
  json: ['info', 'check'],
};

function refuseForeign(action: string, options: Options): void {
  if (!ACTIONS.some((known) => known === action)) return;
  for (const [name, actions] of Object.entries(BELONGS)) {
    if (options[name as keyof Options] === undefined || actions.includes(action)) continue;
    const flag = name === 'dryRun' ? '--dry-run' : `--${name}`;
    throw new UsageError(`${flag} goes with 'store ${actions.join("' and 'store ")}', not with 'store ${action}'`);
  }
}

const say = (text: string): void => print(`${text}\n`);
const counted = (n: number, one: string, many = `${one}s`): string => `${grouped(n)} ${n === 1 ? one : many}`;

function info({ store, json }: Options): number {
  const found = storeInfo(store);
  if (json) {
    say(JSON.stringify(found));
    return EXIT_OK;
  }
  const lines = [
    `${store}: ${counted(found.rows, 'record')} in ${counted(found.segments, 'segment')}, ${siBytes(found.bytes)}, ${counted(found.imports, 'import')}`,
  ];
  if (found.logBytes > 0) lines.push(`${siBytes(found.logBytes)} of live batches in the log, not in segments yet`);
  if (found.writer !== undefined) lines.push(`process ${found.writer} is writing to it`);
  const rows = found.types.map(({ type, rows, segments, bytes, rollupBytes, first, last }) => [
    type,
    grouped(rows),
    grouped(segments),
    siBytes(bytes),
    (bytes / Math.max(1, rows)).toFixed(1),
    rollupBytes === 0 ? '' : siBytes(rollupBytes),
    first === undefined ? '' : first.slice(0, 19),
    last === undefined ? '' : last.slice(0, 19),
  ]);
  if (rows.length > 0) {
    lines.push(
      '',
      ...table(['type', 'records', 'segments', 'size', 'B/record', 'roll-ups', 'first (UTC)', 'last'], rows),
    );
  }
  say(lines.join('\n'));
  return EXIT_OK;
}

/** Columns of words; the first and the last two to the left. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const isLeft = (i: number) => i === 0 || i >= head.length - 2;
  return [head, ...rows].map((row) =>
    row
      .map((cell, i) => (isLeft(i) ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd(),
  );
}

function check({ store, deep, json }: Options): number {
  const { manifest: _, ...report } = checkStore(store, { isDeep: deep === true });
  const { problems } = report;
  const code = problems.length === 0 ? EXIT_OK : EXIT_FAILED;
  if (json) {
    say(JSON.stringify(report));
    return code;
  }
  const lines = problems.map(({ path, what }) => `${path} ${what}`);
  const whole = `${counted(report.segments, 'segment')}, ${counted(report.rows, 'record')}, ${siBytes(report.bytes)}`;
  const log = report.logFrames === 0 ? '' : `, ${counted(report.logFrames, 'batch', 'batches')} in the log`;
  lines.push(
    problems.length === 0
      ? `${store} is whole: ${whole}${log}`
      : `${store} has ${counted(problems.length, 'problem')} in ${whole}: 'netscribe store repair' mends what can be mended`,
  );
  if (report.writer !== undefined) {
    lines.push(`process ${report.writer} is writing to it: leftovers and the log were not looked at`);
  }
  say(lines.join('\n'));
  return code;
}

function repair({ store }: Options): number {
  const { repaired, lostRows, before } = repairStore(store, plans());
  const lines = repaired.map(({ problem, done }) => `${problem.path} ${problem.what}: ${done}`);
  lines.push(
    repaired.length === 0
      ? `${store} is whole: nothing to do (${counted(before.rows, 'record')})`
      : `${store}: ${counted(repaired.length, 'problem')} mended, ${lostRows === 0 ? 'nothing' : counted(lostRows, 'record')} lost`,
  );
  say(lines.join('\n'));
  return lostRows === 0 ? EXIT_OK : EXIT_FAILED;
}

function merge({ store }: Options): number {
  return withStore(store, (open) => {
    open.rotate();
    const { merged, into, rows, damaged } = open.merge();
    for (const words of damaged) say(`${store}: not merged: ${words}; 'netscribe store check' says which is damaged`);
    say(
      into === 0
        ? `${store}: nothing to merge`
        : `${store}: ${counted(merged, 'segment')} merged into ${into}, ${counted(rows, 'record')}`,
    );
    return damaged.length === 0 ? EXIT_OK : EXIT_FAILED;
  });
}

function prune(options: Options): number {
  const { store, dryRun } = options;
  const retention = retentionOf(options);
  if (retention.ageSeconds === undefined && retention.sizeBytes === undefined) {
    throw new UsageError('prune wants --age, --size, or --config with store.retention: nothing goes by itself');
  }
  const words = (plan: { segments: readonly unknown[]; imports: readonly string[]; rows: number; bytes: number }) =>
    `${counted(plan.rows, 'record')} in ${counted(plan.segments.length, 'segment')}, ${siBytes(plan.bytes)}` +
    (plan.imports.length === 0 ? '' : `, ${counted(plan.imports.length, 'import')}`);
  if (dryRun) {
    say(`${store}: would drop ${words(planPruning(readManifest(store), retention, Date.now()))}`);
    return EXIT_OK;
  }
  say(`${store}: dropped ${words(pruneStore(store, retention, plans()))}`);
  return EXIT_OK;
}

function retentionOf({ age, size, config }: Options): Retention {
  // Seconds, or bytes, would be meant by nobody, and all there is would go.
  if (age !== undefined && /^\d+$/.test(age)) throw new UsageError(`--age ${age} has no unit: write ${age}d for days`);
  if (size !== undefined && /^\d+$/.test(size)) {
    throw new UsageError(`--size ${size} has no unit: write ${size}GB, or ${size}B for bytes`);
  }
  const loaded = config === undefined ? undefined : loadConfig(config, []);
  const seconds = age === undefined ? loaded?.retention.ageSeconds : loadConfig(undefined, []).duration(age, '--age');
  const bytes = size === undefined ? loaded?.retention.sizeBytes : sizeBytes(size);
  if (size !== undefined && bytes === undefined) {
    throw new UsageError(`--size ${size}: that is no size; write 500MB or 20GiB`);
  }
  return { ageSeconds: seconds, sizeBytes: bytes };
}

function withStore(directory: string, work: (store: Store) => number): number {
  // Opening makes a store where there is none: here that would be a mistyped name.
  if (!hasManifest(directory)) readManifest(directory);
  const store = openStore(directory, plans());
  try {
    return work(store);
  } finally {
    store.close();
  }
}

/** What of the declared types the store makes use of when it writes. */
function plans(): Pick<StoreOptions, 'rollups' | 'forms'> {
  const types = allRecordTypes();
  return { rollups: rollupSpecs(types), forms: rowForms(types) };
}
