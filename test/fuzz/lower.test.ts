// What protocols stand on: the readers of captures, the decoders, fragments, TCP streams. A share of what `npm run fuzz` does at length.

import { describe, expect, it } from 'vitest';
import { Random } from '../kit/generate/random.ts';
import { dictionaryOf } from './kit/dictionary.ts';
import { toText } from './kit/exchange.ts';
import { mutate } from './kit/mutate.ts';
import { check, checkTruncations } from './kit/rules.ts';
import { withInput } from './kit/with-input.ts';
import { lowerTargets } from './targets/index.ts';

const MUTANTS = 600;
const TRUNCATIONS = 1500;

describe.each(lowerTargets().map((target, i) => [target.name, target, i] as const))('%s', (_name, target, index) => {
  it('keeps the rules on valid input, and on every beginning of it', () => {
    for (const seed of target.seeds) {
      withInput(seed, () => expect(check(target, seed).items).toBeGreaterThanOrEqual(0));
      withInput(seed, () => checkTruncations(target, seed, Math.ceil(TRUNCATIONS / target.seeds.length)));
    }
  });
  it(`keeps them on ${MUTANTS} mutants`, () => {
    const random = new Random(index + 100);
    const material = { dictionary: dictionaryOf(target.code), others: target.seeds };
    const different = new Set<string>();
    for (let i = 0; i < MUTANTS; i++) {
      const mutant = mutate(target.seeds[random.below(target.seeds.length)], material, random);
      different.add(toText(mutant));
      withInput(mutant, () => check(target, mutant, 2 + random.below(20)));
    }
    // Many of the same would not be many.
    expect(different.size).toBeGreaterThan(MUTANTS / 2);
  });
});
