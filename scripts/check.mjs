// npm run check: format and lint (biome), then types (tsc, strict). `npm run check -- --write` repairs what can be repaired.

import path from 'node:path';
import { ensureInstalled, ROOT } from './ensure-installed.mjs';
import { node24, run } from './node24.mjs';

ensureInstalled();
const tool = (...parts) => path.join(ROOT, 'node_modules', ...parts);
const lint = run(node24(), [tool('@biomejs', 'biome', 'bin', 'biome'), 'check', ...process.argv.slice(2)]);
const types = run(node24(), [tool('typescript', 'bin', 'tsc'), '-p', '.']);
process.exitCode = lint || types;
