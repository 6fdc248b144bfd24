// What `netscribe query` takes: its options, put together with those of a stored query.

import { type Command, Option } from 'commander';
import { nearest } from '../config/nearest.ts';
import { LONGEST_TIMER, LONGEST_TIMER_MS } from '../config/timers.ts';
import { UsageError } from '../config/usage-error.ts';
import {
  DEFAULT_LIMIT,
  DEFAULT_NAME_ROWS,
  DEFAULT_NAME_TIMEOUT_MS,
  FORMATS,
  type Format,
  formatNamed,
  type StoredQuery,
} from '../query/query.ts';
import { parseSpan } from '../query/values.ts';
import { DEFAULT_STORE } from '../sinks/open.ts';
import { collect, newCommand, only } from './command.ts';

const EXAMPLES = `  netscribe query talk_conv -n 10                        who talks to whom
  netscribe query sip,dport -c 'proto = tcp' -s packets   flows by source and port
  netscribe query 'dns and not dns.response_code: NOERROR' transactions that match
  netscribe query -r traffic.pcap http -e json            straight from a capture, no store`;

/** Percent: an answer with millions of groups needs hundreds of bytes for each. */
const DEFAULT_MEMORY = '40';

export interface Options {
  condition?: string;
  read: string[];
  store: string;
  live?: boolean;
  follow?: boolean;
  api?: string;
  interfaces: string[];
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
  rows?: boolean;
  list?: boolean;
  detailed?: boolean;
  explain?: boolean;
  resolve?: boolean;
  resolveRows?: string;
  resolveTimeout?: string;
  resolveServer?: string;
  storedQuery?: string;
  define: string[];
  save?: string;
  saved?: boolean;
  utc?: boolean;
  bytes?: boolean;
  raw?: boolean;
  header: boolean;
  sums: boolean;
  timeout?: string;
  memory: string;
  queryLog?: string;
  stats?: boolean;
}

export function definition(): Command {
  const rare = (flags: string, text: string, value?: string) => {
    const option = new Option(flags, text).hideHelp();
    return value === undefined ? option : option.default(value);
  };
  return newCommand('query', 'Ask for flows and transactions.', EXAMPLES)
    .argument('[columns]')
    .argument('[condition...]')
    .option(
      '-c, --condition <condition>',
      'what must match, also as last words: dport = 443 and bytes > 10MB',
      only('conditions'),
    )
    .option('-r, --read <file>', 'ask this capture instead of the store; repeatable', collect, [])
    .option('--store <folder>', 'the store', DEFAULT_STORE)
    .option('--live', 'flows that are open in the running daemon too')
    .option('--follow', 'records of the running daemon as they are made, as lines of JSON; -n: so many')
    .option('-i, --interfaces <interfaces>', 'only these: eth0 · any,!lo · /eth\\d/ · list lists them', collect, [])
    .option('-f, --first <time>', "not before: -24h · '2026-11-21 10:00' · RFC 3339 · Unix seconds")
    .option('-l, --last <time>', 'not after')
    .option('-n, --limit <rows>', `rows at most (default: ${DEFAULT_LIMIT})`)
    .option('-s, --sort <column>', 'bytes, packets, time, count, errors, duration or a column')
    .option('-a, --ascending', 'smallest first')
    .option('--sum', 'both directions in one figure; --in or --out: one of them')
    .option('--time-resolution <span>', "width of the buckets of the column 'time': 5m, 1h, auto")
    .option('--rows', 'the records themselves, not sums')
    .option('-e, --format <format>', FORMATS.join(', '), 'table')
    .option('-d, --resolve', 'names of addresses, asked of DNS now')
    .option('--explain', 'how it was understood, and the SQL')
    .option('--stored-query <query>', 'a query by name, from a file, or from - (standard input)')
    .addOption(rare('--api <address>', 'where the daemon listens, for --live and --follow (default: 127.0.0.1:8145)'))
    .addOption(
      rare(
        '--define <list>',
        "a list for 'host in $internal': internal=10.0.0.0/8,fd00::/8 or threats=@FILE; repeatable",
      )
        .argParser(collect)
        .default([]),
    )
    .addOption(rare('--save <name>', 'keep this query for --stored-query'))
    .addOption(rare('--saved', 'the names of kept queries'))
    .addOption(rare('--list', 'the interfaces, with flows, packets, bytes, first and last time'))
    .addOption(rare('--detailed', 'of the list: directions, IPv4 and IPv6 apart'))
    .addOption(rare('--in', 'only what the destination sent'))
    .addOption(rare('--out', 'only what the source sent'))
    .addOption(rare('--resolve-rows <rows>', `names for so many rows (default: ${DEFAULT_NAME_ROWS})`))
    .addOption(rare('--resolve-timeout <span>', 'names that take longer are not shown (default: 1s)'))
    .addOption(rare('--resolve-server <address>', 'the DNS server to ask: 192.0.2.1 or 192.0.2.1:5353'))
    .addOption(rare('--utc', 'times in UTC'))
    .addOption(rare('--bytes', 'exact bytes'))
    .addOption(rare('--raw', 'CSV cells exactly as recorded'))
    .addOption(rare('--no-header', 'CSV without its first line'))
    .addOption(rare('--no-sums', "read the records, not the store's sums per minute and hour"))
    .addOption(rare('--timeout <span>', 'give up after so long'))
    .addOption(rare('--memory <percent>', 'memory for the answer, in percent of the machine', DEFAULT_MEMORY))
    .addOption(rare('--query-log <file>', 'append what was asked, as a line of JSON'))
    .addOption(rare('--stats', 'what the answer cost, on standard error'));
}

