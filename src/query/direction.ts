// goQuery's `dir`: in and out as the interface saw it, uni and bi by who sent anything. Its words are questions, not values of a field.

import type { Field } from '../records/field.ts';
import type { RecordType } from '../records/record.ts';
import type { Item } from './ast.ts';

export type DirectionQuestion =
  /** Any of these values of `network.direction`. */
  { readonly directions: readonly string[] } | { readonly isAnswered: boolean };

const QUESTIONS: ReadonlyMap<string, DirectionQuestion> = new Map([
  ['in', { directions: ['ingress', 'inbound'] }],
  ['inbound', { directions: ['ingress', 'inbound'] }],
  ['out', { directions: ['egress', 'outbound'] }],
  ['outbound', { directions: ['egress', 'outbound'] }],
  ['uni', { isAnswered: false }],
  ['unidirectional', { isAnswered: false }],
  ['bi', { isAnswered: true }],
  ['bidirectional', { isAnswered: true }],
]);

/** The words that ask for something else than themselves. */
export const DIRECTION_WORDS: readonly string[] = [...QUESTIONS.keys()];

export function directionQuestion(item: Item): DirectionQuestion {
  const word = ('value' in item ? item.value : item.low).text.toLowerCase();
  return QUESTIONS.get(word) ?? { directions: [word] };
}

/** What says whether anybody answered. */
export function answerField(type: RecordType): Field | undefined {
  const fields = Object.values(type.fields);
  const at = (path: string) => fields.find((field) => field.paths.includes(path));
  return at('destination.packets') ?? at('destination.bytes');
}
