// Record types and rows with known contents, in a DuckDB in memory with the columns that the store's views have.

import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { rcodeName, typeName } from '../../src/protocols/dns/codes.ts';
import type { Executor } from '../../src/query/query.ts';
import { parseNetwork } from '../../src/query/values.ts';
import { endpoints, transaction } from '../../src/records/common.ts';
import { f } from '../../src/records/field.ts';
import { columnName, defineRecord, type RecordType } from '../../src/records/record.ts';

export const flow = defineRecord(
  'flow',
  { family: 'flow', doc: 'stand-in for the flow record' },
  {
    end: f.time(['@timestamp', 'event.end'], 'last packet').alias('time'),
    start: f.time('event.start', 'first packet'),
    duration: f.duration('event.duration', '').alias('duration'),
    eventDataset: f.constant(['event.dataset', 'type'], 'flow'),
    ...endpoints,
    final: f.bool('flow.final', ''),
    sourcePackets: f.int('source.packets', '').inUnit('packets'),
    sourceBytes: f.int('source.bytes', '').inUnit('bytes'),
    destinationPackets: f.int('destination.packets', '').inUnit('packets'),
    destinationBytes: f.int('destination.bytes', '').inUnit('bytes'),
    networkBytes: f.int('network.bytes', '').inUnit('bytes').derived(),
    networkPackets: f.int('network.packets', '').inUnit('packets').derived(),
    networkProtocol: f.keyword('network.protocol', '').optional(),
  },
);

export const dns = defineRecord(
  'dns',
  { family: 'transaction', doc: '' },
  {
    ...transaction('dns'),
    networkProtocol: f.constant('network.protocol', 'dns'),
    method: f.keyword('method', '').optional(),
    resource: f.text('resource', '').optional(),
    query: f.text('query', '').optional(),
    id: f.int('dns.id', ''),
    name: f.text('dns.question.name', '').optional(),
    questionType: f.keyword('dns.question.type', '').optional().numbered(typeName),
    rcode: f.keyword('dns.response_code', '').optional().numbered(rcodeName),
    resolved: f.keywords('dns.resolved_ip', '').optional(),
    answers: f
      .list('dns.answers', '', { name: f.text('name', ''), data: f.text('data', ''), ttl: f.int('ttl', '') })
      .optional(),
  },
);

export const http = defineRecord(
  'http',
  { family: 'transaction', doc: '' },
  {
    ...transaction('http'),
    networkProtocol: f.constant('network.protocol', 'http'),
    method: f.keyword(['http.request.method', 'method'], '').optional(),
    query: f.slice('query', '').optional(),
    statusCode: f.int('http.response.status_code', '').optional().alias('status_code'),
    requestHeaders: f.map('http.request.headers', '').optional(),
    urlDomain: f.keyword('url.domain', '').optional().alias('host'),
    urlPath: f.slice('url.path', '').optional(),
  },
);

export const mysql = defineRecord(
  'mysql',
  { family: 'transaction', doc: '' },
  {
    ...transaction('mysql'),
    method: f.keyword('method', '').optional(),
    query: f.text(['query', 'mysql.query'], '').optional(),
    rows: f.int('mysql.num_rows', '').optional(),
  },
);

export const tls = defineRecord(
  'tls',
  { family: 'transaction', doc: '' },
  {
    ...transaction('tls'),
    serverName: f.text('tls.client.server_name', '').optional(),
    notAfter: f.time('tls.server.x509.not_after', '').optional(),
    version: f.keyword('tls.version', '').optional(),
  },
);

export const icmp = defineRecord(
  'icmp',
  { family: 'transaction', doc: '' },
  {
    ...transaction('icmp'),
    requestType: f.int('icmp.request.type', '').optional(),
  },
);

export const TYPES: readonly RecordType[] = [flow, dns, http, mysql, tls, icmp];

const SQL_TYPES: Record<string, string> = {
  time: 'TIMESTAMP_NS',
  int: 'BIGINT',
  duration: 'BIGINT',
  float: 'DOUBLE',
  bool: 'BOOLEAN',
};

type Row = Record<string, string | number | boolean | null>;

/** `10.0.0.5:51544 > 8.8.8.8:53 udp`, and fields by their ECS names. */
const row = (path: string, time: string, fields: Row): Row => {
  const [from, , to, transport] = path.split(' ');
  const ends: Row = {
    'network.transport': transport,
    'network.type': from.startsWith('[') ? 'ipv6' : 'ipv4',
    '@timestamp': time,
  };
  for (const [side, text] of [
    ['source', from],
    ['destination', to],
  ]) {
    const m = /^\[?(.*?)\]?(?::(\d+))?$/.exec(text)!;
    ends[`${side}.ip`] = m[1];
    ends[`${side}.port`] = m[2] === undefined ? null : Number(m[2]);
  }
  return { 'network.direction': 'unknown', 'flow.id': path, ...ends, ...fields };
};

