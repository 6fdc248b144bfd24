import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withQueryNames } from '../scripts/query-names.ts';
import { recordsPage } from '../scripts/records-page.ts';
import { PROJECT } from './kit/shared.ts';

describe('docs/records.md', () => {
  it('is what the declarations say (npm run records:docs writes it)', async () => {
    expect(readFileSync(`${PROJECT}docs/records.md`, 'utf8')).toBe(await recordsPage());
  });
});

describe('docs/query.md', () => {
  it('has the names that the code has (npm run records:docs writes them)', () => {
    const page = readFileSync(`${PROJECT}docs/query.md`, 'utf8');
    expect(page).toBe(withQueryNames(page));
  });
});
