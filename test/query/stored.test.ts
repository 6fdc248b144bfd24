// Stored queries: ours and goQuery's.

import { expect, it } from 'vitest';
import { readStoredQuery, storedQueryText } from '../../src/query/query.ts';

it('reads what goQuery stores', () => {
  const old = `[{"Query":"dip,dport,iface","Ifaces":"eth1","Condition":"","In":false,"Out":false,"Sum":true,"First":"1456428000",
    "Last":"1456473000","Format":"json","SortBy":"bytes","NumResults":99999999,"External":false,"SortAscending":false,"Output":"",
    "List":false,"Version":false,"Resolve":false,"ResolveTimeout":1,"ResolveRows":25,"DBPath":"./testdb","MaxMemPct":60,"Caller":""}]`;
  expect(readStoredQuery(old)).toMatchObject({
    columns: 'dip,dport,iface',
    interfaces: ['eth1'],
    condition: undefined,
    sum: true,
    first: '1456428000',
    last: '1456473000',
    format: 'json',
    sort: 'bytes',
    limit: 99999999,
    resolve: { isEnabled: false, maxRows: 25, timeoutMs: 1000 },
  });
  const present = `{"query":"sip","query_hosts":"any","host_id":7,"sort_by":"packets","num_results":5,"sort_ascending":true,
    "dns_resolution":{"enabled":true,"timeout":2000000000,"max_rows":3},"low_mem":true,"live":false,"first":1456428000}`;
  expect(readStoredQuery(present)).toMatchObject({
    columns: 'sip',
    sort: 'packets',
    limit: 5,
    ascending: true,
    first: '1456428000',
    resolve: { isEnabled: true, maxRows: 3, timeoutMs: 2000 },
  });
});

it('gives back what was stored', () => {
  const query = {
    columns: 'sip,time',
    types: ['flow'],
    condition: 'dport = 443 and "a\\"b"',
    interfaces: ['any', '!lo'],
    first: '-7d',
    in: true,
    isList: false,
    format: 'csv',
    sort: 'packets',
    ascending: true,
    limit: 7,
    timeResolution: 'auto',
    resolve: { isEnabled: true, maxRows: 4, timeoutMs: 1500 },
  };
  expect(readStoredQuery(storedQueryText(query))).toMatchObject({ ...query, interfaces: ['any,!lo'] });
});

it.each([
  ['{"query":', 'not JSON'],
  ['{"qurey":"sip"}', 'no qurey. qurey: query?'],
  ['{"query":5}', 'query:'],
  ['{"num_results":-1}', 'numresults:'],
  ['"sip"', 'is not right'],
  ['{"__proto__":{"query":"sip"}}', 'no __proto__'],
  ['{"constructor":1}', 'no constructor'],
])('%s', (text, message) => expect(() => readStoredQuery(text)).toThrow(message));
