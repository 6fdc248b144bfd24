// What a shell may offer behind `netscribe`: commands, their options and what their values are, read off the definitions. The
// placeholder of an option (`--to <sink>`) or argument (`[columns]`) says what stands there.

import type { Option } from 'commander';
import { allRecordTypes } from '../../engine/plan.ts';
import { FORMATS } from '../../query/format.ts';
import { ROW_FORMATS } from '../../query/format-rows.ts';
import { createVocabulary, QUERY_TYPES } from '../../query/query.ts';
import { SINK_KINDS } from '../../sinks/open.ts';
import type { CommandTable } from '../command.ts';

/** What stands in a place: some of these words, files, folders, this machine's interfaces, kept queries, or nothing we know. */
export type Values =
  | { readonly kind: 'words'; readonly set: WordSet; readonly isList: boolean }
  | { readonly kind: 'files' | 'folders' | 'interfaces' | 'queries' | 'unknown' };

export type WordSet =
  | 'columns'
  | 'fields'
  | 'records'
  | 'formats'
  | 'rowformats'
  | 'sinks'
  | 'sorts'
  | 'shells'
  | 'commands';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export interface ShownOption {
  /** `-n`, or undefined. */
  readonly short: string | undefined;
  readonly long: string | undefined;
  readonly text: string;
  /** Undefined where it takes no value. */
  readonly values: Values | undefined;
  readonly isRepeatable: boolean;
}

export interface ShownCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly ShownOption[];
  /** One per argument; the last one again and again where it may repeat. */
  readonly arguments: readonly Values[];
}

export interface CompletionModel {
  readonly commands: readonly ShownCommand[];
  readonly words: Readonly<Record<WordSet, readonly string[]>>;
}

const words = (set: WordSet, isList = false): Values => ({ kind: 'words', set, isList });

const PLACES: ReadonlyMap<string, Values> = new Map<string, Values>([
  ['file', { kind: 'files' }],
  ['words', { kind: 'files' }],
  ['folder', { kind: 'folders' }],
  ['interface', { kind: 'interfaces' }],
  ['interfaces', { kind: 'interfaces' }],
  ['query', { kind: 'queries' }],
  ['columns', words('columns', true)],
  ['column', words('sorts')],
  ['condition', words('fields')],
  ['records', words('records', true)],
  ['record', words('records')],
  ['format', words('formats')],
  ['rowformat', words('rowformats')],
  ['sink', words('sinks')],
  ['shell', words('shells')],
  ['command', words('commands')],
]);

const SORTS = ['bytes', 'packets', 'time', 'count', 'errors', 'duration'];

/** Every command with everything it takes. */
export async function completionModel(table: CommandTable): Promise<CompletionModel> {
  const commands = await Promise.all(
    Object.entries(table).map(async ([name, { summary, load }]): Promise<ShownCommand> => {
      const command = (await load()).definition();
      return {
        name,
        summary,
        options: [...command.options.map(shown), HELP],
        arguments: command.registeredArguments.map((argument) => valuesOf(argument.name())),
      };
    }),
  );
  return { commands, words: wordSets(commands.map(({ name }) => name)) };
}

const HELP: ShownOption = { short: '-h', long: '--help', text: 'help', values: undefined, isRepeatable: false };

function shown(option: Option): ShownOption {
  const placeholder = /[<[]([\w-]+)/.exec(option.flags)?.[1];
  return {
    short: option.short ?? undefined,
    long: option.long ?? undefined,
    text: option.description,
    values: placeholder === undefined ? undefined : valuesOf(placeholder),
    isRepeatable: Array.isArray(option.defaultValue),
  };
}

const valuesOf = (place: string): Values => PLACES.get(place.replace(/\.+$/, '')) ?? { kind: 'unknown' };

function wordSets(commands: readonly string[]): CompletionModel['words'] {
  const types = allRecordTypes();
  const names = createVocabulary(types).names();
  const records = types.map((type) => type.name);
  return {
    columns: unique([...QUERY_TYPES.keys(), ...records, ...names]),
    fields: unique([...records, ...names]),
    records: unique([...records, 'transactions', 'all']),
    formats: FORMATS,
    rowformats: ROW_FORMATS,
    // `ndjson:` stands before a place, `ndjson:-` is one.
    sinks: [
      ...new Set([
        ...[...SINK_KINDS.keys()].map((kind) => `${kind}:`),
        ...[...SINK_KINDS.values()].flatMap(({ forms }) => forms).filter((form) => !/[A-Z…]/.test(form)),
      ]),
    ],
    sorts: unique([...SORTS, ...names]),
    shells: SHELLS,
    commands,
  };
}

/** Plain words only: nothing that a shell would read as more than a word. */
const unique = (all: readonly string[]): string[] =>
  [...new Set(all)].filter((word) => /^[A-Za-z0-9_][\w.-]*$/.test(word));
