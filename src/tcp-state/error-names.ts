// Names of a socket's errors (errno(3)), looked up once each.

import { getSystemErrorName } from 'node:util';

export class ErrorNames {
  readonly #names: (string | undefined)[] = [];

  /** Numbers that are no error come out as they are: sources of users may give any. */
  of(error: number): string {
    if (!(error > 0)) return String(error);
    return (this.#names[error] ??= getSystemErrorName(-error));
  }
}
