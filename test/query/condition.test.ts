// What each notation selects: the examples of goQuery, Kibana, Wireshark, SQL and tcpdump, on rows with known contents.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ConditionError,
  compileCondition,
  createVocabulary,
  Params,
  parseCondition,
  renderCondition,
} from '../../src/query/query.ts';
import { type Fixture, openFixture, TYPES } from './fixture.ts';

const vocabulary = createVocabulary(TYPES, {
  lists: new Map([
    ['internal', ['10.0.0.0/8', '172.16.0.0/12']],
    ['none', []],
    ['transports', ['17', 'foo']],
    ['ports', ['22', '80-90', '440..443', 'https', '10.0.0.1-10.0.0.9']],
    ['threats', ['8.8.8.8', '2001:db8::2', 'evil.example']],
    // More than are compared one by one (MAX_SEPARATE).
    [
      'several',
      [...Array.from({ length: 20 }, (_, i) => `192.0.2.${i}`), '10.0.0.7', '93.184.216.34', 'NXDOMAIN', '80'],
    ],
    [
      'many',
      [...Array.from({ length: 3000 }, (_, i) => `192.0.2.${i % 256}`), '10.0.0.7', '93.184.216.34', 'NXDOMAIN', '80'],
    ],
  ]),
  nowNs: 1795255200000000000n, // 2026-11-21T10:00:00Z
  isUtc: true,
});

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

async function select(typeName: string, text: string): Promise<number[]> {
  const type = TYPES.find((t) => t.name === typeName)!;
  const { sql, params } = compileCondition(parseCondition(text, vocabulary), type, vocabulary);
  return fixture.numbers(typeName, sql, params);
}

type Case = [type: string, condition: string, rows: number[]];

describe('goQuery', () => {
  it.each<Case>([
    ['flow', 'dport = 443', [2]],
    ['flow', 'snet = 172.16.0.0/12 & (dport = 80 | dport = 443) & dir = out', [3]],
    ['flow', 'host != 10.0.0.5 * proto = udp', [7]],
    ['flow', '!(dip = 8.8.8.8) and src = 2001:db8::1', [4, 6]],
    ['flow', 'bytes > 10MB and duration between 1s and 5m', [2]],
    ['flow', 'host != 10.0.0.5', [3, 4, 5, 6, 7]],
    ['flow', 'host = 8.8.8.8', [1, 5]],
    ['flow', 'port = 53', [1]],
    ['flow', 'dport -eq 53 or dport eq 443', [1, 2]],
    ['flow', 'proto = 17', [1, 7]],
    ['flow', 'proto = TCP', [2, 3, 4]],
    ['flow', 'proto = icmp6', [6]],
    ['flow', 'proto = 253', []],
    ['flow', 'proto in $transports', [1, 7]],
    ['flow', 'dir = uni', [4, 6, 7]],
    ['flow', 'dir = bi', [1, 2, 3, 5]],
    ['flow', 'net = 10.0.0.0/8 and not dnet = 10.0.0.0/8', [1, 2, 5, 7]],
    ['flow', 'snet = ::/0', [4, 6]],
    ['flow', 'snet = 2001:db8::/32', [4, 6]],
    ['flow', 'snet = 0.0.0.0/0', [1, 2, 3, 5, 7]],
    ['flow', '[dport=80+dport=53]*{proto=tcp}', [3, 4]],
    ['flow', 'dport >= 80 and dport leq 443', [2, 3, 4]],
    ['flow', 'iface = eth1', [3]],
    ['flow', 'packets = 100', [2]],
    ['flow', 'duration = 3s', [3, 5]],
  ])('%s: %s', async (type, text, rows) => expect(await select(type, text)).toEqual(rows));
});

