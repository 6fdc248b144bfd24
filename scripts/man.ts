// npm run man: writes the manual pages into dist/man and their names into package.json, where npm looks for them (it links those
// of global installations).

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { manualPages } from '../src/cli/manual.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'dist/man');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const pages = await manualPages();
for (const [name, page] of pages) writeFileSync(join(folder, name), page);

const path = join(root, 'package.json');
const before = readFileSync(path, 'utf8');
const manifest = JSON.parse(before);
manifest.man = [...pages.keys()].map((name) => `./dist/man/${name}`);
const after = `${JSON.stringify(manifest, undefined, 2)}\n`;
if (after !== before) writeFileSync(path, after);
console.error(`dist/man: ${pages.size} pages`);
