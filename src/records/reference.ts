// The reference of a record type, derived from its declaration: Markdown for the documentation, plain text for
// `netscribe records NAME`.

import type { Enrichment, Field, Fields } from './field.ts';
import { columnName, type RecordType } from './record.ts';

/** One field as the reference shows it. */
interface Entry {
  paths: readonly string[];
  /** Kind, unit and whether it may be missing: `int, bytes, optional`. */
  type: string;
  /** Column in the store; empty when there is none. */
  column: string;
  doc: string;
  aliases: readonly string[];
}

function typeOf(field: Field): string {
  const words: string[] = [field.kind];
  if (field.unit !== undefined) words.push(field.unit);
  if (field.isOptional) words.push('optional');
  return words.join(', ');
}

function docOf(field: Field): string {
  if (field.kind === 'constant') return `always ${JSON.stringify(field.sub)}`;
  const needs = field.enrichment === undefined ? '' : ` (with ${field.enrichment})`;
  return `${field.doc}${needs}${field.isDerived ? ' (computed, not stored)' : ''}`;
}

function entryOf(field: Field): Entry {
  return {
    paths: field.paths,
    type: typeOf(field),
    column: field.kind === 'constant' || field.isDerived ? '' : columnName(field),
    doc: docOf(field),
    aliases: field.aliases ?? [],
  };
}

/** The fields of one entry of a list, named `list[].field`. They have no columns: a list is one. */
function subEntries(field: Field): Entry[] {
  if (field.kind !== 'list') return [];
  return entriesOf(field.sub as Fields).map((entry) => ({
    ...entry,
    paths: entry.paths.map((path) => `${field.paths[0]}[].${path}`),
    column: '',
  }));
}

function entriesOf(fields: Fields): Entry[] {
  return Object.values(fields).flatMap((field) => [entryOf(field), ...subEntries(field)]);
}

/** Text that stands in a cell of a Markdown table as it is. */
function cell(text: string): string {
  return text.replace(/[\\|<]/g, '\\$&').replace(/\s+/g, ' ');
}

const code = (text: string) => (text === '' ? '' : `\`${text.replaceAll('|', '\\|')}\``);

/**
 * The reference page of a record type, or its chapter on a page of many: `level` is that of its heading. Fields that exist only where an
 * enrichment is asked for are the same in all types and have a chapter of their own (`enrichmentMarkdown`).
 */
export function recordMarkdown(type: RecordType, level = 1): string {
  const own = Object.entries(type.fields).filter(([, { enrichment }]) => enrichment === undefined);
  const enriched =
    own.length < Object.keys(type.fields).length ? ' Has the fields of [enrichments](#enrichments).' : '';
  return [
    `${'#'.repeat(level)} ${type.name}`,
    '',
    `${cell(type.doc)}. Family: ${type.family}.${enriched}`,
    '',
    table(Object.fromEntries(own)),
  ].join('\n');
}

/** The fields of a type that exist only where `enrichment` is asked for. */
export function enrichmentMarkdown(type: RecordType, enrichment: Enrichment): string {
  return table(Object.fromEntries(Object.entries(type.fields).filter(([, field]) => field.enrichment === enrichment)));
}

function table(fields: Fields): string {
  const lines = ['| field | type | column | meaning | other names |', '|---|---|---|---|---|'];
  for (const entry of entriesOf(fields)) {
    const cells = [
      entry.paths.map(code).join('<br>'),
      cell(entry.type),
      code(entry.column),
      cell(entry.doc),
      entry.aliases.map(code).join(', '),
    ];
    lines.push(`| ${cells.join(' | ')} |`);
  }
  return `${lines.join('\n')}\n`;
}

/** The reference of a record type for a terminal: one field a line, further paths of the same value below it. */
export function recordText(type: RecordType): string {
  const entries = entriesOf(type.fields);
  const widest = (texts: readonly string[]) => Math.max(...texts.map((text) => text.length));
  const pathWidth = widest(entries.flatMap((entry) => entry.paths));
  const typeWidth = widest(entries.map((entry) => entry.type));
  const lines = [`${type.name} (${type.family}): ${type.doc}`, ''];
  for (const { paths, type: kind, doc, aliases } of entries) {
    const [canonical, ...others] = paths;
    const names = aliases.length === 0 ? '' : ` [${aliases.join(', ')}]`;
    lines.push(`  ${canonical.padEnd(pathWidth)}  ${kind.padEnd(typeWidth)}  ${doc}${names}`.trimEnd());
    for (const other of others) lines.push(`  ${other.padEnd(pathWidth)}  same value`);
  }
  return `${lines.join('\n')}\n`;
}

/** What record types there are, one a line. */
export function recordList(types: readonly RecordType[]): string {
  const nameWidth = Math.max(0, ...types.map((type) => type.name.length));
  const familyWidth = Math.max(0, ...types.map((type) => type.family.length));
  return types
    .map((type) => `${type.name.padEnd(nameWidth)}  ${type.family.padEnd(familyWidth)}  ${type.doc}\n`)
    .join('');
}
