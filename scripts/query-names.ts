// The part of docs/query.md that follows from the code: what the short names, Wireshark's and goQuery's mean.

import { allRecordTypes } from '../src/engine/plan.ts';
import { SYNONYMS } from '../src/query/names.ts';
import { createVocabulary } from '../src/query/query.ts';
import { QUERY_TYPES } from '../src/query/query-types.ts';

export const BEGIN = '<!-- derived from the code: npm run records:docs writes it -->';
export const END = '<!-- end of what is derived -->';

/** Markdown tables: query types, then names with what they stand for. */
export function queryNames(): string {
  const vocabulary = createVocabulary(allRecordTypes());
  const types = [...QUERY_TYPES].map(([name, columns]) => [`\`${name}\``, `\`${columns.join(',')}\``]);
  const declared = new Set(
    allRecordTypes().flatMap((type) => Object.values(type.fields).flatMap(({ paths }) => paths)),
  );
  const names = [...SYNONYMS.keys()]
    .filter((name) => !name.includes(' ') && !declared.has(name))
    .map((name) => ({ name, known: vocabulary.resolve(name), synonym: SYNONYMS.get(name)! }))
    .filter(({ known }) => known !== undefined)
    .map(({ name, known, synonym }) => {
      const transport = synonym.transport === undefined ? '' : ` of ${synonym.transport}`;
      return [
        `\`${name}\``,
        `${known!.shown
          .split(' or ')
          .map((path) => `\`${path}\``)
          .join(' or ')}${transport}`,
      ];
    });
  return [table('query type', 'columns', types), table('name', 'stands for', names)].join('\n\n');
}

/** The page with its derived part as the code says it now. */
export function withQueryNames(page: string): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error('docs/query.md has lost the marks of its derived part');
  return `${page.slice(0, from + BEGIN.length)}\n\n${queryNames()}\n\n${page.slice(to)}`;
}

function table(left: string, right: string, rows: readonly string[][]): string {
  const all = [[left, right], ...rows];
  const widths = [0, 1].map((i) => Math.max(...all.map((row) => row[i].length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [line(all[0]), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}
