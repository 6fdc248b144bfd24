import { describe, expect, it } from 'vitest';
import { allRecordTypes } from '../../src/engine/plan.ts';
import { customisationOf, customise, customiseColumns } from '../../src/processors/customise.ts';
import { f } from '../../src/records/field.ts';
import { ndjsonEncoder } from '../../src/records/ndjson.ts';
import { defineRecord } from '../../src/records/record.ts';
import { JsonWriter } from '../../src/records/writer.ts';

const type = defineRecord(
  'redis',
  { family: 'transaction', doc: 'an example' },
  {
    start: f.time('@timestamp', ''),
    kind: f.constant(['event.dataset', 'type'], 'redis'),
    method: f.keyword('method', ''),
    status: f.keyword('status', ''),
    key: f.text('redis.key', '').optional(),
    user: f.keyword(['user.name', 'related.user'], '').optional(),
  },
);
const record = { startSeconds: 1_700_000_000, startNanos: 0, method: 'GET', status: 'OK', key: undefined, user: 'eve' };

function document(options: object): Record<string, unknown> {
  const writer = new JsonWriter(4096);
  const end = ndjsonEncoder(customise(type, customisationOf(options)))(record, {}, writer, 0);
  return JSON.parse(writer.out.toString('utf8', 0, end));
}

describe('documents as users want them', () => {
  const plain = document({});
  it('are as declared without options', () => {
    expect(plain).toEqual({
      '@timestamp': '2023-11-14T22:13:20.000000000Z',
      event: { dataset: 'redis' },
      type: 'redis',
      method: 'GET',
      status: 'OK',
      user: { name: 'eve' },
      related: { user: 'eve' },
    });
  });
  it('carry own fields under `fields`, or at the top', () => {
    expect(document({ fields: { site: { name: 'here' } } })).toEqual({ ...plain, fields: { site: { name: 'here' } } });
    expect(document({ fields: { site: 1 }, fields_under_root: true })).toEqual({ ...plain, site: 1 });
  });
  it('carry tags, each once', () => {
    const processors = [{ add_tags: { tags: ['b', 'a'] } }];
    expect(document({ tags: ['a'], processors })).toEqual({ ...plain, tags: ['a', 'b'] });
  });
  it('write absent values as null with keep_null', () => {
    expect(document({ keep_null: true })).toEqual({ ...plain, redis: { key: null } });
  });
  it('drop fields, whole trees too, but never time and kind', () => {
    const dropped = document({ processors: [{ drop_fields: { fields: ['user', '@timestamp', 'event'] } }] });
    expect(dropped).toEqual({ ...plain, user: undefined, ...without(plain, 'user') });
  });
  it('keep only what is included', () => {
    expect(Object.keys(document({ processors: [{ include_fields: { fields: 'status' } }] })).sort()).toEqual([
      '@timestamp',
      'event',
      'status',
      'type',
    ]);
  });
  it('rename', () => {
    const processors = [{ rename: { fields: [{ from: 'method', to: 'verb.name' }] } }];
    expect(document({ processors })).toEqual({ ...without(plain, 'method'), verb: { name: 'GET' } });
  });
  it.each(['status', 'redis', 'status.code'])('refuse to rename to %s, which there is', (to) => {
    const processors = [{ rename: { fields: [{ from: 'method', to }] } }];
    expect(() => document({ processors })).toThrow(`redis: 'method' can not be renamed to '${to}'`);
  });
  it('rename to what was dropped or renamed before', () => {
    const processors = [
      { drop_fields: { fields: ['status'] } },
      {
        rename: {
          fields: [
            { from: 'method', to: 'status' },
            { from: 'user.name', to: 'method' },
          ],
        },
      },
    ];
    expect(document({ processors })).toMatchObject({ status: 'GET', method: 'eve' });
  });
  it("take Elastic's newer names with map_to_ecs", () => {
    const mapped = document({ map_to_ecs: true });
    expect(mapped).toEqual({
      '@timestamp': plain['@timestamp'],
      network_traffic: { status: 'OK' },
      user: plain.user,
      related: plain.related,
    });
  });
  it.each(allRecordTypes().map((type) => [type.name, type] as const))(
    'have newer names for each of %s',
    (_name, type) => {
      expect(() => ndjsonEncoder(customise(type, customisationOf({ map_to_ecs: true })))).not.toThrow();
    },
  );
  it('refuse a name that the record has', () => {
    expect(() => document({ fields: { user: 1 }, fields_under_root: true })).toThrow("the field 'user' is taken");
  });
  it('refuse conditions with the reason', () => {
    expect(() => customisationOf({ processors: [{ drop_fields: { fields: ['a'], when: { equals: {} } } }] })).toThrow();
  });
  it('keep columns and their names, but drop what was dropped', () => {
    const processors = [
      { drop_fields: { fields: ['user', 'related'] } },
      { rename: { fields: [{ from: 'method', to: 'verb' }] } },
    ];
    const columns = customiseColumns(type, customisationOf({ processors, tags: ['x'] }));
    expect(Object.keys(columns.fields)).toEqual(['start', 'kind', 'method', 'status', 'key']);
    expect(columns.fields.method.paths).toEqual(['method']);
  });
});

function without(document: Record<string, unknown>, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).filter(([key]) => key !== name));
}
