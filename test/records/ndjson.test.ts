// The encoder writes what JSON.stringify writes of the document that the declaration describes, byte for byte: on random records of
// every declared type and of one that has every kind of field. Members that are always there come first, in the declaration's order.

import { describe, expect, it } from 'vitest';
import { allRecordTypes } from '../../src/engine/plan.ts';
import { ndjsonEncoder } from '../../src/records/ndjson.ts';
import { blankRecord, type RecordType } from '../../src/records/record.ts';
import { JsonWriter } from '../../src/records/writer.ts';
import { often } from '../kit/arbitrary.ts';
import { everyKind, Values } from '../kit/records.ts';

const types: RecordType[] = [everyKind as unknown as RecordType, ...allRecordTypes()];

describe('ndjsonEncoder', () => {
  it.each(types.map((type) => [type.name, type] as const))('%s: the bytes of JSON.stringify', (_, type) => {
    const values = new Values(type.name.length);
    const encode = ndjsonEncoder(type);
    // Small on purpose: records must find their room themselves.
    const writer = new JsonWriter(64);
    const record = blankRecord(type) as Record<string, unknown>;
    for (let i = 0; i < often(400); i++) {
      const flow: Record<string, unknown> = {};
      const { document } = values.record(type.fields, record, flow);
      const start = values.random.below(100);
      writer.reserve(0, start);
      const end = encode(record, flow, writer, start);
      expect(writer.out.toString('utf8', start, end)).toBe(`${JSON.stringify(document)}\n`);
    }
  });

  it('writes one record behind the other into the same buffer', () => {
    const values = new Values(5);
    const encode = ndjsonEncoder(everyKind as unknown as RecordType);
    const writer = new JsonWriter(64);
    let expected = '';
    let at = 0;
    for (let i = 0; i < 300; i++) {
      const flow = {};
      const { record, document } = values.record(everyKind.fields, {}, flow);
      at = encode(record, flow, writer, at);
      expected += `${JSON.stringify(document)}\n`;
    }
    expect(writer.out.toString('utf8', 0, at)).toBe(expected);
  });
});
