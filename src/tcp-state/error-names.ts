// Names of a socket's errors (errno(3)), looked up once each.

import { getSystemErrorName } from 'node:util';

export class ErrorNames {
  readonly #names: (string | undefined)[] = [];

  of(error: number): string {
    return (this.#names[error] ??= getSystemErrorName(-error));
  }
}