describe('Kibana', () => {
  it.each<Case>([
    ['http', 'http.request.method: GET and http.response.status_code >= 500', [2]],
    ['dns', 'dns.question.name: *.example.com and not dns.response_code: NOERROR', [2]],
    ['dns', 'dns.question.name: *.EXAMPLE.com', [1, 2]],
    ['dns', 'not dns.response_code: NOERROR', [2, 3]],
    ['dns', 'dns.response_code != NOERROR', [2]],
    ['http', 'http.response.status_code: (404 or 410)', [3]],
    ['http', 'http.response.status_code: 404 502', [2, 3]],
    ['http', 'error.message: *', [2]],
    ['http', '"connection refused"', [2]],
    ['http', 'http.request.method: get', [1, 2, 4]],
    ['http', 'http.request.method = GET', [1, 2]],
    ['http', 'url.path: "/a*b"', [3]],
    ['http', 'url.path: /p*', [1, 2]],
    ['http', 'http.response.status_code: 5*', [2]],
    ['http', '@timestamp: "2026-11-21 10:01" and status: error', [2, 3, 4]],
    ['http', '@timestamp >= 2026-11-21T10:01:02Z', [3, 4]],
    ['http', 'http.request.headers.user-agent: curl*', [1]],
    ['http', 'http.request.headers.x-tag = b', [1]],
    ['http', 'http.request.headers.x.dot = d', [1]],
    ['http', 'http.request.headers.x-tag', [1]],
    ['dns', 'dns.resolved_ip = 10.1.1.1', [1]],
    ['dns', 'dns.resolved_ip != 10.9.9.9', [1]],
    ['dns', 'dns.answers.ttl > 1000', [1]],
    ['dns', 'dns.answers.data: 93.*', [1]],
    ['dns', 'source.ip: 10.0.0.*', [1, 2, 3]],
    ['dns', 'error.message: "no response to this query was received"', [3]],
    ['http', 'error.message contains upstream', [2]],
    ['http', 'type: http and network.protocol = http', [1, 2, 3, 4]],
    ['http', 'event.dataset: dns', []],
  ])('%s: %s', async (type, text, rows) => expect(await select(type, text)).toEqual(rows));
});

describe('Wireshark', () => {
  it.each<Case>([
    ['http', 'ip.addr == 10.0.0.5 && tcp.port in {80..90, 443}', [1, 2, 4]],
    ['http', 'http.response.code != 200 && http.host contains "shop"', [2]],
    ['dns', 'dns && !(dns.flags.rcode == "NOERROR")', [2, 3]],
    ['dns', 'dns.flags.rcode == 3', [2]],
    ['dns', 'dns.qry.name == "www.Example.com" && dns.qry.type == 1', [1]],
    ['tls', 'tls.handshake.extensions_server_name matches /(^|\\.)bank\\./i', [1]],
    ['tls', 'tls.handshake.extensions_server_name matches "BANK"', [1, 2]],
    ['tls', 'tls.client.server_name ~ /Bank/', [1]],
    ['tls', 'tls.client.server_name !~ ^www', [2]],
    ['tls', 'tls.server.x509.not_after < 2026-12-21T00:00:00Z', [1]],
    ['flow', 'ip.src == 10.0.0.0/24 and udp.port == 53', [1, 7]],
    ['flow', 'tcp.port != 80', [2]],
    ['flow', 'ip.addr != 10.0.0.5', [3, 4, 5, 6, 7]],
    ['flow', 'udp.dstport', [1, 7]],
    ['http', 'http.response.code', [1, 2, 3]],
    ['http', 'dns.qry.name', []],
  ])('%s: %s', async (type, text, rows) => expect(await select(type, text)).toEqual(rows));
});

describe('SQL, tcpdump, ours', () => {
  it.each<Case>([
    ['mysql', "mysql and duration > 200ms and query like 'SELECT%'", [1]],
    ['flow', "source.ip in ('10.0.0.1','10.0.0.5') and destination.port <> 53", [2]],
    ['flow', 'tcp port 443 and src host 10.0.0.5', [2]],
    ['flow', 'process = curl and destination.ip not in $internal', []],
    ['flow', 'process = curl and destination.ip in $internal', [2]],
    ['flow', 'host in $threats', [1, 4, 5]],
    ['flow', 'host in $many', [5]],
    ['flow', 'dport in $ports', [2, 3, 4]],
    ['flow', 'sip in $ports', [1, 2, 5, 7]],
    ['dns', 'dns.response_code in $ports', []],
    ['flow', 'host in $none or host not in $none and proto = icmp', [5]],
    ['dns', 'dns.resolved_ip in $none', []],
    ['http', 'url.path = /a/../b or url.path: 5-3 or http.response.status_code: 400-499', [3]],
    ['http', 'http.request.headers.user-agent: 1..2', []],
    ['flow', 'time = 2026-11-21T10:00:00..2026-11-21T10:06:00', [1, 2, 3]],
    ['dns', 'dns.response_code: (a b c d e f g h i nxdomain)', [2]],
    ['dns', 'dns.answers.name: a b c d e f g h i WWW.example.com', [1]],
    ['flow', 'dport in {80 .. 90, 440.. 450}', [2, 3, 4]],
    ['flow', 'host not in $many and proto = icmp', []],
    ['flow', 'not dport in {1 2 3 4 5 6 7 8 9 80}', [1, 2, 5, 6, 7]],
    ['dns', 'dns.response_code in $many', [2]],
    ['dns', 'dns.resolved_ip in $many', [1]],
    ['dns', 'dns.resolved_ip not in $many', []],
    ['http', 'destination.port in $many', [1, 2, 4]],
    ['flow', 'port 53', [1, 7]],
    ['flow', 'src port 53', [7]],
    ['flow', 'udp portrange 50-60', [1, 7]],
    ['flow', 'src 10.0.0.7 or dst net 172.16.0.0/16', [2, 5]],
    ['flow', 'src 10.0.0.7 or (dst net 172.16.0.0/12 and tcp)', [2, 5]],
    ['flow', 'ip6 host 2001:db8::2', [4]],
    ['flow', 'icmp', [5, 6]],
    ['flow', 'dns', [1]],
    ['flow', 'not dns', [2, 3, 4, 5, 6, 7]],
    ['flow', '2001:db8::2', [4]],
    ['flow', '10.0.0.9', [3, 7]],
    ['flow', '172.16.0.0/12 and not 172.16.1.1', [2]],
    ['flow', 'host in {10.0.0.6-10.0.0.7, 192.168.0.0/16}', [5, 7]],
    ['flow', 'dport in (80 443) and not dport not in {80}', [3, 4]],
    ['flow', 'process is null and dport is not null', [1, 3, 4, 7]],
    ['flow', 'dport between 50 and 100', [1, 3, 4]],
    ['flow', 'dport not between 50 and 100', [2, 7]],
    ['flow', 'time >= 2026-11-21T10:11:00 and time < now', []],
    ['flow', 'time > -1h and dport = 443', [2]],
    ['flow', 'flow.final or sip', [1, 2, 3, 4, 5, 6, 7]],
    ['mysql', 'not not mysql', [1, 2, 3]],
    // NOT binds before AND before OR.
    ['flow', 'not tcp and port 53 or dport = 443', [1, 2, 7]],
  ])('%s: %s', async (type, text, rows) => expect(await select(type, text)).toEqual(rows));
});

