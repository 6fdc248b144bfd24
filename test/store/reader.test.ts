import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatV4, formatV6 } from '../../src/records/address.ts';
import { f } from '../../src/records/field.ts';
import { defineRecord } from '../../src/records/record.ts';
import { openReader, type ReaderOptions, type StoreReader } from '../../src/store/reader.ts';
import { openStore } from '../../src/store/store.ts';
import fc from '../kit/arbitrary.ts';
import { makeBatch, type NamedValues, type Words } from './batch-kit.ts';

const dns = defineRecord(
  'dns',
  { family: 'transaction', doc: 'a question' },
  {
    start: f.time(['@timestamp', 'event.start'], 'when'),
    sourceIp: f.ip('source.ip', 'who'),
    sourcePort: f.int('source.port', 'port'),
    sourceBytes: f.int('source.bytes', 'bytes').optional(),
    destinationBytes: f.int('destination.bytes', 'bytes').optional(),
    question: f.text('dns.question.name', 'name'),
    dataset: f.constant('event.dataset', 'dns'),
  },
);
const http = defineRecord(
  'http',
  { family: 'transaction', doc: 'x' },
  { start: f.time('@timestamp', ''), path: f.text('url.path', '') },
);

const V4: Words = [0, 0, 0xffff, 0x0a000001];
const V6: Words = [0x20010db8, 0, 0, 1];

let directory: string;
let reader: StoreReader | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'netscribe-reader-'));
});
afterEach(() => {
  reader?.close();
  reader = undefined;
  rmSync(directory, { recursive: true, force: true });
});

const COLUMNS: NamedValues[] = [
  {
    name: 'timestamp',
    kind: 'time',
    values: [
      [1_700_000_000, 123456789],
      [4_294_967_295, 999_999_999],
      [0, 1],
    ],
  },
  { name: 'source_ip', kind: 'ip', values: [V4, V6, V4] },
  { name: 'source_port', kind: 'int', values: [53, 2 ** 53, 1] },
  { name: 'source_bytes', kind: 'int', values: [10, null, null] },
  { name: 'destination_bytes', kind: 'int', values: [5, 7, null] },
  { name: 'dns_question_name', kind: 'text', values: ['a.example', "b'x", ''] },
];

function put(name: string, ...batches: ReturnType<typeof makeBatch>[]): void {
  const store = openStore(directory, { sync: false });
  const writer = store.beginImport();
  for (const batch of batches) writer.write(batch);
  writer.commit(name);
  store.close();
}

async function open(options: Partial<ReaderOptions> = {}): Promise<StoreReader> {
  return (reader = await openReader(directory, { types: [dns, http], ...options }));
}

