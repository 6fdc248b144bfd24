// goQuery's long options (its dotted names, and those of older versions) in the words of `netscribe query`, so that scripts and
// fingers go on working.

import { UsageError } from '../config/usage-error.ts';

const SAME: ReadonlyMap<string, string> = new Map([
  ['--ifaces', '--interfaces'],
  ['--sort.by', '--sort'],
  ['--sort.ascending', '--ascending'],
  ['--results.format', '--format'],
  ['--results.limit', '--limit'],
  ['--dns-resolution.enabled', '--resolve'],
  ['--dns-resolution.max-rows', '--resolve-rows'],
  ['--dns-resolution.timeout', '--resolve-timeout'],
  ['--memory.max-pct', '--memory'],
  ['--query.timeout', '--timeout'],
  ['--query.log', '--query-log'],
  ['--query.stats', '--stats'],
  ['--db.path', '--store'],
  ['--db-path', '--store'],
]);

/** What has no meaning here, and whether a value follows. */
const WITHOUT_EFFECT: ReadonlyMap<string, boolean> = new Map([
  ['--memory.low', false],
  ['--memory.low-mode', false],
  ['--query.keepalive', true],
  ['-k', true],
  ['--query.streaming', false],
  ['--logging.level', true],
  ['--profiling.output-dir', true],
  ['--traceparent', true],
]);

const ELSEWHERE = new Set(['--query.server.addr', '--query.hosts-resolution', '--query.hosts-resolver-type', '-q']);

/** The words with goQuery's options translated, and those that were left out. Throws UsageError for questions to other hosts. */
export function translateGoQuery(words: readonly string[]): { words: string[]; ignored: string[] } {
  const translated: string[] = [];
  const ignored: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word === '--') {
      translated.push(...words.slice(i));
      break;
    }
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    const name = equals < 0 ? word : word.slice(0, equals);
    if (ELSEWHERE.has(name)) throw new UsageError(`${name}: questions to other hosts are not in this version`);
    const takesValue = WITHOUT_EFFECT.get(name);
    if (takesValue !== undefined) {
      ignored.push(name);
      if (takesValue && equals < 0) i += 1;
      continue;
    }
    const ours = SAME.get(name);
    const value = equals < 0 ? '' : word.slice(equals);
    translated.push(ours === undefined ? word : value === '=true' ? ours : `${ours}${value}`);
  }
  return { words: translated, ignored };
}
