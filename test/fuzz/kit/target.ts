// What can be fuzzed: something that takes an exchange and tells what came of it. A target throws when a rule is broken that it can see
// by itself; rules that need several runs (determinism, cuts) are checked from outside, see `rules.ts`.

import type { Exchange } from './exchange.ts';

export interface Outcome {
  /** What came out, as text: equal outcomes have equal texts. */
  readonly text: string;
  /** Records, packets, deliveries, or what else the target counts. */
  readonly items: number;
  /** Where pieces were cut may show in it. */
  readonly dependsOnCut?: boolean;
}

/** How the same exchange may be fed. */
export interface Feeding {
  /** Stream bytes come in pieces of so many octets; 0: as the steps are. */
  readonly piece: number;
  /** What the bytes around the input are filled with: they must not matter. */
  readonly canary: number;
  /** What costs more than the parser may be left out: reading again what was written. */
  readonly isQuick?: boolean;
}
export const WHOLE: Feeding = { piece: 0, canary: 0 };
export const QUICK: Feeding = { ...WHOLE, isQuick: true };

export interface Target {
  readonly name: string;
  /** Paths of the code under test, from the project's root: where coverage and work are counted and constants are found. */
  readonly code: readonly string[];
  /** Input to start from: most of it valid. */
  readonly seeds: readonly Exchange[];
  /** Must the outcome be the same however the steps' bytes are cut? */
  isCuttable(exchange: Exchange): boolean;
  /** Throws when a rule is broken. */
  run(exchange: Exchange, feeding: Feeding): Outcome;
}

/** A broken rule. */
export class Finding extends Error {
  readonly rule: string;
  constructor(rule: string, detail: string) {
    super(`${rule}: ${detail}`);
    this.rule = rule;
  }
}
