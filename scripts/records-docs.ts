// npm run records:docs: writes docs/records.md, the reference of all records, and the names in docs/query.md from the declarations.
// With --check it writes nothing and fails when a page is not what the declarations say.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withQueryNames } from './query-names.ts';
import { recordsPage } from './records-page.ts';

const pathOf = (name: string) => fileURLToPath(new URL(`../docs/${name}`, import.meta.url));
const pages = [
  ['records.md', await recordsPage()],
  ['query.md', withQueryNames(readFileSync(pathOf('query.md'), 'utf8'))],
];
for (const [name, page] of pages) {
  if (!process.argv.includes('--check')) {
    writeFileSync(pathOf(name), page);
    console.error(`docs/${name}: ${page.split('\n').length} lines`);
  } else if (readFileSync(pathOf(name), 'utf8') !== page) {
    console.error(`docs/${name} is not what the declarations say: npm run records:docs writes it anew.`);
    process.exitCode = 1;
  }
}
