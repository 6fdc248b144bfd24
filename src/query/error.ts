// What can be wrong with a query, said to the person who typed it.

import { shownText } from './shown-text.ts';

/** A query that cannot be planned or run: a column, a time, a sort order, a limit. Exit code 2. */
export class QueryError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(shownText(hint === undefined ? message : `${message}. ${hint}`));
    this.name = 'QueryError';
    this.hint = hint;
  }
}

/** A condition that cannot be understood. `at` and `length` are UTF-16 offsets into the condition's text. */
export class ConditionError extends QueryError {
  readonly reason: string;
  readonly at: number;
  readonly length: number;
  /** The condition's text, with a caret under the place and the reason: several lines. */
  readonly rendered: string;

  constructor(text: string, at: number, length: number, reason: string, hint?: string) {
    super(reason, hint);
    this.name = 'ConditionError';
    this.reason = shownText(reason);
    this.at = at;
    this.length = length;
    this.rendered = render(text, at, length, reason, hint);
  }
}

/** Characters of the text shown on each side of the place. */
const CONTEXT = 60;

function render(text: string, at: number, length: number, reason: string, hint: string | undefined): string {
  const from = Math.max(0, at - CONTEXT);
  const to = Math.min(text.length, at + Math.max(length, 1) + CONTEXT);
  const before = (from > 0 ? '…' : '') + shownText(text.slice(from, at));
  const marked = shownText(text.slice(at, Math.min(at + length, to)));
  const after = shownText(text.slice(Math.min(at + length, to), to)) + (to < text.length ? '…' : '');
  const carets = '^'.repeat(Math.max(1, [...marked].length));
  const lines = [before + marked + after, `${' '.repeat([...before].length)}${carets} ${shownText(reason)}`];
  if (hint !== undefined) lines.push(shownText(hint));
  return lines.join('\n');
}
