// The secret of tables that are asked by address: new in every process, so that nobody outside can choose addresses that collide.

import { randomFillSync } from 'node:crypto';

export function newSalts(): [number, number] {
  const words = randomFillSync(new Int32Array(2));
  return [words[0], words[1]];
}