describe('a query', () => {
  it('gives exact times, numbers, addresses and names', async () => {
    put('a', makeBatch('dns', COLUMNS));
    const { columns, rows } = await (await open()).query('SELECT * FROM dns ORDER BY source_port');
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'timestamp TIMESTAMP_NS',
      'source_ip_hi UBIGINT',
      'source_ip_lo UBIGINT',
      'source_ip VARCHAR',
      'source_port BIGINT',
      'source_bytes BIGINT',
      'destination_bytes BIGINT',
      'dns_question_name VARCHAR',
      'network_bytes BIGINT',
    ]);
    expect(rows).toEqual([
      ['1970-01-01T00:00:00.000000001Z', 0, 0xffff_0a00_0001, '10.0.0.1', 1, null, null, '', null],
      ['2023-11-14T22:13:20.123456789Z', 0, 0xffff_0a00_0001, '10.0.0.1', 53, 10, 5, 'a.example', 15],
      ['2106-02-07T06:28:15.999999999Z', 0x20010db800000000n, 1, '2001:db8::1', 2 ** 53, null, 7, "b'x", 7],
    ]);
  });

  it('gives a byte order mark at the beginning of a text, too', async () => {
    const texts = ['\ufeff', '\ufeffshort', `\ufeff${'long '.repeat(9)}`, '\ufeff\ufefftwo', 'a\ufeff', '', 'ä\ufeff'];
    put('a', makeBatch('dns', [{ name: 'dns_question_name', kind: 'text', values: [...texts, null] }]));
    await open();
    const read = async (sql: string) => (await reader!.query(sql)).rows.map(([text]) => text);
    expect(await read('SELECT dns_question_name FROM dns')).toEqual([...texts, null]);
    // Also in what is no plain vector of the file: one value for many rows, few values for many rows, and behind 2048 rows.
    expect(new Set(await read(`SELECT '\ufeffx' FROM range(5000)`))).toEqual(new Set(['\ufeffx']));
    const many = 'SELECT dns_question_name FROM dns, range(3000) ORDER BY 1 NULLS FIRST';
    expect(new Set(await read(many))).toEqual(new Set([...texts, null]));
    expect(await read(`SELECT 'y' || chr(65279) FROM range(3)`)).toEqual(Array(3).fill('y\ufeff'));
  });

  it('gives it in texts within lists, structs and maps, however deep', async () => {
    put('a', makeBatch('dns', COLUMNS));
    await open();
    const read = async (sql: string) => (await reader!.query(`SELECT ${sql}`)).rows.map(([value]) => value);
    const [short, long] = ['\ufeffx', `\ufeff${'long '.repeat(9)}`];
    expect(await read(`['${short}', NULL, '${long}', 'a']`)).toEqual([[short, null, long, 'a']]);
    expect(await read(`{a: '${short}', b: ['${long}']}`)).toEqual([
      new Map<string, unknown>([
        ['a', short],
        ['b', [long]],
      ]),
    ]);
    expect(await read(`map {'${short}': '${long}'}`)).toEqual([new Map([[short, long]])]);
    expect(await read(`[{a: '${short}'}, {a: 'b'}]`)).toEqual([[new Map([['a', short]]), new Map([['a', 'b']])]]);
    const rows = await read(`[i::VARCHAR, '${short}' || i] FROM range(5000) r(i)`);
    expect(rows).toEqual(Array.from({ length: 5000 }, (_, i) => [`${i}`, `${short}${i}`]));
  });

  it('has an empty view with the declared columns for a type without rows', async () => {
    put('a', makeBatch('dns', COLUMNS));
    const result = await (await open()).query('SELECT * FROM http');
    expect(result).toEqual({
      columns: [
        { name: 'timestamp', type: 'TIMESTAMP_NS' },
        { name: 'url_path', type: 'VARCHAR' },
      ],
      rows: [],
    });
  });

  it('unites segments with different columns, and types that nobody declares', async () => {
    put('a', makeBatch('dns', COLUMNS), makeBatch('dns', [{ name: 'source_port', kind: 'int', values: [99] }]));
    put('b', makeBatch('audit/TCP', [{ name: 'flags', kind: 'int', values: [18] }]));
    const { rows } = await (await open()).query('SELECT source_port, source_ip FROM dns WHERE source_port = $1', [99]);
    expect(rows).toEqual([[99, null]]);
    expect((await reader!.query('SELECT flags FROM audit_TCP')).rows).toEqual([[18]]);
  });

  it('binds parameters, and never as text', async () => {
    put('a', makeBatch('dns', COLUMNS));
    await open();
    const sql =
      'SELECT source_port FROM dns WHERE dns_question_name = $1 AND timestamp >= $2::TIMESTAMP_NS AND source_ip_hi = $3';
    expect((await reader!.query(sql, ["b'x", '2106-02-07T06:28:15.999999999Z', 0x20010db800000000n])).rows).toEqual([
      [2 ** 53],
    ]);
    await expect(reader!.query(sql, ['x'])).rejects.toThrow('has 3 parameters: 1 given');
    expect((await reader!.query("SELECT count(*) FROM dns WHERE source_ip_lo = ip_lo('10.0.0.1')")).rows).toEqual([
      [2],
    ]);
  });

  it('sees a later commit, also when it replaced what the views name', async () => {
    put('a', makeBatch('dns', COLUMNS));
    await open();
    put('a', makeBatch('dns', [{ name: 'source_port', kind: 'int', values: [7] }]));
    expect((await reader!.query('SELECT source_port FROM dns')).rows).toEqual([[7]]);
  });

  it('leaves out segments outside the span', async () => {
    put('a', makeBatch('dns', COLUMNS));
    await open({ from: '2023-01-01T00:00:00.000000000Z', to: '2024-01-01T00:00:00.000000000Z' });
    expect((await reader!.query('SELECT source_port FROM dns')).rows).toEqual([[53]]);
  });

  it('stops after its time, or when it is cancelled', async () => {
    put('a', makeBatch('dns', COLUMNS));
    await open();
    const endless = 'SELECT count(*) FROM range(100000000000) a WHERE a.range % 7 = 3';
    await expect(reader!.query(endless, [], { timeoutMs: 100 })).rejects.toMatchObject({ code: 'timeout' });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    await expect(reader!.query(endless, [], { signal: controller.signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect((await reader!.query('SELECT 1')).rows).toEqual([[1]]);
  });

  it('streams in parts', async () => {
    put('a', makeBatch('dns', COLUMNS));
    await open();
    let rows = 0;
    for await (const part of reader!.stream('SELECT * FROM range(10000)')) rows += part.rows.length;
    expect(rows).toBe(10_000);
    for await (const _ of reader!.stream('SELECT * FROM range(10000000)')) break;
  });
});

describe('the lock-down', () => {
  it.each([
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM read_csv('DIR/../../etc/passwd')",
    "COPY (SELECT 1) TO 'DIR/manifest.json'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO 'DIR/x.csv'",
    "/* */ EXPLAIN ANALYZE COPY (SELECT 1) TO 'DIR/x.csv'",
    "ATTACH 'DIR/x.db'",
    'SELECT 1; SELECT 2',
    'SET threads = 1',
    'RESET lock_configuration',
    'INSTALL httpfs',
    'LOAD httpfs',
    'CREATE TABLE x (a INT)',
    'DROP VIEW dns',
    "SELECT * FROM query('COPY (SELECT 1) TO ''DIR/x.csv''')",
    "SELECT * FROM 'https://127.0.0.1/x.parquet'",
    "EXPORT DATABASE 'DIR/x'",
    '',
  ])('refuses %s', async (sql) => {
    put('a', makeBatch('dns', COLUMNS));
    await open();
    const before = readdirSync(directory);
    await expect(reader!.query(sql.replaceAll('DIR', directory))).rejects.toThrow();
    expect(readdirSync(directory)).toEqual(before);
    expect((await reader!.query('SELECT count(*) FROM dns')).rows).toEqual([[3]]);
  });

  it.each(['EXPLAIN SELECT 1', 'explain analyze FROM dns', 'FROM dns', 'SHOW TABLES', 'DESCRIBE dns', 'VALUES (1)'])(
    'allows %s',
    async (sql) => {
      put('a', makeBatch('dns', COLUMNS));
      expect((await (await open()).query(sql)).rows.length).toBeGreaterThan(0);
    },
  );
});

describe('addresses in SQL', () => {
  it('are written and read as everywhere else', async () => {
    put('a', makeBatch('dns', COLUMNS));
    await open();
    const word = fc.oneof(fc.constantFrom(0, 1, 0xffff, 0x10000, 0x1_0001), fc.integer({ min: 0, max: 0xffffffff }));
    const samples = fc.sample(fc.tuple(word, word, word, word), 60);
    samples.push([0, 0, 0, 0], [0, 0, 0xffff, 0], [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff]);
    const wanted = samples.map((words): [bigint, bigint, string] => {
      const [a, b, c, d] = words.map(BigInt);
      const isV4 = words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
      const text = isV4 ? formatV4(words[3]) : formatV6(...(words as [number, number, number, number]));
      return [(a << 32n) | b, (c << 32n) | d, text];
    });
    const values = wanted.map((_, i) => `($${3 * i + 1}::UBIGINT, $${3 * i + 2}::UBIGINT, $${3 * i + 3})`);
    const sql = `SELECT ip_hi(text), ip_lo(text), ip(hi, lo) FROM (VALUES ${values.join()}) AS v(hi, lo, text)`;
    const { rows } = await reader!.query(sql, wanted.flat());
    expect(rows.map(([hi, lo, text]) => [BigInt(hi as number), BigInt(lo as number), text])).toEqual(wanted);
  });
});

it('does not make a store where there is none', async () => {
  await expect(openReader(join(directory, 'none'), { types: [] })).rejects.toThrow(/there is no store at/);
  expect(existsSync(join(directory, 'none'))).toBe(false);
});

describe('a store in a folder with signs that mean something to others', () => {
  it.each(['a*b?c[d]{e}', "quo'te", 'sp ace', 'per%20cent', 'days [2026]', '$(x)'])('%s', async (name) => {
    const parent = directory;
    // What the name would match as a pattern is another store.
    directory = join(parent, 'aXbXcdXeX');
    put('other', makeBatch('dns', COLUMNS));
    directory = join(parent, 'days 2');
    put('other', makeBatch('dns', COLUMNS));
    directory = join(parent, name);
    put('a', makeBatch('dns', COLUMNS));
    const open_ = await open();
    expect((await open_.query('SELECT count(*) FROM dns')).rows).toEqual([[3]]);
    expect((await open_.query('SELECT sum(rows) FROM dns_service_hour')).rows).toEqual([[3]]);
    directory = parent;
  });
});
