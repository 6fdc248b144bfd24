// The coverage-guided loop: mutants of inputs that reached code which nothing before them did. Coverage is read for many mutants at once,
// because reading costs more than running; when a batch shows something new, its mutants are run again one by one.

import { Random } from '../../kit/generate/random.ts';
import { counters, type Seen } from './counters.ts';
import { dictionaryOf } from './dictionary.ts';
import { type Exchange, octetsOf, toText } from './exchange.ts';
import { minimise } from './minimise.ts';
import { mutate } from './mutate.ts';
import { randomPlaces } from './places.ts';
import { check, runOnce } from './rules.ts';
import { Finding, QUICK, type Target } from './target.ts';
import { checkLinear, type Flood, floodsOf } from './work.ts';

const BATCH = 64;
const FEW = 8;
/** Every so many mutants all rules are checked, and for each that reaches something new; the others must only run through. */
const CHECK_EVERY = 8;
const MAX_CORPUS = 2000;

export interface Found {
  readonly target: string;
  readonly message: string;
  readonly exchange: Exchange;
}

export interface ExplorerOptions {
  seed: number;
  /** Inputs of earlier runs. */
  corpus?: readonly Exchange[];
  /** Told of each input before it runs, so that one that never ends is known. */
  before?: (exchange: Exchange) => void;
}

export class Explorer {
  readonly target: Target;
  /** Inputs that reached something new, in the order they were found. */
  readonly corpus: Exchange[] = [];
  readonly found: Found[] = [];
  executed = 0;
  readonly #random: Random;
  readonly #dictionary: readonly Uint8Array[];
  readonly #before: (exchange: Exchange) => void;
  /** What ran, and how often for one input at most: a loop that runs longer is something new too. */
  readonly #seen: Seen = new Map();
  readonly #places = new Set<string>();

  constructor(target: Target, { seed, corpus = [], before = () => undefined }: ExplorerOptions) {
    this.target = target;
    this.#random = new Random(seed);
    this.#dictionary = dictionaryOf(target.code);
    this.#before = before;
    for (const exchange of [...target.seeds, ...corpus]) this.#try(exchange, true);
    if (this.corpus.length === 0) this.corpus.push(...target.seeds);
  }

  /** Characters of source that ran. */
  get reached(): number {
    let sum = 0;
    for (const levels of this.#seen.values()) for (const level of levels) if (level > 0) sum++;
    return sum;
  }

  /** Runs so many mutants. */
  explore(mutants: number, { stopAtFinding = false } = {}): Explorer {
    for (let done = 0; done < mutants && !(stopAtFinding && this.found.length > 0); done += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, mutants - done) }, () => this.#mutant());
      counters.clear();
      for (const [i, exchange] of batch.entries()) this.#run(exchange, i % CHECK_EVERY === 0);
      if (counters.reachedMore(this.#seen)) this.#sift(batch);
    }
    return this;
  }

  /** Blows up `rounds` inputs and looks whether the work grows faster than they do. */
  flood(rounds: number, octets: number): Explorer {
    const inputs = this.corpus.filter(({ steps }) => steps.length > 0);
    for (let i = 0; i < rounds && inputs.length > 0; i++) {
      const input = inputs[this.#random.below(inputs.length)];
      for (const flood of floodsOf(input, randomPlaces(input, 1, this.#random))) {
        const pieces = this.target.isCuttable(input) ? [0, 1] : [0];
        for (const piece of pieces) this.#flood(flood, piece === 0 ? octets : octets / 8, piece);
      }
    }
    return this;
  }

  #flood(flood: Flood, octets: number, piece: number): void {
    const example = flood(octets);
    this.#before(example);
    this.executed += 3;
    try {
      checkLinear(this.target, flood, octets, { ...QUICK, piece });
    } catch (error) {
      const place = placeOf(error);
      if (this.#places.has(place)) return;
      this.#places.add(place);
      this.found.push({ target: this.target.name, message: messageOf(error), exchange: flood(64) });
    }
  }

  #mutant(): Exchange {
    const { corpus } = this;
    // The newest inputs know most.
    const at = Math.max(this.#random.below(corpus.length), this.#random.below(corpus.length));
    return mutate(corpus[at], { dictionary: this.#dictionary, others: corpus }, this.#random);
  }

  /** Which of a batch reached something new? Asked for a few at once first. */
  #sift(batch: readonly Exchange[]): void {
    for (let at = 0; at < batch.length; at += FEW) {
      const few = batch.slice(at, at + FEW);
      counters.clear();
      for (const exchange of few) this.#run(exchange, false);
      if (counters.reachedMore(this.#seen)) for (const exchange of few) this.#try(exchange, false);
    }
  }

  /** Alone, with its own coverage: kept when it reaches something new. */
  #try(exchange: Exchange, isSeed: boolean): void {
    counters.clear();
    if (!this.#run(exchange, false)) return;
    if (!counters.note(this.#seen) && !isSeed) return;
    if (this.corpus.length < MAX_CORPUS) this.corpus.push(exchange);
    this.#run(exchange, true);
  }

  /** False when a rule was broken. */
  #run(exchange: Exchange, allRules: boolean): boolean {
    this.executed++;
    this.#before(exchange);
    try {
      if (allRules) check(this.target, exchange, 2 + this.#random.below(30));
      else runOnce(this.target, exchange, QUICK);
      return true;
    } catch (error) {
      this.#report(exchange, error);
      return false;
    }
  }

  #report(exchange: Exchange, error: unknown): void {
    const place = placeOf(error);
    if (this.#places.has(place)) return;
    this.#places.add(place);
    const small = minimise(exchange, (candidate) => {
      this.#before(candidate);
      try {
        check(this.target, candidate);
      } catch (failure) {
        return failure;
      }
      return undefined;
    });
    this.found.push({ target: this.target.name, message: messageOf(error), exchange: small });
  }
}

function placeOf(error: unknown): string {
  if (error instanceof Finding) return `${error.rule} ${error.message.replace(/\d+/g, '').slice(0, 60)}`;
  const stack = error instanceof Error ? (error.stack ?? '') : String(error);
  return stack.split('\n').find((line) => /\/src\/|planted/.test(line)) ?? stack.slice(0, 200);
}

function messageOf(error: unknown): string {
  if (error instanceof Finding) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The inputs of a corpus that together reach what all of it reaches, the smallest first. */
export function essential(target: Target, corpus: readonly Exchange[]): Exchange[] {
  const seen: Seen = new Map();
  const kept: Exchange[] = [];
  for (const exchange of corpus.toSorted((a, b) => octetsOf(a) - octetsOf(b) || (toText(a) < toText(b) ? -1 : 1))) {
    counters.clear();
    runOnce(target, exchange);
    if (!counters.reachedMore(seen)) continue;
    kept.push(exchange);
    runOnce(target, exchange);
    counters.note(seen);
  }
  return kept;
}
