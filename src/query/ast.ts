// A condition as understood: what the grammar makes and the compiler reads.

import type { RecordType } from '../records/record.ts';
import type { Operand } from './operand.ts';

/** A value as typed, with its place in the condition's text. */
export interface Literal {
  readonly text: string;
  /** In quotes: `*` and `?` are plain characters then. */
  readonly isQuoted: boolean;
  /** An entry of a named list: passed over where it does not fit the field. */
  readonly isListed?: boolean;
  readonly at: number;
  readonly length: number;
}

export type Item =
  | { readonly value: Literal }
  /** `whole` is set where a text may be meant as well: `5-3`. */
  | { readonly low: Literal; readonly high: Literal; readonly whole?: Literal };

/** `exact` is `=`, `loose` is `:`; the others say what they are. */
export type How = 'exact' | 'loose' | 'less' | 'atMost' | 'greater' | 'atLeast' | 'regex' | 'contains' | 'like';

/** What is meant by another spelling of a value, in lower case. */
export type Spellings = Pick<ReadonlyMap<string, string>, 'get'>;

/** A name that was found in at least one record type. */
export interface Name {
  /** As typed. */
  readonly text: string;
  /** The canonical name, for people. */
  readonly shown: string;
  /** The values it stands for in records of this type: two for `host` (either side), none where the type lacks it. */
  operands(type: RecordType): readonly Operand[];
  /** Only records of this transport match (`tcp.port`). */
  readonly transport?: string;
  /** Other spellings of values: `6` for `tcp`. */
  readonly words?: Spellings;
  /** goQuery's `dir`: its values are questions of their own. */
  readonly isDirection?: boolean;
}

export interface Match {
  readonly kind: 'match';
  readonly name: Name;
  readonly how: How;
  /** Any of these. */
  readonly items: readonly Item[];
  /** `!=`, `not in`, `!~`: none of them, and the field is there. */
  readonly isNegated: boolean;
  readonly flags?: string;
}

export type Test =
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'transport'; readonly word: string; readonly values: readonly string[] }
  | { readonly kind: 'network'; readonly value: 'ipv4' | 'ipv6' }
  | { readonly kind: 'search'; readonly text: string }
  | { readonly kind: 'exists'; readonly name: Name }
  | Match;

export type Condition =
  | { readonly kind: 'all'; readonly parts: readonly Condition[] }
  | { readonly kind: 'any'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | Test;
