// Every protocol of the registry, without a line about any of them: a share of what `npm run fuzz` does at length.

import { beforeAll, describe, expect, it } from 'vitest';
import { PROTOCOLS } from '../../src/protocols/registry.ts';
import { Random } from '../kit/generate/random.ts';
import { dictionaryOf } from './kit/dictionary.ts';
import { octetsOf, toText } from './kit/exchange.ts';
import { mutate } from './kit/mutate.ts';
import type { ProtocolTarget } from './kit/protocol-target.ts';
import { check, checkTruncations, truncated } from './kit/rules.ts';
import { withInput } from './kit/with-input.ts';
import { protocolTargets } from './targets/index.ts';

const MUTANTS = 150;
const TRUNCATIONS = 500;
/** Of long conversations the beginning will do here. */
const SEED_OCTETS = 1200;

let targets: ProtocolTarget[];
beforeAll(async () => {
  targets = await protocolTargets();
});

describe.each(PROTOCOLS.map(({ name }, i) => [name, i] as const))('%s', (_name, index) => {
  const seedsOf = (target: ProtocolTarget) => target.seeds.map((seed) => truncated(seed, SEED_OCTETS));

  it('keeps the rules on valid input, and on every beginning of it', () => {
    const target = targets[index];
    const seeds = seedsOf(target);
    for (const seed of seeds) {
      withInput(seed, () => check(target, seed));
      withInput(seed, () => checkTruncations(target, seed, Math.ceil(TRUNCATIONS / seeds.length)));
    }
    expect(seeds.reduce((sum, seed) => sum + octetsOf(seed), 0)).toBeGreaterThan(0);
  });

  it(`keeps them on ${MUTANTS} mutants`, () => {
    const target = targets[index];
    const random = new Random(index + 1);
    const seeds = seedsOf(target);
    const material = { dictionary: dictionaryOf(target.code), others: seeds };
    const different = new Set<string>();
    for (let i = 0; i < MUTANTS; i++) {
      const mutant = mutate(seeds[random.below(seeds.length)], material, random);
      different.add(toText(mutant));
      withInput(mutant, () => check(target, mutant, 2 + random.below(20)));
    }
    // Many of the same would not be many.
    expect(different.size).toBeGreaterThan(MUTANTS / 2);
  });
});
