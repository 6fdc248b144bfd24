// Conditions mean the same where documents are followed as they do in the store.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { allRecordTypes } from '../../src/engine/plan.ts';
import { createVocabulary, documentMatcher, parseCondition, planQuery, runQuery } from '../../src/query/query.ts';
import { openReader, type StoreReader } from '../../src/store/reader.ts';
import { printedBy } from '../kit/commands.ts';
import { PROJECT } from '../kit/shared.ts';

const folder = mkdtempSync(join(tmpdir(), 'netscribe-match-'));
const types = allRecordTypes();
const vocabulary = createVocabulary(types, {
  isUtc: true,
  lists: new Map([['some', ['192.0.2.0/24', 'nothing', '53', '2001:db8:1::1']]]),
});
const documents = new Map<string, object[]>();
let reader: StoreReader;
beforeAll(async () => {
  const sinks = ['--to', `store:${folder}/store`, '--to', `ndjson:${folder}/documents`];
  await printedBy(['capture', '-q', '-r', `${PROJECT}examples/first-look.pcap`, ...sinks]);
  for (const name of readdirSync(join(folder, 'documents'))) {
    const lines = readFileSync(join(folder, 'documents', name), 'utf8')
      .split('\n')
      .slice(0, -1);
    const list = lines.map((line) => JSON.parse(line));
    if (list.length > 0) documents.set(name.replace('.ndjson', ''), list);
  }
  documents.delete('loss');
  reader = await openReader(join(folder, 'store'), { types });
});
afterAll(() => {
  reader.close();
  rmSync(folder, { recursive: true });
});

it.each([
  // Addresses, however they are spelled.
  'sip = "::ffff:192.0.2.100"',
  'host = 2001:DB8:1::10',
  'net = 2001:db8:1:0:0::/64',
  'sip = 192.0.2.90-192.0.2.110',
  'host = ::/0',
  'host != 192.0.2.0/24',
  'sip: 192.0.*',
  'sip ~ "^192\\.0\\."',
  'host in $some',
  'dip not in $some',
  'dns.resolved_ip = 198.51.100.80',
  // Times, and spans.
  'time > 2026-11-21T10:50:20Z',
  'time <= "2026-11-21 10:50:20"',
  'event.start: 2026-11-21',
  'not time: 2026-11-21T10:50:23Z',
  'time between 2026-11-21T10:50:17Z and 2026-11-21T10:50:18Z',
  'time < -1h',
  'duration > 1ms and duration <= 30ms',
  'duration between 1ms and 1s',
  // Numbers.
  'dport in {53, 80..90, 0x1bb}',
  'dport: 5*',
  'bytes > 1kB',
  'tcp.port != 443',
  'udp.port is not null',
  'dns.answers.ttl >= 60',
  'http.request.headers.content-length > 0',
  'flow.final = yes',
  // Texts.
  'dns.question.name contains EXAMPLE',
  'dns.question.name like "WWW%"',
  'dns.question.name like "www%"',
  'dns.question.name not like "www%"',
  'dns.question.name matches "^WWW"',
  'dns.question.name ~ /^WWW/',
  'dns.question.name ~ /(?P<first>^[[:alpha:]]+)\\./i',
  'dns.question.name ~ "\\Awww\\."',
  'dns.question.name > "m"',
  'dns.question.name between "a" and "n"',
  'url.path = "*"',
  'url.path: /*',
  'url.path: "/*"',
  'dhcpv4.client_mac > 00',
  'dns.question.type = 28',
  'rcode != 3',
  'error',
  'error is null',
  'error ~ "timeout|response"',
  // What the declaration knows.
  'network.transport != UDP',
  'proto = 0x11',
  'proto ~ "^u"',
  'event.type not like "conn%"',
  'event.category: NETWORK*',
  'type in {dns, http}',
  'type > e',
  'ecs.version ~ "^8"',
  'dir = bi',
  'dir != out',
  // Anywhere.
  '"example"',
  '"netscribe"',
  '"content-length"',
  'dns.answers contains "198.51.100"',
  'dns or http',
  'not (dns or dport = 443) and [tcp | udp] and !{sport < 1024}',
])('%s', async (text) => {
  const matches = documentMatcher(parseCondition(text, vocabulary), vocabulary, true);
  for (const [name, list] of documents) {
    const type = types.find((one) => one.name === name)!;
    let stored = 0;
    try {
      const plan = planQuery({ condition: text, types: [name], isList: true, limit: 1 }, vocabulary);
      stored = (await runQuery({ query: (sql, params) => reader.query(sql, params as never) }, plan)).hits;
    } catch (error) {
      expect((error as Error).message).toContain(`${name} records can not match`);
    }
    expect([name, list.filter((document) => matches(type, document as never)).length]).toEqual([name, stored]);
  }
});
