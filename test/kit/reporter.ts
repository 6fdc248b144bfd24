// The end of every test run: why tests were skipped, which were tried twice and why, and as the very last line
// `N passed, N failed, N skipped`, for people and for scripts that read no further. A file that can not be loaded and an error outside of
// tests count as failed.

import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { hasShared } from './shared.ts';

export default class CountingReporter implements Reporter {
  #unhandled = 0;
  #modules: readonly TestModule[] = [];

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    this.#modules = modules;
    this.#unhandled = unhandled.length;
    // After the other reporters have had their say, and before vitest ends the process.
    process.once('exit', () => process.stdout.write(this.#summary()));
  }

  #summary(): string {
    let passed = 0;
    let failed = this.#unhandled;
    let skipped = 0;
    const reasons = new Map<string, number>();
    const retried: string[] = [];
    for (const module of this.#modules) {
      failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        const { retryCount = 0 } = test.diagnostic() ?? {};
        if (retryCount > 0)
          retried.push(`tried ${retryCount + 1} times, ${result.state}: ${whereAndWhy(test, module)}`);
        if (result.state === 'passed') passed++;
        else if (result.state === 'failed') failed++;
        else {
          skipped++;
          const reason = `${relative(process.cwd(), module.moduleId)}: ${whySkipped(test, module)}`;
          reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
        }
      }
    }
    const lines = [...reasons].sort().map(([reason, count]) => `skipped ${count} in ${reason}`);
    return `${[...lines, ...retried, `${passed} passed, ${failed} failed, ${skipped} skipped`].join('\n')}\n`;
  }
}

/** A test, and the first line of what was wrong at first. */
function whereAndWhy(test: TestCase, module: TestModule): string {
  const [why] = (test.result().errors?.[0]?.message ?? '').split('\n');
  return `${relative(process.cwd(), module.moduleId)} > ${test.fullName}: ${why}`;
}

function whySkipped(test: TestCase, module: TestModule): string {
  const result = test.result();
  if (result.state === 'pending') return 'did not run';
  if (result.state === 'skipped' && result.note) return result.note;
  const { whyNot } = test.meta() as { whyNot?: string };
  if (whyNot) return whyNot;
  if (!hasShared && readFileSync(module.moduleId, 'utf8').includes('hasShared')) {
    return 'the captures of ../shared are not on this machine';
  }
  return 'no reason given';
}
