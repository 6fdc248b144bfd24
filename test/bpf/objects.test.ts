// The committed BPF objects are what their sources compile to, as far as the compiler at hand can tell.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checksum, clangVersion, compile, objectOf, recorded, sources } from '../../scripts/build-bpf.ts';
import { PROJECT } from '../kit/shared.ts';

it('committed objects have the checksums that are written down', () => {
  const { sums } = recorded();
  expect([...sums.keys()].sort()).toEqual(sources().map(objectOf).sort());
  for (const [object, sum] of sums) expect(checksum(PROJECT + object), object).toBe(sum);
});

it('the sources compile to the committed objects', (context) => {
  const version = clangVersion();
  if (version === undefined) return context.skip('clang is not installed here');
  const folder = mkdtempSync(join(tmpdir(), 'netscribe-bpf-'));
  try {
    const built = join(folder, 'built.o');
    const { compiler, sums } = recorded();
    for (const source of sources()) {
      compile(source, built);
      // Another compiler may choose other instructions: then it is enough that it compiles without a warning.
      if (version === compiler) expect(checksum(built), source).toBe(sums.get(objectOf(source)));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
