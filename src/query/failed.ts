// Whether a record is about something that went wrong: transactions have a status, TCP events an outcome.

import type { RecordType } from '../records/record.ts';
import type { Vocabulary } from './vocabulary.ts';

const FAILURES: readonly (readonly [string, string])[] = [
  ['status', 'Error'],
  ['event.outcome', 'failure'],
];

/** As SQL, never NULL. */
export function failed(type: RecordType, vocabulary: Vocabulary): string {
  for (const [path, word] of FAILURES) {
    const operand = vocabulary.resolve(path)?.operands(type)[0];
    if (operand?.shape === 'value') return `coalesce(${operand.sql} = '${word}', FALSE)`;
  }
  return 'FALSE';
}