const counters = (sp: number, sb: number, dp: number, db: number): Row => ({
  'source.packets': sp,
  'source.bytes': sb,
  'destination.packets': dp,
  'destination.bytes': db,
});

const S = 1e9;
export const ROWS: Record<string, Row[]> = {
  flow: [
    row('10.0.0.5:51544 > 8.8.8.8:53 udp', '2026-11-21 10:00:01', {
      n: 1,
      ...counters(1, 80, 1, 160),
      'event.duration': 0.02 * S,
      'network.protocol': 'dns',
      'network.direction': 'egress',
      'observer.ingress.interface.name': 'eth0',
    }),
    row('10.0.0.5:51545 > 172.16.3.4:443 tcp', '2026-11-21 10:00:02', {
      n: 2,
      ...counters(10, 2e6, 90, 12e6),
      'event.duration': 90 * S,
      'network.protocol': 'tls',
      'observer.ingress.interface.name': 'eth0',
      'process.name': 'curl',
    }),
    row('172.16.1.1:40000 > 10.0.0.9:80 tcp', '2026-11-21 10:06:00', {
      n: 3,
      ...counters(5, 500, 5, 5000),
      'event.duration': 3 * S,
      'network.protocol': 'http',
      'network.direction': 'egress',
      'observer.ingress.interface.name': 'eth1',
    }),
    row('[2001:db8::1]:5000 > [2001:db8::2]:80 tcp', '2026-11-21 10:07:00', {
      n: 4,
      ...counters(3, 300, 0, 0),
      'event.duration': 0,
    }),
    row('10.0.0.7 > 8.8.8.8 icmp', '2026-11-21 10:11:00', {
      n: 5,
      ...counters(4, 400, 4, 400),
      'event.duration': 3 * S,
    }),
    row('[2001:db8::1] > [ff02::1] ipv6-icmp', '2026-11-21 10:11:30', {
      n: 6,
      ...counters(1, 90, 0, 0),
      'event.duration': 0,
    }),
    row('10.0.0.9:53 > 192.168.1.1:3000 udp', '2026-11-21 10:12:00', {
      n: 7,
      ...counters(1, 70, 0, 0),
      'event.duration': 0,
    }),
  ],
  dns: [
    row('10.0.0.5:51544 > 8.8.8.8:53 udp', '2026-11-21 10:00:01', {
      n: 1,
      'dns.id': 1,
      'dns.question.name': 'www.Example.com',
      'dns.question.type': 'A',
      'dns.response_code': 'NOERROR',
      status: 'OK',
      'event.duration': 0.02 * S,
      method: 'QUERY',
      resource: 'www.Example.com',
      'dns.resolved_ip': '["93.184.216.34","10.1.1.1"]',
      'dns.answers':
        '[{"name":"www.example.com","data":"93.184.216.34","ttl":60},{"name":"x","data":"10.1.1.1","ttl":3600}]',
    }),
    row('10.0.0.5:51546 > 8.8.8.8:53 udp', '2026-11-21 10:00:03', {
      n: 2,
      'dns.id': 2,
      'dns.question.name': 'nope.example.com',
      'dns.question.type': 'AAAA',
      'dns.response_code': 'NXDOMAIN',
      status: 'Error',
      'event.duration': 0.3 * S,
      method: 'QUERY',
      resource: 'nope.example.com',
    }),
    row('10.0.0.6:51546 > 8.8.4.4:53 udp', '2026-11-21 10:06:03', {
      n: 3,
      'dns.id': 3,
      'dns.question.name': 'lost.example.org',
      'dns.question.type': 'A',
      status: 'Error',
      'error.message': '["No response to this query was received"]',
    }),
  ],
  http: [
    row('10.0.0.5:1000 > 10.0.0.9:80 tcp', '2026-11-21 10:01:00', {
      n: 1,
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'url.domain': 'shop.example.com',
      'url.path': '/pay',
      status: 'OK',
      'event.duration': 5 * S,
      'http.request.headers': '{"user-agent":"curl/8","x-tag":["a","b"],"x.dot":"d"}',
    }),
    row('10.0.0.5:1001 > 10.0.0.9:80 tcp', '2026-11-21 10:01:01', {
      n: 2,
      'http.request.method': 'GET',
      'http.response.status_code': 502,
      'url.domain': 'shop.example.com',
      'url.path': '/pay',
      status: 'Error',
      'error.message': '"Connection refused upstream"',
    }),
    row('10.0.0.5:1002 > 10.0.0.9:8080 tcp', '2026-11-21 10:01:02', {
      n: 3,
      'http.request.method': 'POST',
      'http.response.status_code': 404,
      'url.domain': 'www.example.com',
      'url.path': '/a*b',
      status: 'Error',
    }),
    row('10.0.0.5:1003 > 10.0.0.9:80 tcp', '2026-11-21 10:01:03', {
      n: 4,
      'http.request.method': 'get',
      'url.domain': '=1+1',
      status: 'Error',
    }),
  ],
  mysql: [
    row('10.0.0.5:2000 > 10.0.0.9:3306 tcp', '2026-11-21 10:02:00', {
      n: 1,
      method: 'SELECT',
      query: 'SELECT 1',
      status: 'OK',
      'event.duration': 0.5 * S,
    }),
    row('10.0.0.5:2000 > 10.0.0.9:3306 tcp', '2026-11-21 10:02:01', {
      n: 2,
      method: 'SELECT',
      query: 'SELECT 2',
      status: 'OK',
      'event.duration': 0.1 * S,
    }),
    row('10.0.0.5:2000 > 10.0.0.9:3306 tcp', '2026-11-21 10:02:02', {
      n: 3,
      method: 'INSERT',
      query: 'insert \u001b[31mred',
      status: 'OK',
      'event.duration': 0.5 * S,
    }),
  ],
  tls: [
    row('10.0.0.5:3000 > 10.0.0.9:443 tcp', '2026-11-21 10:03:00', {
      n: 1,
      'tls.client.server_name': 'www.Bank.example',
      'tls.server.x509.not_after': '2026-12-01 00:00:00',
      status: 'OK',
    }),
    row('10.0.0.5:3001 > 10.0.0.9:443 tcp', '2026-11-21 10:03:01', {
      n: 2,
      'tls.client.server_name': 'notbank.example',
      'tls.server.x509.not_after': '2027-12-01 00:00:00',
      status: 'OK',
    }),
  ],
  icmp: [row('10.0.0.7 > 8.8.8.8 icmp', '2026-11-21 10:11:00', { n: 1, 'icmp.request.type': 8, status: 'OK' })],
};

