// The answer of `netscribe sql`: rows whose columns only the statement knows.

import type { SqlValue } from '../store/reader.ts';
import { csvCell } from './format-csv.ts';
import { shownText, shownWidth } from './shown-text.ts';

export const ROW_FORMATS = ['table', 'json', 'ndjson', 'csv'] as const;
export type RowFormat = (typeof ROW_FORMATS)[number];

const GAP = '  ';

/** The whole answer as text that ends with a line end; '' for no rows in line formats. */
export function rowsText(format: RowFormat, names: readonly string[], rows: readonly (readonly SqlValue[])[]): string {
  switch (format) {
    case 'json':
      return `[${rows.map((row) => rowJson(names, row)).join(',\n')}]\n`;
    case 'ndjson':
      return rows.map((row) => `${rowJson(names, row)}\n`).join('');
    case 'csv':
      return [
        names.map((name) => csvCell(name, true)),
        ...rows.map((row) => row.map((value) => csvCell(plain(value), typeof value !== 'string'))),
      ]
        .map((cells) => `${cells.join(',')}\r\n`)
        .join('');
    case 'table':
      return table(names, rows);
  }
}

function table(names: readonly string[], rows: readonly (readonly SqlValue[])[]): string {
  const cells = rows.map((row) => row.map((value) => shownText(plain(value))));
  const isNumber = names.map(
    (_, i) => rows.some((row) => isNumeric(row[i])) && rows.every((row) => row[i] === null || isNumeric(row[i])),
  );
  const widths = names.map((name, i) =>
    cells.reduce((most, row) => Math.max(most, shownWidth(row[i])), shownWidth(name)),
  );
  const line = (texts: readonly string[]) =>
    `${texts
      .map((text, i) => {
        const space = ' '.repeat(widths[i] - shownWidth(text));
        return isNumber[i] ? space + text : text + space;
      })
      .join(GAP)
      .trimEnd()}\n`;
  return `${line(names)}${cells.map(line).join('')}(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})\n`;
}

const isNumeric = (value: SqlValue): boolean => typeof value === 'number' || typeof value === 'bigint';

function plain(value: SqlValue): string {
  if (value === null) return '';
  return typeof value === 'object' ? valueJson(value) : String(value);
}

function rowJson(names: readonly string[], row: readonly SqlValue[]): string {
  return `{${names.map((name, i) => `${JSON.stringify(name)}:${valueJson(row[i])}`).join(',')}}`;
}

/** Integers stay exact whatever their size. */
function valueJson(value: SqlValue): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(valueJson).join(',')}]`;
  if (value instanceof Map)
    return `{${[...value].map(([key, item]) => `${JSON.stringify(key)}:${valueJson(item)}`).join(',')}}`;
  return JSON.stringify(value);
}
