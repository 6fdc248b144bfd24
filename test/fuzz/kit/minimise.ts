// A failing exchange made small: steps, then blocks of bytes are left out as long as the same rule stays broken.

import type { Exchange, Step } from './exchange.ts';
import { Finding } from './target.ts';

const MAX_TRIES = 4000;

export function minimise(exchange: Exchange, fails: (exchange: Exchange) => unknown): Exchange {
  const wanted = signature(fails(exchange));
  let best = exchange;
  let tries = 0;
  const attempt = (steps: readonly Step[]): boolean => {
    const candidate = { transport: exchange.transport, steps };
    if (tries++ > MAX_TRIES || signature(fails(candidate)) !== wanted) return false;
    best = candidate;
    return true;
  };
  for (let i = 0; i < best.steps.length; ) if (!attempt(best.steps.toSpliced(i, 1))) i++;
  for (let i = 0; i < best.steps.length; i++) {
    for (let size = best.steps[i].bytes.length; size >= 1; size = Math.floor(size / 2)) {
      for (let at = 0; at < best.steps[i].bytes.length; ) {
        const step = best.steps[i];
        const rest = Buffer.concat([step.bytes.subarray(0, at), step.bytes.subarray(at + size)]);
        if (!attempt(best.steps.with(i, { ...step, bytes: new Uint8Array(rest) }))) at += size;
      }
    }
  }
  return best;
}

/** Two failures are the same when they break the same rule, or are thrown at the same place. */
function signature(failure: unknown): string {
  if (failure instanceof Finding) return failure.rule;
  if (!(failure instanceof Error)) return '';
  const frame = failure.stack?.split('\n').find((line) => line.includes('/src/')) ?? '';
  return `${failure.name} ${frame.trim()}`;
}
