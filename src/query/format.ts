// The output formats of a query, by the name that -e takes.

import { csvLines } from './format-csv.ts';
import { jsonText, ndjsonLines } from './format-json.ts';
import { markdownLines, type TableOptions, tableLines } from './format-table.ts';
import type { QueryResult } from './run.ts';

export const FORMATS = ['table', 'json', 'ndjson', 'csv', 'md'] as const;
export type Format = (typeof FORMATS)[number];

export interface FormatOptions extends TableOptions {
  /** CSV cells exactly as recorded. */
  isRaw?: boolean;
}

/** goQuery calls the table `txt`. */
export function formatNamed(word: string): Format | undefined {
  if (word === 'txt' || word === 'text') return 'table';
  return FORMATS.find((format) => format === word);
}

/** The answer as text, in pieces that end with a line. */
export function* formatResult(result: QueryResult, format: Format, options: FormatOptions = {}): Generator<string> {
  switch (format) {
    case 'json':
      yield jsonText(result, options.lacking);
      break;
    case 'ndjson':
      yield* ndjsonLines(result);
      break;
    case 'csv':
      yield* csvLines(result, options);
      break;
    case 'md':
      for (const line of markdownLines(result, options)) yield `${line}\n`;
      break;
    case 'table':
      for (const line of tableLines(result, options)) yield `${line}\n`;
  }
}
