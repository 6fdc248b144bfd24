// Suites and tests that need what not every machine has. Why they do not run is said in the last lines of a run (reporter.ts).

import { describe, type TestContext, type TestOptions, test } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    whyNot?: string;
  }
}

type Run<Body> = (name: string, ...optionsAndBody: [Body] | [TestOptions, Body]) => void;

/** `unless(whyNot).describe(…)` and `.test(…)` are vitest's own, skipped when there is a reason; '' and undefined are none. */
export function unless(whyNot: string | undefined): {
  describe: Run<() => void>;
  test: Run<(context: TestContext) => unknown>;
} {
  // A reason of the suite around stays its own.
  const skipped = whyNot ? { skip: true, meta: { whyNot } } : {};
  return {
    describe: (name, ...rest) => void describe(name, { ...optionsOf(rest), ...skipped }, bodyOf(rest)),
    test: (name, ...rest) => void test(name, { ...optionsOf(rest), ...skipped }, bodyOf(rest)),
  };
}

const optionsOf = <Body>(rest: [Body] | [TestOptions, Body]): TestOptions => (rest.length === 2 ? rest[0] : {});
const bodyOf = <Body>(rest: [Body] | [TestOptions, Body]): Body => (rest.length === 2 ? rest[1] : rest[0]);