describe('the condition as understood', () => {
  it.each([
    ['dport = 443', 'destination.port = 443'],
    ['port 53', '(source.port or destination.port) = 53'],
    ['host != 10.0.0.5', 'neither source.ip nor destination.ip = 10.0.0.5'],
    ['tcp.port in {80..90, 443}', 'network.transport = tcp and (source.port or destination.port) in {80..90, 443}'],
    ['a = 1 or b', undefined],
    ['tcp & udp | !icmp', '(network.transport = tcp and network.transport = udp) or not (type = icmp)'],
    ['dns.flags.rcode == 3', 'dns.response_code = NXDOMAIN'],
    ['"x y"', 'any text contains "x y" (ignoring case)'],
  ])('%s', (text, understood) => {
    if (understood === undefined) expect(() => parseCondition(text, vocabulary)).toThrow();
    else expect(renderCondition(parseCondition(text, vocabulary))).toBe(understood);
  });
});

describe('every field with every operator', () => {
  const TESTS = [
    '= VALUE',
    '!= VALUE',
    ': VALUE',
    '< VALUE',
    '>= VALUE',
    'in {VALUE, 5, 10.0.0.1, a, b, c, d, e, f, g, h, 1..2}',
    ': 1*',
    ': *',
    'is null',
    'contains VALUE',
    'like VALUE',
    '~ /1/',
    'between 1 and 2',
    'between 1s and 2s',
    'not in $several',
  ];
  const VALUES = ['1', '10.0.0.1', '5m', 'x'];

  it.each(['flow', 'dns', 'http'])('%s: the database takes what the grammar lets through', async (typeName) => {
    const type = TYPES.find((t) => t.name === typeName)!;
    const names = Object.values(type.fields).map((field) => field.paths[0]);
    names.push(
      'host',
      'tcp.port',
      'mac',
      'bytes',
      'packets',
      'dir',
      'http.request.headers.x.y',
      'dns.answers.ttl',
      'dns.answers.data',
    );
    let made = 0;
    const shapes = new Set<string>();
    for (const test of TESTS) {
      const columns: string[] = [];
      const params = new Params();
      for (const name of names) {
        for (const value of test.includes('VALUE') ? VALUES : ['']) {
          try {
            const condition = parseCondition(`not ${name} ${test.replace('VALUE', value)}`, vocabulary);
            // The database decides by the statement and the kinds of its parameters, whatever their values.
            const { sql, params: own } = compileCondition(condition, type, vocabulary);
            const shape = `${sql.replaceAll(/\$\d+/g, '$')} ${own.map((value) => typeof value)}`;
            made++;
            if (shapes.has(shape)) continue;
            shapes.add(shape);
            columns.push(compileCondition(condition, type, vocabulary, params).sql);
          } catch (error) {
            expect(error).toBeInstanceOf(ConditionError);
          }
        }
      }
      if (columns.length > 0)
        await fixture.query(`SELECT ${columns.join(', ')} FROM "${typeName}"`, params.values as unknown[]);
    }
    expect(made).toBeGreaterThan(400);
    expect(shapes.size).toBeGreaterThan(250);
  });
});
