// The text of docs/records.md. Record types are found where they are declared: what a `record.ts` (or `….record.ts`) exports.

import { globSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { RecordType } from '../src/records/record.ts';
import { enrichmentMarkdown, recordMarkdown } from '../src/records/reference.ts';

const SOURCES = fileURLToPath(new URL('../src/', import.meta.url));
/** The order of chapters: what everybody reads first. Others follow by name. */
const FAMILIES = ['flow', 'transaction', 'tcp-state', 'audit', 'loss'];

/** All record types, by family and name. */
async function recordTypes(): Promise<RecordType[]> {
  const types = new Map<string, RecordType>();
  for (const file of globSync('**/{record,*-record}.ts', { cwd: SOURCES, exclude: ['records/**'] }).sort()) {
    for (const value of Object.values(await import(pathToFileURL(SOURCES + file).href))) {
      if (isRecordType(value)) types.set(value.name, value);
    }
  }
  const place = (type: RecordType) => FAMILIES.indexOf(type.family);
  return [...types.values()].sort((a, b) => place(a) - place(b) || (a.name < b.name ? -1 : 1));
}

function isRecordType(value: unknown): value is RecordType {
  return typeof value === 'object' && value !== null && 'family' in value && 'fields' in value && 'name' in value;
}

export async function recordsPage(): Promise<string> {
  const types = await recordTypes();
  return [
    '# Records',
    '',
    'Derived from the declarations in the code by `npm run records:docs`: change those, not this page.',
    '',
    ...types.map((type) => `- [${type.name}](#${type.name}): ${type.doc}`),
    '',
    'Types: `time` is RFC 3339 in UTC with nine digits of fraction, `duration` is in nanoseconds, `ip` is text in JSON and two',
    'integers in the store, `keyword` is a word of a small set, `text` and `slice` are text from the wire. `keywords` is a list of',
    'words, `map`, `list` and `json` have a structure of their own and are JSON text in the store.',
    '',
    ...types.map((type) => recordMarkdown(type, 2)),
    '## enrichments',
    '',
    'Fields that flows and transactions have when they are asked for: `geoip`, where addresses are, with `geoip.databases` in the',
    'configuration or `--geoip` of `netscribe capture`; `process`, live, whose process of this machine an end is, with `procs.enabled` or',
    '`--processes`.',
    '',
    enrichmentMarkdown(types[0], 'geoip'),
    enrichmentMarkdown(types[0], 'process'),
  ].join('\n');
}
