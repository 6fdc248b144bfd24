// `-e csv`: RFC 4180 with a header. What a spreadsheet would run as a formula is made harmless.

import { harmless, quoted } from '../records/csv-writer.ts';
import { cellText, machineName } from './machine.ts';
import type { QueryResult } from './run.ts';

export interface CsvOptions {
  /** Cells exactly as recorded, formulas included. */
  isRaw?: boolean;
  hasHeader?: boolean;
}

/** One line per row, each ended by CR LF. */
export function* csvLines(result: QueryResult, options: CsvOptions = {}): Generator<string> {
  const { columns } = result.plan;
  if (options.hasHeader !== false) yield line(columns.map((column) => csvCell(machineName(column), true)));
  for (const row of result.rows) {
    yield line(
      row.map((cell, i) => {
        const isText = typeof cell === 'string';
        return csvCell(cellText(columns[i], cell), options.isRaw === true || !isText);
      }),
    );
  }
}

const line = (cells: readonly string[]): string => `${cells.join(',')}\r\n`;

/** A cell; not raw: harmless in spreadsheets and terminals, as in `--to csv:DIR`. */
export function csvCell(text: string, isRaw: boolean): string {
  return quoted(isRaw ? text : harmless(text));
}
