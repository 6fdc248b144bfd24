// The order of test files: one project after the other, because files that share a process come one after the other (a file in between would
// end it); and in each what takes longest begins first, so that no long file is left to run alone at the end.

import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that took longest when last looked at, longest first, by project. Wrong entries cost time, nothing else. */
const LONGEST = [
  'test/e2e/robustness.test.ts',
  'test/ns/daemon.test.ts',
  'test/ns/faults.test.ts',
  'test/ns/daemon-threads.test.ts',
  'test/ns/live-cut.test.ts',
  'test/tcp-state/bpf.test.ts',
  'test/sinks/postgres/postgres.test.ts',
  'test/ns/ring-flaps.test.ts',
  'test/ns/ring.test.ts',
  'test/ns/daemon-end.test.ts',
  'test/ns/ring-handover.test.ts',
  'test/tcp-state/postgres.test.ts',
  'test/tcp-state/tracefs.test.ts',
  'test/ns/tcx.test.ts',
  'test/evasion/kernel.test.ts',
  'test/ns/daemon-tcx.test.ts',
  'test/tcp-state/command.test.ts',
  'test/ns/live-options.test.ts',
  'test/tcp-state/filters.test.ts',
  'test/e2e/determinism.test.ts',
  'test/engine/ledger.test.ts',
  'test/store/rollup/choose.test.ts',
  'test/store/row-form.test.ts',
  'test/store/kill.test.ts',
  'test/sinks/determinism.test.ts',
  'test/sinks/parquet.test.ts',
  'test/cli/query.test.ts',
  'test/cli/capture.test.ts',
  'test/engine/determinism.test.ts',
  'test/store/parquet/read.test.ts',
  'test/store/parquet/parquet.test.ts',
  'test/query/condition.test.ts',
  'test/query/transaction-sums.test.ts',
  'test/query/sums.test.ts',
];

export class Sequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // Alone it knows how long files took in the last run, or at least how big they are.
    const sorted = await super.sort(files);
    const { root } = this.ctx.config;
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.indexOf(relative(root, moduleId));
      return at < 0 ? LONGEST.length : at;
    };
    const { projects } = this.ctx;
    const group = ({ project }: TestSpecification): number => projects.indexOf(project);
    return sorted.toSorted((a, b) => group(a) - group(b) || rank(a) - rank(b));
  }
}
