// `-e csv`: RFC 4180 with a header. What a spreadsheet would run as a formula gets an apostrophe in front.

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

/** A cell in quotes where RFC 4180 section 2 asks for them; not raw: neutralised (OWASP, "CSV Injection"). */
export function csvCell(text: string, isRaw: boolean): string {
  const safe = !isRaw && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
