// npm run records:docs: writes docs/records.md, the reference of all records, from their declarations. With --check it writes
// nothing and fails when the page is not what the declarations say.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { recordsPage } from './records-page.ts';

const target = fileURLToPath(new URL('../docs/records.md', import.meta.url));
const page = await recordsPage();
if (!process.argv.includes('--check')) {
  writeFileSync(target, page);
  console.error(`docs/records.md: ${page.split('\n').length} lines`);
} else if (readFileSync(target, 'utf8') !== page) {
  console.error('docs/records.md is not what the declarations say: npm run records:docs writes it anew.');
  process.exitCode = 1;
}
