// A broken rule is told together with the input that breaks it.

import { type Exchange, toText } from './exchange.ts';

/** Runs `rule`; what it throws is thrown with the input in the form of test/fuzz/corpus/. */
export function withInput(exchange: Exchange, rule: () => void): void {
  try {
    rule();
  } catch (error) {
    throw new Error(`${(error as Error).message}\nThe input, as test/fuzz/corpus/ has it:\n${toText(exchange)}`, {
      cause: error,
    });
  }
}
