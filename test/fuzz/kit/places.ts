// Where floods begin: a step, an offset in it, and how much of it is repeated.

import type { Random } from '../../kit/generate/random.ts';
import type { Exchange } from './exchange.ts';

const SMALL_BLOCK = 8;
const LARGE_BLOCK = 64;

export function randomPlaces({ steps }: Exchange, count: number, random: Random): [number, number, number][] {
  return Array.from({ length: count }, () => {
    const index = random.below(steps.length);
    const { length } = steps[index].bytes;
    return [index, random.below(length + 1), 1 + random.below(random.chance(0.5) ? SMALL_BLOCK : LARGE_BLOCK)];
  });
}