/** The options that say what to ask, over those of a stored query. */
export function askedFor(options: Options, command: Command, stored: StoredQuery): StoredQuery {
  const isGiven = (name: string) => command.getOptionValueSource(name) === 'cli';
  return {
    ...stored,
    condition: options.condition ?? stored.condition,
    interfaces: options.interfaces.length > 0 ? options.interfaces : stored.interfaces,
    first: options.first ?? stored.first,
    last: options.last ?? stored.last,
    sort: options.sort ?? stored.sort,
    ascending: options.ascending ?? stored.ascending,
    limit: wholeNumber(options.limit, '-n') ?? stored.limit,
    sum: options.sum ?? stored.sum,
    in: options.in ?? stored.in,
    out: options.out ?? stored.out,
    timeResolution: options.timeResolution ?? stored.timeResolution,
    isList: options.rows ?? stored.isList,
    isInterfaceList: options.list ?? stored.isInterfaceList,
    format: isGiven('format') ? options.format : (stored.format ?? options.format),
    resolve: {
      isEnabled: options.resolve ?? stored.resolve?.isEnabled ?? false,
      maxRows: wholeNumber(options.resolveRows, '--resolve-rows') ?? stored.resolve?.maxRows ?? DEFAULT_NAME_ROWS,
      timeoutMs:
        span(options.resolveTimeout, '--resolve-timeout') ?? stored.resolve?.timeoutMs ?? DEFAULT_NAME_TIMEOUT_MS,
    },
  };
}

export function formatOf(word: string): Format {
  const format = formatNamed(word);
  if (format !== undefined) return format;
  const guess = nearest(word, FORMATS);
  throw new UsageError(
    `there is no format '${word}'${guess === undefined ? '' : `: did you mean '${guess}'?`} (there are ${FORMATS.join(', ')})`,
  );
}

export function wholeNumber(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new UsageError(`${option} wants a whole number, not '${text}'`);
  return value;
}

/** Milliseconds of `1s`, `500ms`, `2m`; a bare number is seconds, as goQuery takes them. */
export function span(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const ns = parseSpan(/^\d+$/.test(text) ? `${text}s` : text);
  if (typeof ns === 'number' && ns > LONGEST_TIMER_MS * 1e6)
    throw new UsageError(`${option} is ${LONGEST_TIMER} at most, not '${text}'`);
  if (typeof ns === 'number' && ns >= 1e6) return ns / 1e6;
  throw new UsageError(`${option} wants a time such as 500ms, 1s or 2m, not '${text}'`);
}
