// Runs one of our TypeScript programs on Node 24: `node scripts/run.mjs bench/main.ts …`.

import { ensureInstalled } from './ensure-installed.mjs';
import { node24, run } from './node24.mjs';

ensureInstalled();
process.exitCode = run(node24(), process.argv.slice(2));
