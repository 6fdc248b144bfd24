// The whole way of a record: columns, segment, query, document. What comes back must be what its NDJSON says.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FlowView } from '../../src/protocols/flow-view.ts';
import { ColumnarRows } from '../../src/records/columnar.ts';
import { program, transaction } from '../../src/records/common.ts';
import { f } from '../../src/records/field.ts';
import { ndjsonEncoder } from '../../src/records/ndjson.ts';
import { defineRecord, type RecordOf } from '../../src/records/record.ts';
import { JsonWriter } from '../../src/records/writer.ts';
import { documentMaker } from '../../src/store/document.ts';
import { openReader } from '../../src/store/reader.ts';
import { openStoreWriter } from '../../src/store/writer.ts';

const type = defineRecord(
  'test',
  { family: 'transaction', doc: 'every kind of field' },
  {
    ...program('1.2.3'),
    ...transaction('test'),
    size: f.int('test.size', '').optional().closeTo({ sourceBytes: 2, destinationBytes: -1 }),
    ratio: f.float('test.ratio', '').optional(),
    flag: f.bool('test.flag', '').optional(),
    name: f.text('test.name', ''),
    path: f.slice('test.path', '').optional(),
    words: f.keywords('test.words', '').optional(),
    headers: f.map('test.headers', '').optional(),
    tree: f.json('test.tree', '').optional(),
    answers: f
      .list('test.answers', '', {
        name: f.text('name', ''),
        place: f.text('at.place', '').optional(),
        n: f.int('n', ''),
      })
      .optional(),
  },
);
type TestRecord = RecordOf<typeof type.fields>;

const BYTES = Buffer.from('GET /\xff"index"\n HTTP', 'latin1');
const LARGEST = 2 ** 53;

const base: TestRecord = {
  startSeconds: 1_700_000_000,
  startNanos: 123_456_789,
  endSeconds: undefined,
  endNanos: undefined,
  duration: undefined,
  status: 'OK',
  sourceBytes: undefined,
  destinationBytes: undefined,
  networkBytes: undefined,
  errorMessage: undefined,
  size: undefined,
  ratio: undefined,
  flag: undefined,
  name: '',
  pathAt: -1,
  pathEnd: -1,
  words: undefined,
  headers: undefined,
  tree: undefined,
  answers: undefined,
  bytes: BYTES,
};
const records: TestRecord[] = [
  base,
  {
    ...base,
    startSeconds: 0xffffffff,
    startNanos: 999_999_999,
    endSeconds: 5,
    endNanos: 6,
    duration: LARGEST,
    sourceBytes: 10,
    destinationBytes: 20,
    networkBytes: 30,
    errorMessage: ['only one'],
    size: -7,
    ratio: -0.125,
    flag: false,
    name: 'ü "quoted" \u0000 \u2028',
    pathAt: 4,
    pathEnd: 14,
    words: ['a', 'b'],
    headers: [
      ['host', 'example'],
      ['__proto__', ['1', '2']],
      ['n', 7],
    ],
    tree: new Map<string, number | null | string[]>([
      ['x', 1.5],
      ['y', null],
      ['z', ['1']],
    ]),
    answers: [
      { name: 'a', place: 'here', n: 1 },
      { name: 'b', place: undefined, n: -2 },
    ],
  },
  {
    ...base,
    sourceBytes: 1,
    size: 100,
    networkBytes: 1,
    errorMessage: ['one', 'two'],
    flag: true,
    words: [],
    answers: [],
  },
];

function flow(v6: boolean): FlowView {
  const view = new FlowView();
  if (v6) {
    view.source.setV6(0x20010db8, 0, 0, 1);
    view.destination.setV6(0, 0, 0xffff, 0x0a000001);
  } else {
    view.source.setV4(0x0a000001);
    view.destination.setV4(0xffffffff);
  }
  view.sourcePort = 40000;
  view.destinationPort = 443;
  view.hasPorts = true;
  view.transport = 'tcp';
  view.protocol = 6;
  view.type = v6 ? 'ipv6' : 'ipv4';
  view.id = v6 ? 'six' : 'four';
  if (v6) view.vlan = ['7'];
  else view.sourceMac = '00-11-22-AA-BB-CC';
  return view;
}

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'netscribe-way-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('gives back the documents that went in', async () => {
  const rows = new ColumnarRows(type);
  const encode = ndjsonEncoder(type);
  const json = new JsonWriter(64 * 1024);
  const expected: unknown[] = [];
  const view = (i: number) => flow(i % 2 === 1);
  for (const [i, record] of records.entries()) {
    rows.append(record, view(i));
    const text = json.out.toString('utf8', 0, encode(record, view(i), json, 0));
    expected.push(JSON.parse(text));
  }
  const writer = await openStoreWriter(directory);
  await writer.write(rows.take());
  await writer.commit('x');
  const reader = await openReader(directory, { types: [type] });
  const result = await reader.query('SELECT * FROM test ORDER BY timestamp, source_bytes NULLS FIRST');
  reader.close();
  const communityIds = new Map([0, 1, 2].map((i) => [view(i).id, view(i).communityId]));
  const make = documentMaker(type, result.columns, { communityId: (row) => communityIds.get(String(row('flow_id'))) });
  const documents = result.rows.map(make);
  expect(documents).toEqual([expected[0], expected[2], expected[1]]);
});
