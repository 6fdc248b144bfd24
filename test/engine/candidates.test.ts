// Which protocols are asked first.

import { expect, test } from 'vitest';
import type { Enabled } from '../../src/engine/candidates.ts';
import { Candidates } from '../../src/engine/candidates.ts';

const enabled = (...ports: number[]) => ({ ports: new Set(ports) }) as unknown as Enabled;

test('those first that have one of the ports, then the others, each in its order', () => {
  const [none, web, names, both] = [enabled(), enabled(80, 8080), enabled(53), enabled(53, 80)];
  const candidates = new Candidates([none, web, names, both]);
  expect(candidates.between(40_000, 50_000)).toEqual({ all: [none, web, names, both], hinted: 0 });
  expect(candidates.between(40_000, 8080)).toEqual({ all: [web, none, names, both], hinted: 1 });
  expect(candidates.between(53, 40_000)).toEqual({ all: [names, both, none, web], hinted: 2 });
  expect(candidates.between(53, 8080)).toEqual({ all: [web, names, both, none], hinted: 3 });
  expect(candidates.between(8080, 53)).toEqual({ all: [web, names, both, none], hinted: 3 });
});
