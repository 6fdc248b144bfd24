// What grouped and listing queries have in common while they are planned.

import type { RecordType } from '../records/record.ts';
import { type KeyColumn, keyColumn } from './columns.ts';
import type { SourceFilter } from './source-filter.ts';
import type { Vocabulary } from './vocabulary.ts';

export type Direction = 'both' | 'sum' | 'in' | 'out';

/** `time` is Unix time in ns: the first or last moment of a group. */
export type CounterKind = 'packets' | 'bytes' | 'count' | 'duration' | 'time';

/** What a result column holds. Cells follow the columns; an address takes two cells in a row of the statement. */
export type PlanColumn =
  | { readonly role: 'key'; readonly key: KeyColumn }
  | {
      readonly role: 'counter';
      readonly name: string;
      readonly label: string;
      readonly kind: CounterKind;
      readonly hasTotal: boolean;
    };

/** What both kinds of plan begin with. */
export interface Draft {
  readonly types: readonly RecordType[];
  readonly filter: SourceFilter;
  readonly vocabulary: Vocabulary;
  readonly limit: number | undefined;
  readonly sort: string | undefined;
  readonly isAscending: boolean | undefined;
  readonly direction: Direction;
  /** The store has sums per minute and hour. */
  readonly hasSums: boolean;
}

/** The column that a sort word names, among the shown ones. */
export function sortKey(word: string, keys: readonly KeyColumn[], draft: Draft): number {
  const direct = keys.findIndex((key) => key.label.toLowerCase() === word || key.path.toLowerCase() === word);
  if (direct >= 0) return direct;
  const wanted = draft.vocabulary.resolve(word)?.shown;
  return wanted === undefined
    ? -1
    : keys.findIndex((key) => keyColumn(word, draft.types, draft.vocabulary).path === key.path);
}