export interface Fixture extends Executor {
  /** Numbers (column n) of the rows of a type that fit the condition. */
  numbers(type: string, sql: string, params: readonly unknown[]): Promise<number[]>;
  close(): void;
}

export async function openFixture(): Promise<Fixture> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  for (const type of TYPES) await fill(connection, type);
  const query: Executor['query'] = async (sql, params) => {
    const reader = await connection.runAndReadAll(sql, params as never);
    const types = reader.columnTypes();
    return {
      columns: reader.columnNames().map((name, i) => ({ name, type: String(types[i]) })),
      rows: reader.getRows() as unknown[][],
    };
  };
  return {
    query,
    numbers: async (type, sql, params) =>
      (await query(`SELECT n FROM "${type}" WHERE ${sql} ORDER BY n`, [...params])).rows.map(([n]) => Number(n)),
    close: () => connection.closeSync(),
  };
}

async function fill(connection: DuckDBConnection, type: RecordType): Promise<void> {
  const fields = Object.values(type.fields).filter((field) => field.kind !== 'constant' && field.isDerived !== true);
  const columns = fields.flatMap((field) => {
    const name = columnName(field);
    return field.kind === 'ip'
      ? [`"${name}" VARCHAR`, `"${name}_hi" UBIGINT`, `"${name}_lo" UBIGINT`]
      : [`"${name}" ${SQL_TYPES[field.kind] ?? 'VARCHAR'}`];
  });
  await connection.run(`CREATE TABLE "${type.name}" (n INTEGER, ${columns.join(', ')})`);
  for (const values of ROWS[type.name]) {
    const cells = fields.flatMap((field) => {
      const path = field.paths.find((p) => p in values);
      const value = path === undefined ? null : values[path];
      if (field.kind !== 'ip') return [value];
      const bits = parseNetwork(String(value))!.low;
      return [value, String(bits >> 64n), String(bits & (2n ** 64n - 1n))];
    });
    const list = [values.n, ...cells];
    await connection.run(
      `INSERT INTO "${type.name}" VALUES (${list.map((_, i) => `$${i + 1}`).join(', ')})`,
      list as never,
    );
  }
}
