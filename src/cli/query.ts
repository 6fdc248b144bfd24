// netscribe query: flows and transactions, from the store or straight from a capture.

import { appendFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { UsageError } from '../config/usage-error.ts';
import { allRecordTypes } from '../engine/plan.ts';
import { flowRecord } from '../flow/record.ts';
import { INTERFACE } from '../query/interface-list.ts';
import {
  addressesOfHosts,
  createVocabulary,
  type Executor,
  explain,
  formatResult,
  hostNamesIn,
  nameBeside,
  nameInPlace,
  namesOfAddresses,
  type Plan,
  planInterfaces,
  planQuery,
  type QueryResult,
  runQuery,
  type StoredQuery,
  splitWords,
  type Vocabulary,
} from '../query/query.ts';
import { columnName } from '../records/record.ts';
import type { StoreReader } from '../store/reader.ts';
import { parse, withHelp } from './command.ts';
import { EXIT_OK } from './exit.ts';
import { follow } from './follow.ts';
import { translateGoQuery } from './goquery-words.ts';
import { openLiveFlows } from './live-flows.ts';
import { namedLists } from './named-lists.ts';
import { print } from './print.ts';
import { askedFor, definition, formatOf, type Options, span, wholeNumber } from './query-options.ts';
import { type Needs, readCaptures } from './read-captures.ts';
import { loadQuery, storedNames, storeQuery } from './stored-queries.ts';
import { tellUnreadable } from './unreadable.ts';

export { definition } from './query-options.ts';

export function main(words: string[]): Promise<number> {
  return withHelp(() => query(words));
}

async function query(given: string[]): Promise<number> {
  const { words, ignored } = translateGoQuery(given);
  if (ignored.length > 0) say(`${ignored.join(', ')}: no effect here`);
  const command = definition();
  parse(command, words);
  const options = command.opts<Options>();
  if (options.saved === true) {
    print(
      storedNames()
        .map((name) => `${name}\n`)
        .join(''),
    );
    return EXIT_OK;
  }
  const stored = options.storedQuery === undefined ? {} : loadQuery(options.storedQuery);
  const mayName = [options.condition, stored.condition, ...command.args].join(' ');
  const vocabulary = createVocabulary(allRecordTypes(), {
    isUtc: options.utc === true,
    lists: namedLists(options.define, mayName),
  });
  const asked = withWords(askedFor(options, command, stored), command.args, vocabulary);
  if (options.follow === true) {
    await follow(asked, options, vocabulary, (name) => command.getOptionValueSource(name) === 'cli');
    return EXIT_OK;
  }
  const format = formatOf(asked.format ?? 'table');
  const memory = memoryLimit(options.memory);
  const timeoutMs = span(options.timeout, '--timeout');
  const named = await withHosts(vocabulary, asked.condition, options);
  const plan = planOf(asked, options, named.vocabulary);
  if (options.save !== undefined) say(`kept in ${storeQuery(options.save, asked)}`);
  if (options.explain === true) {
    print(`${hostLines(named.hosts)}${explain(plan)}\n`);
    return EXIT_OK;
  }
  const isFromFiles = options.read.length > 0;
  if (isFromFiles && command.getOptionValueSource('store') === 'cli')
    throw new UsageError(`-r asks files, --store ${options.store} a store: leave one out`);
  if (options.live === true && isFromFiles) throw new UsageError('--live asks the daemon, -r files: leave one out');
  const live = options.live === true ? await openLiveFlows(options) : undefined;
  const temporary = isFromFiles ? await readCaptures(options.read, plan.types, needsOf(plan)) : undefined;
  try {
    const directory = temporary?.directory ?? options.store;
    // DuckDB is loaded when there is something to ask it.
    const { openReader } = await import('../store/reader.ts');
    const reader = await openReader(directory, {
      types: vocabulary.types,
      memoryLimit: memory,
      ...(live === undefined ? {} : { beside: [live.folder] }),
    });
    try {
      const executor: Executor = { query: (sql, params) => reader.query(sql, params as never, { timeoutMs }) };
      const fitted = await fitResolution(executor, plan, asked, options, named.vocabulary);
      const result = await runQuery(executor, fitted);
      if (options.queryLog !== undefined) log(options.queryLog, asked, result);
      if (options.stats === true) say(statistics(reader, result));
      await show(result, asked, options, format);
      return temporary?.code ?? tellUnreadable(reader, options.store);
    } finally {
      reader.close();
    }
  } finally {
    temporary?.remove();
    await live?.close();
  }
}

async function show(
  result: QueryResult,
  asked: StoredQuery,
  options: Options,
  format: ReturnType<typeof formatOf>,
): Promise<void> {
  let shown = result;
  if (asked.resolve?.isEnabled === true) {
    const { maxRows = 0, timeoutMs = 0 } = asked.resolve;
    const names = await namesOfAddresses(result, { maxRows, timeoutMs, servers: serversOf(options) });
    shown = format === 'table' || format === 'md' ? nameInPlace(result, names) : nameBeside(result, names);
  }
  const { utc, bytes, raw, header } = options;
  for (const text of formatResult(shown, format, {
    isUtc: utc === true,
    isExact: bytes,
    isRaw: raw,
    hasHeader: header,
  }))
    print(text);
}

/** Columns, types and condition from the words; those of a stored query where the words have none. */
function withWords(asked: StoredQuery, words: readonly string[], vocabulary: Vocabulary): StoredQuery {
  // goQuery's command: `list`, `list eth0 eth1`.
  if (words[0] === 'list' && words.slice(1).some((word) => /[\s=<>:]/.test(word) && !word.startsWith('/')))
    throw new UsageError(`the list of interfaces takes interfaces, no condition: '${words.slice(1).join(' ')}'`);
  if (words[0] === 'list' || (asked.interfaces?.length === 1 && asked.interfaces[0].toLowerCase() === 'list'))
    return {
      ...asked,
      isInterfaceList: true,
      interfaces: words[0] === 'list' ? [...words.slice(1)] : undefined,
    };
  // Which words are a condition does not depend on the addresses of the hosts in it.
  const split = splitWords(words, { ...vocabulary, hosts: { get: () => [] } });
  if (split.condition !== undefined && asked.condition !== undefined)
    throw new UsageError(`two conditions: -c '${asked.condition}' and '${split.condition}'; join them with 'and'`);
  return {
    ...asked,
    columns: split.columns ?? asked.columns,
    types: split.types ?? asked.types,
    condition: split.condition ?? asked.condition,
  };
}

async function withHosts(
  vocabulary: Vocabulary,
  condition: string | undefined,
  options: Options,
): Promise<{ vocabulary: Vocabulary; hosts: ReadonlyMap<string, readonly string[]> }> {
  const names = condition === undefined ? [] : hostNamesIn(condition, vocabulary);
  const timeoutMs = span(options.resolveTimeout, '--resolve-timeout') ?? HOST_TIMEOUT_MS;
  const hosts =
    names.length === 0 ? new Map() : await addressesOfHosts(names, { timeoutMs, servers: serversOf(options) });
  return { vocabulary: { ...vocabulary, hosts }, hosts };
}

/** How long to wait for the addresses of a host that a condition names: without them there is no answer. */
const HOST_TIMEOUT_MS = 5000;

const serversOf = ({ resolveServer }: Options): string[] | undefined =>
  resolveServer === undefined ? undefined : [resolveServer];

function planOf(asked: StoredQuery, options: Options, vocabulary: Vocabulary): Plan {
  // A capture read for one question keeps no sums.
  const hasSums = options.read.length === 0 && options.sums;
  if (asked.isInterfaceList !== true) return planQuery({ ...asked, hasSums }, vocabulary);
  if (asked.condition !== undefined) throw new UsageError('the list of interfaces takes no condition');
  return planInterfaces({ ...asked, isDetailed: options.detailed, hasSums }, vocabulary);
}

/** What flows say only when it is asked for. */
const needsOf = (plan: Plan): Needs => ({
  interfaces: plan.interfaces.length > 0 || asksFor(plan, INTERFACE),
  protocols: plan.types.includes(flowRecord) && plan.rows.sql.includes(PROTOCOL_COLUMN),
});

const asksFor = (plan: Plan, path: string): boolean =>
  plan.understood?.includes(path) === true ||
  plan.columns.some((column) => column.role === 'key' && column.key.path === path);

/** Named by columns, by conditions in any notation (`talk_conv dns`), by the list of records: all come down to this. */
const PROTOCOL_COLUMN = columnName(flowRecord.fields.networkProtocol);

/** `--time-resolution auto` follows the records where no range was asked for. */
async function fitResolution(
  executor: Executor,
  plan: Plan,
  asked: StoredQuery,
  options: Options,
  vocabulary: Vocabulary,
): Promise<Plan> {
  const isOpen = plan.firstNs === undefined || plan.lastNs === undefined;
  if (plan.bucketNs === undefined || asked.timeResolution?.toLowerCase() !== 'auto' || !isOpen) return plan;
  const [[, first, last]] = (await executor.query(plan.population.sql, [...plan.population.params])).rows;
  if (first === null || last === null) return plan;
  const from = plan.firstNs ?? BigInt(String(first));
  const until = plan.lastNs ?? BigInt(String(last));
  return planOf({ ...asked, spanNs: until > from ? until - from : 0n }, options, vocabulary);
}

function hostLines(hosts: ReadonlyMap<string, readonly string[]>): string {
  return [...hosts].map(([name, addresses]) => `host        ${name} is ${addresses.join(', ')}\n`).join('');
}

/** DuckDB's notation of a percentage of the machine's memory. */
function memoryLimit(text: string): string {
  const percent = wholeNumber(text.replace(/%$/, ''), '--memory') ?? 0;
  if (percent < 1 || percent > 100) throw new UsageError(`--memory wants a percentage from 1 to 100, not '${text}'`);
  return `${Math.max(256, Math.floor((totalmem() / 1e6) * (percent / 100)))}MB`;
}

function log(file: string, asked: StoredQuery, result: QueryResult): void {
  const { columns, types, condition, interfaces, first, last } = asked;
  const entry = { columns, types, condition, interfaces, first, last };
  const line = JSON.stringify({
    time: new Date().toISOString(),
    ...entry,
    understood: result.plan.understood,
    hits: result.hits,
    milliseconds: Math.round(result.elapsedMs),
  });
  try {
    appendFileSync(file, `${line}\n`);
  } catch (error) {
    throw new UsageError(`--query-log ${file}: ${(error as Error).message}`);
  }
}

function statistics(reader: StoreReader, result: QueryResult): string {
  const names = new Set(result.plan.types.map((type) => type.name));
  const segments = reader.manifest.segments.filter(({ type }) => names.has(type));
  const sum = (of: (segment: (typeof segments)[number]) => number) => segments.reduce((n, s) => n + of(s), 0);
  return `${segments.length} segments with ${sum((s) => s.rows)} records in ${sum((s) => s.bytes)} bytes; answered in ${result.elapsedMs.toFixed(1)} ms`;
}

const say = (text: string): void => void process.stderr.write(`netscribe: ${text}\n`);
