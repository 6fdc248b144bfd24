import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { evasionPage } from '../../scripts/evasion-page.ts';
import { TCP_EVENT_NAMES } from '../../src/flow/tcp-events.ts';
import { VECTORS } from '../kit/generate/evasion/vectors.ts';
import { PROJECT } from '../kit/shared.ts';

describe('docs/evasion.md', () => {
  it('is what the vectors say (npm run evasion:docs writes it)', () => {
    expect(readFileSync(`${PROJECT}docs/evasion.md`, 'utf8')).toBe(evasionPage());
  });
  it('has all 53 vectors; T7 is a test of its own', () => {
    const numbers = new Set(VECTORS.map(({ id }) => id.replace(/[a-z]$/, '')));
    const expected = Object.entries({ I: 14, T: 8, H: 9, R: 8, V: 14 }).flatMap(([letter, n]) =>
      Array.from({ length: n }, (_, i) => `${letter}${i + 1}`),
    );
    expect([...numbers, 'T7'].sort()).toEqual(expected.sort());
  });
  it('numbers events by bits of one word', () => {
    expect(TCP_EVENT_NAMES.length).toBeLessThanOrEqual(31);
  });
});
