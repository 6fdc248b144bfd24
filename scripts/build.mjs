// npm run build: src/ (TypeScript) → dist/ (JavaScript, types and manual pages), which is what the published package holds.

import { chmodSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ensureInstalled, ROOT } from './ensure-installed.mjs';
import { node24, run } from './node24.mjs';

ensureInstalled();
rmSync(path.join(ROOT, 'dist'), { recursive: true, force: true });
const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
process.exitCode =
  run(node24(), [tsc, '-p', 'tsconfig.build.json']) ||
  run(node24(), ['scripts/bundle.mjs']) ||
  run(node24(), ['scripts/man.ts']);
chmodSync(path.join(ROOT, 'bin', 'netscribe.js'), 0o755);
