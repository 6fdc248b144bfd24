// goQuery's long options are understood.

import { expect, it } from 'vitest';
import { translateGoQuery } from '../../src/cli/goquery-words.ts';
import { definition } from '../../src/cli/query-options.ts';

it.each<[string, string]>([
  ['-i eth0 -n 5 talk_conv', '-i eth0 -n 5 talk_conv'],
  ['--ifaces eth0 --sort.by packets --sort.ascending', '--interfaces eth0 --sort packets --ascending'],
  ['--results.format=json --results.limit=10', '--format=json --limit=10'],
  ['--dns-resolution.enabled=true --dns-resolution.max-rows 5', '--resolve --resolve-rows 5'],
  ['--dns-resolution.timeout 2s --memory.max-pct 40', '--resolve-timeout 2s --memory 40'],
  ['--query.timeout 30s --query.log q.log --query.stats', '--timeout 30s --query-log q.log --stats'],
  ['--db.path /var/db sip', '--store /var/db sip'],
  ['--memory.low-mode -k 3s --query.keepalive=3s --logging.level debug sip', 'sip'],
  ['-- --sort.by', '-- --sort.by'],
])('%s', (theirs, ours) => expect(translateGoQuery(theirs.split(' ')).words.join(' ')).toBe(ours));

it('says what has no effect', () => {
  expect(translateGoQuery(['--memory.low', '-k', '1s', 'sip']).ignored).toEqual(['--memory.low', '-k']);
});

it.each(['-q', '--query.server.addr', '--query.hosts-resolution=any'])('%s is another machine’s', (word) => {
  expect(() => translateGoQuery([word, 'x'])).toThrow('other hosts');
});

it('every short option of goQuery is here, and every translation ends in an option that is', () => {
  const flags = definition().options.flatMap(({ short, long }) => [short, long]);
  for (const short of ['-i', '-c', '-f', '-l', '-n', '-s', '-a', '-e', '-d']) expect(flags).toContain(short);
  const words = '--ifaces --sort.by --sort.ascending --results.format --results.limit --dns-resolution.enabled'.split(
    ' ',
  );
  words.push('--dns-resolution.max-rows', '--dns-resolution.timeout', '--memory.max-pct', '--query.timeout');
  words.push(
    '--query.log',
    '--query.stats',
    '--db.path',
    '--stored-query',
    '--time-resolution',
    '--in',
    '--out',
    '--sum',
  );
  for (const word of translateGoQuery(words).words) expect(flags).toContain(word);
});
