// CSV says what the declaration says: on random records of every declared type and of one that has every kind of field, a reader of
// RFC 4180 finds as many cells as the header has names, and in each cell the value. No text is a formula, and none is lost by that.

import { describe, expect, it } from 'vitest';
import { allRecordTypes } from '../../src/engine/plan.ts';
import { customisationOf, customise } from '../../src/processors/customise.ts';
import { csvHeader } from '../../src/records/csv.ts';
import { CsvWriter, csvCell } from '../../src/records/csv-writer.ts';
import { type Field, f } from '../../src/records/field.ts';
import { flatEncoder, flatFields } from '../../src/records/flat.ts';
import { blankRecord, defineRecord, type RecordType } from '../../src/records/record.ts';
import { wireText } from '../../src/records/text.ts';
import { often } from '../kit/arbitrary.ts';
import { type Cell, parseCsv } from '../kit/csv.ts';
import { everyKind, type Json, Values } from '../kit/records.ts';

const types: RecordType[] = [everyKind as unknown as RecordType, ...allRecordTypes()];

/** The bytes that a cell of text stands for: apostrophe, escapes and doubled backslashes undone. */
function bytesOf(cell: string): Buffer {
  const bare = /^'+[=+\-@\t\r\n＝＋－＠]/.test(cell) ? cell.slice(1) : cell;
  const parts: Buffer[] = [];
  let from = 0;
  for (const { index, 0: all, 1: backslashes, 2: hex } of bare.matchAll(/(\\+)x([0-9a-f]{2})?/g)) {
    const isEscape = backslashes.length % 2 === 1;
    parts.push(Buffer.from(bare.slice(from, index) + '\\'.repeat(backslashes.length >> 1)));
    if (isEscape) parts.push(Buffer.from(hex, 'hex'));
    from = isEscape ? index + all.length : index + backslashes.length;
  }
  return Buffer.concat([...parts, Buffer.from(bare.slice(from))]);
}

/** A cell, and what it should be, to be compared. */
function bothOf(cell: Cell, field: Field, shown: Json | undefined): [found: unknown, expected: unknown] {
  const isJson = ['json', 'map', 'list', 'keywords'].includes(field.kind);
  if (shown === undefined || (shown === null && !isJson)) return [cell, { text: '', isQuoted: false }];
  if (['int', 'float', 'duration', 'bool', 'time', 'ip'].includes(field.kind))
    return [cell, { text: String(shown), isQuoted: false }];
  if (typeof shown === 'string' && field.kind !== 'json') {
    const [[expected]] = parseCsv(`${Buffer.from(csvCell(shown))}\r\n`);
    return [
      { ...cell, isFormula: /^[=+\-@\t\r\n＝＋－＠]/.test(cell.text) },
      { ...expected, isFormula: false },
    ];
  }
  return [JSON.parse(cell.text), JSON.parse(JSON.stringify(shown))];
}

describe('rows of CSV', () => {
  it.each(types.map((type) => [type.name, type] as const))('%s: header and rows agree', (_, type) => {
    const values = new Values(type.name.length + 1);
    const encode = flatEncoder(type);
    // Small on purpose: records must find their room themselves.
    const writer = new CsvWriter(64);
    const record = blankRecord(type) as Record<string, unknown>;
    const fields = flatFields(type);
    const header = parseCsv(csvHeader(type));
    expect(header).toEqual([fields.map(([, field]) => ({ text: field.paths[0], isQuoted: false }))]);
    let at = 0;
    const shown = Array.from({ length: often(100) }, () => {
      const flow: Record<string, unknown> = {};
      const { shown } = values.record(type.fields, record, flow);
      at = encode(record, flow, writer, at);
      return shown;
    });
    const rows = parseCsv(writer.out.toString('utf8', 0, at));
    expect(rows).toHaveLength(shown.length);
    for (const [i, row] of rows.entries()) {
      expect(row).toHaveLength(header[0].length);
      const pairs = row.map((cell, column) => {
        const [name, field] = fields[column];
        return [name, ...bothOf(cell, field, shown[i].get(name))] as const;
      });
      expect(pairs.map(([name, cell]) => [name, cell])).toEqual(pairs.map(([name, , expected]) => [name, expected]));
    }
  });

  it('shows what the user adds, drops and renames', () => {
    const type = defineRecord(
      'test',
      { family: 'audit', doc: '' },
      { kind: f.constant('event.kind', 'event'), a: f.text('a.text', ''), b: f.int('b', '') },
    );
    const custom = customisationOf({
      fields: { site: 'Zürich, main' },
      fields_under_root: true,
      processors: [{ drop_fields: { fields: ['b'] } }, { rename: { fields: [{ from: 'a', to: 'c' }] } }],
    });
    const shown = customise(type as unknown as RecordType, custom);
    expect(csvHeader(shown)).toBe('c.text,site\r\n');
    const writer = new CsvWriter(64);
    const end = flatEncoder(shown)({ a: 'x' }, {}, writer, 0);
    expect(writer.out.toString('utf8', 0, end)).toBe('x,"Zürich, main"\r\n');
  });
});

describe('a cell', () => {
  it.each([
    ['', '""'],
    ['plain', 'plain'],
    ['two words', 'two words'],
    ['a,b', '"a,b"'],
    ['say "no"', '"say ""no"""'],
    ['two\r\nlines', '"two\r\nlines"'],
    ['=1+1', "'=1+1"],
    ['+49 89', "'+49 89"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', '"\'\r=1"'],
    ['\n=1', '"\'\n=1"'],
    ['＝1+1', "'＝1+1"],
    ['＋1', "'＋1"],
    ['－1', "'－1"],
    ['＠x', "'＠x"],
    ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
    // What begins as ours do gets one more, so that taking one away always gives the text.
    ["'=1", "''=1"],
    ["'tis", "'tis"],
    ['\u001b[2J', '\\x1b[2J'],
    ['\u009b2J', '\\xc2\\x9b2J'],
    ['\\\u001b', '\\\\\\x1b'],
    ['\0', '\\x00'],
    ['§ 5', '§ 5'],
  ])('%j is %j', (text, cell) => {
    expect(csvCell(text)).toBe(cell);
    const writer = new CsvWriter(1);
    writer.begin(0, 8);
    const end = writer.text(text, 0);
    expect(writer.out.toString('utf8', 0, end)).toBe(`${cell},`);
    const bytes = Buffer.from(text);
    const sliceEnd = writer.slice(bytes, 0, bytes.length, 0);
    const expected = csvCell(wireText(bytes, 0, bytes.length));
    expect(writer.out.toString('utf8', 0, sliceEnd)).toBe(`${expected},`);
  });

  it('of bytes from the wire gives them back, whatever they are', () => {
    const values = new Values(4);
    for (let i = 0; i < often(3000); i++) {
      const bytes = values.bytes();
      const [[cell]] = parseCsv(`${csvCell(wireText(bytes, 0, bytes.length))}\r\n`);
      expect(bytesOf(cell.text)).toEqual(Buffer.from(bytes));
    }
  });

  it('of any length and any characters is what the reference says', () => {
    const values = new Values(3);
    const writer = new CsvWriter(1);
    writer.begin(0, 8);
    for (let i = 0; i < often(5000); i++) {
      const text = values.text();
      const end = writer.text(text, 0);
      expect(writer.out.toString('utf8', 0, end)).toBe(`${Buffer.from(csvCell(text)).toString()},`);
    }
  });
});
