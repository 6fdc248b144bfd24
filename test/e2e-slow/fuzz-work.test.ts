// Work of every protocol grows with its input, not with the square of it: counted, see test/fuzz/kit/work.ts. And the kit's own counting.
// Counting makes everything several times slower, so this is no part of the quick suite; `npm run fuzz` does it too.

// First: it counts what is compiled behind it.
import '../fuzz/kit/counters.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import { PROTOCOLS } from '../../src/protocols/registry.ts';
import { exchange, toText } from '../fuzz/kit/exchange.ts';
import { Explorer } from '../fuzz/kit/explorer.ts';
import { randomPlaces } from '../fuzz/kit/places.ts';
import type { ProtocolTarget } from '../fuzz/kit/protocol-target.ts';
import { QUICK } from '../fuzz/kit/target.ts';
import { checkLinear, floodsOf } from '../fuzz/kit/work.ts';
import { PlantedTarget } from '../fuzz/planted.ts';
import { protocolTargets } from '../fuzz/targets/index.ts';
import { Random } from '../kit/generate/random.ts';

const FLOODS = 2;
const FLOOD_OCTETS = 1024;

let targets: ProtocolTarget[];
beforeAll(async () => {
  targets = await protocolTargets();
});

describe('work grows with the input, not with its square', () => {
  it.each(PROTOCOLS.map(({ name }, i) => [name, i] as const))('%s', (_name, index) => {
    const target = targets[index];
    const random = new Random(index + 1);
    const seeds = target.seeds.filter(({ steps }) => steps.length > 0);
    for (let i = 0; i < FLOODS; i++) {
      const seed = seeds[random.below(seeds.length)];
      for (const flood of floodsOf(seed, randomPlaces(seed, 1, random))) {
        expect(() => checkLinear(target, flood, FLOOD_OCTETS, QUICK)).not.toThrow();
        if (seed.transport === 'tcp')
          expect(() => checkLinear(target, flood, FLOOD_OCTETS / 4, { ...QUICK, piece: 1 })).not.toThrow();
      }
    }
  });

  it.each([
    ['a first line', 'DELETE /i', 8],
    ['lines that are none', 'x\nDELETE /i', 1],
    ['words that are none', 'no method', 3],
  ])('%s that comes byte by byte', (_, text, at) => {
    const target = targets.find(({ name }) => name === 'http')!;
    const input = exchange('tcp', [0, new Uint8Array(Buffer.from(text))]);
    for (const length of [1, 2])
      for (const flood of floodsOf(input, [[0, at, length]]))
        expect(() => checkLinear(target, flood, FLOOD_OCTETS, { ...QUICK, piece: 1 })).not.toThrow();
  });

  it('and where it does not, that is found', () => {
    const bug = exchange('tcp', [0, new Uint8Array(Buffer.from('BUG and more of it'))]);
    const flood = floodsOf(bug, [[0, 3, 4]])[1];
    expect(() => checkLinear(new PlantedTarget('copies'), flood, 1024)).toThrow(/^linear work/);
    expect(() => checkLinear(new PlantedTarget('loops'), flood, 1024)).toThrow(/^linear work/);
    expect(() => checkLinear(new PlantedTarget('forget'), flood, 1024)).not.toThrow();
  });
});

it('coverage leads to what chance would not find', () => {
  // Three bytes of one value each at the very beginning.
  const explorer = new Explorer(new PlantedTarget('throw'), { seed: 1 });
  expect(explorer.explore(300_000, { stopAtFinding: true }).found).toHaveLength(1);
  expect(toText(explorer.found[0].exchange)).toBe('tcp\n> 425547\n');
});
