// How often our code ran, from V8's precise coverage: exact, and the same on every machine however busy. Used to find inputs that reach
// new code, and to measure work without a clock. V8 leaves out blocks that ran as often as what is around them, so blocks have no
// identity from one reading to the next: everything is told by characters of the source.

import { Session } from 'node:inspector';

interface Range {
  startOffset: number;
  endOffset: number;
  count: number;
}
interface Script {
  scriptId: string;
  url: string;
  functions: { ranges: Range[] }[];
}

/** Our code, and the faults that the kit's own test plants. */
const OURS = /\/src\/(?!engine\/).*\.ts$|\/test\/fuzz\/planted\.ts$/;
/** Characters of source that make a step of work: about a statement. */
const CHARACTERS_PER_STEP = 32;

/** By function: how often each of its characters ran at most, as a power of two. */
export type Seen = Map<string, Uint8Array>;

class Counters {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Forgets what ran until now. */
  clear(): void {
    this.#post('Profiler.takePreciseCoverage');
  }

  /** Steps of our code since the last reading. */
  steps(): number {
    let characters = 0;
    this.#read((_, ranges) => {
      // Ranges come outermost first; what an inner one counts, its outer one does not.
      for (const { startOffset, endOffset, count } of ranges) characters += count * (endOffset - startOffset);
      const open: Range[] = [];
      for (const range of ranges) {
        while (open.length > 0 && open[open.length - 1].endOffset <= range.startOffset) open.pop();
        if (open.length > 0) characters -= open[open.length - 1].count * (range.endOffset - range.startOffset);
        open.push(range);
      }
    });
    return characters / CHARACTERS_PER_STEP;
  }

  /** Did a character run since the last reading that never did? */
  reachedMore(seen: Seen): boolean {
    let isNew = false;
    this.#read((name, ranges) => {
      if (isNew) return;
      const levels = seen.get(name);
      if (levels === undefined) isNew = true;
      else isNew = levelsOf(ranges).some((level, i) => level > 0 && levels[i] === 0);
    });
    return isNew;
  }

  /** Notes what ran since the last reading into `seen`. True when a character ran that never did, or twice as often as ever before. */
  note(seen: Seen): boolean {
    let isNew = false;
    this.#read((name, ranges) => {
      const now = levelsOf(ranges);
      const levels = seen.get(name);
      if (levels === undefined) {
        seen.set(name, now);
        isNew = true;
        return;
      }
      for (let i = 0; i < now.length; i++) {
        if (now[i] <= levels[i]) continue;
        levels[i] = now[i];
        isNew = true;
      }
    });
    return isNew;
  }

  #read(take: (name: string, ranges: readonly Range[]) => void): void {
    for (const { scriptId, url, functions } of this.#post<{ result: Script[] }>('Profiler.takePreciseCoverage')
      .result) {
      if (!OURS.test(url)) continue;
      for (const { ranges } of functions)
        if (ranges[0].count > 0) take(`${scriptId}:${ranges[0].startOffset}:${ranges[0].endOffset}`, ranges);
    }
  }

  #post<Result = unknown>(method: string, parameters: object = {}): Result {
    let answer: { error: Error | null; result?: Result } | undefined;
    // In the same process the answer comes before `post` returns.
    this.#session.post(method, parameters, (error, result) => {
      answer = { error, result: result as Result };
    });
    if (answer === undefined) throw new Error(`${method}: no answer`);
    if (answer.error !== null) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
    return answer.result!;
  }
}

/** How often each character of a function ran, as a power of two: the innermost range counts, and comes last. */
function levelsOf(ranges: readonly Range[]): Uint8Array {
  const { startOffset, endOffset } = ranges[0];
  const levels = new Uint8Array(endOffset - startOffset);
  for (const range of ranges)
    levels.fill(32 - Math.clz32(range.count), range.startOffset - startOffset, range.endOffset - startOffset);
  return levels;
}

/**
 * The counters of this process. They count from the moment this file is loaded and never stop: what V8 compiled before has no counters for
 * its blocks. So whoever counts imports this before anything of ours runs, in a process or thread where everything may be slower.
 */
export const counters = new Counters();
