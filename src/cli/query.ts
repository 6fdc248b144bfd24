// netscribe query: flows and transactions, from the store or straight from a capture.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { UsageError } from '../config/usage-error.ts';
import { allRecordTypes, makePlan } from '../engine/plan.ts';
import { run } from '../engine/run.ts';
import {
  createVocabulary,
  explain,
  FORMATS,
  formatNamed,
  formatResult,
  planQuery,
  QUERY_TYPES,
  runQuery,
  splitWords,
} from '../query/query.ts';
import { DEFAULT_STORE } from '../sinks/open.ts';
import { writeAll } from '../sinks/output.ts';
import { StoreSink } from '../sinks/store.ts';
import { openInputs } from '../sources/open.ts';
import { openReader } from '../store/reader.ts';
import { collect, newCommand, parse, withHelp } from './command.ts';
import { EXIT_DAMAGED, EXIT_OK } from './exit.ts';
import { nearest } from './nearest.ts';

const EXAMPLES = `  netscribe query talk_conv -n 10                        who talks to whom
  netscribe query sip,dport -c 'proto = tcp' -s packets   flows by source and port
  netscribe query 'dns and not dns.response_code: NOERROR' transactions that match
  netscribe query -r traffic.pcap http -e json            straight from a capture, no store`;

interface QueryOptions {
  condition?: string;
  read: string[];
  store: string;
  interfaces?: string;
  first?: string;
  last?: string;
  limit?: string;
  sort?: string;
  ascending?: boolean;
  sum?: boolean;
  in?: boolean;
  out?: boolean;
  format: string;
  timeResolution?: string;
  list?: boolean;
  explain?: boolean;
  utc?: boolean;
  bytes?: boolean;
  raw?: boolean;
  header: boolean;
}

export function main(words: string[]): Promise<number> {
  return withHelp(() => query(words));
}

export function definition(): Command {
  return newCommand('query', 'Ask for flows and transactions.', EXAMPLES)
    .argument('[columns]', `columns (sip,dip,dport,proto,time, any field), a record type, or ${QUERY_TYPE_NAMES}`)
    .argument('[condition...]', "what must match: 'dport = 443', 'http and duration > 200ms'")
    .option('-c, --condition <text>', 'the condition, as goQuery takes it')
    .option('-r, --read <file>', 'ask this capture instead of the store; repeatable', collect, [])
    .option('--store <folder>', 'the store', DEFAULT_STORE)
    .option('-i, --interfaces <list>', 'only these interfaces: eth0, any,!lo, /eth\\d/')
    .option('-f, --first <time>', "not before: '-1h', '2026-11-21 10:00', RFC 3339, Unix seconds")
    .option('-l, --last <time>', 'not after')
    .option('-n, --limit <rows>', 'rows at most (default: 1000)')
    .option('-s, --sort <what>', 'bytes, packets, time, count, duration or a column')
    .option('-a, --ascending', 'smallest first')
    .option('--sum', 'both directions in one figure')
    .option('--in', 'only what the destination sent')
    .option('--out', 'only what the source sent')
    .option('-e, --format <name>', FORMATS.join(', '), 'table')
    .option('--time-resolution <span>', "width of buckets of the column 'time': 5m, 1h, auto")
    .option('--list', 'records, not sums')
    .option('--explain', 'how the condition was understood, and the SQL')
    .option('--utc', 'times in UTC')
    .option('--bytes', 'exact bytes')
    .option('--raw', 'CSV cells exactly as recorded')
    .option('--no-header', 'CSV without its first line');
}

async function query(words: string[]): Promise<number> {
  const command = definition();
  parse(command, words);
  const options = command.opts<QueryOptions>();
  const format = formatNamed(options.format);
  if (format === undefined) {
    const guess = nearest(options.format, FORMATS);
    throw new UsageError(
      `there is no format '${options.format}'${guess === undefined ? '' : `: did you mean '${guess}'?`} (there are ${FORMATS.join(', ')})`,
    );
  }
  const types = allRecordTypes();
  const isUtc = options.utc === true;
  const vocabulary = createVocabulary(types, { isUtc });
  const split = splitWords(command.args, vocabulary);
  if (split.condition !== undefined && options.condition !== undefined) {
    throw new UsageError(`two conditions: -c '${options.condition}' and '${split.condition}'; join them with 'and'`);
  }
  const plan = planQuery(
    {
      ...split,
      ...(options.condition === undefined ? {} : { condition: options.condition }),
      ...(options.interfaces === undefined ? {} : { interfaces: options.interfaces.split(',') }),
      first: options.first,
      last: options.last,
      sort: options.sort,
      ascending: options.ascending,
      limit: wholeNumber(options.limit),
      sum: options.sum,
      in: options.in,
      out: options.out,
      timeResolution: options.timeResolution,
      isList: options.list,
    },
    vocabulary,
  );
  if (options.explain === true) {
    print(`${explain(plan)}\n`);
    return EXIT_OK;
  }
  const temporary =
    options.read.length > 0
      ? await readInto(
          options.read,
          plan.types.map((type) => type.name),
        )
      : undefined;
  try {
    const reader = await openReader(temporary?.directory ?? options.store, { types });
    try {
      const result = await runQuery(reader as never, plan);
      for (const text of formatResult(result, format, {
        isUtc,
        isExact: options.bytes,
        isRaw: options.raw,
        hasHeader: options.header,
      }))
        print(text);
    } finally {
      reader.close();
    }
    return temporary?.code ?? EXIT_OK;
  } finally {
    if (temporary !== undefined) rmSync(temporary.directory, { recursive: true, force: true });
  }
}

const QUERY_TYPE_NAMES = Object.keys(QUERY_TYPES).join(', ');

/** Reads captures into a store of their own that is gone after the answer. */
async function readInto(files: string[], records: readonly string[]): Promise<{ directory: string; code: number }> {
  const directory = mkdtempSync(join(tmpdir(), 'netscribe-query-'));
  try {
    const config = loadConfig(undefined, []);
    const plan = makePlan({ ...config.plan, records, inputs: files });
    const source = openInputs(files, {});
    const result = await run(source, [new StoreSink(directory, { sync: false })], plan);
    let code = EXIT_OK;
    for (const damage of result.stats.damaged) {
      process.stderr.write(
        `netscribe: ${damage.file} is damaged at packet ${damage.packet}, offset ${damage.offset}: ${damage.reason}; everything before it was read\n`,
      );
      code = EXIT_DAMAGED;
    }
    return { directory, code };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new UsageError(`-n wants a whole number, not '${text}'`);
  return value;
}

function print(text: string): void {
  writeAll(1, Buffer.from(text), 'standard output');
}
