// npm test: installs what is missing, then runs the suite on Node 24. The last line counts: `N passed, N failed, N skipped`.
// Words after `--` go to vitest (`npm test -- test/wire`); NETSCRIBE_TEST=full adds the slow suites.

import path from 'node:path';
import { ensureInstalled, ROOT } from './ensure-installed.mjs';
import { node24, run } from './node24.mjs';
import { testedPackage } from './tested-package.mjs';

ensureInstalled();
const vitest = path.join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
// Colours are for terminals: without this, vitest writes them into log files too.
const colours = process.stdout.isTTY || process.env.FORCE_COLOR !== undefined ? {} : { NO_COLOR: '1' };
// Tests start our program some hundred times: half of what a start costs is compiling it.
const cache = { NODE_COMPILE_CACHE: path.join(ROOT, 'node_modules', '.cache', 'netscribe-test') };
const built = testedPackage();
const tested = built === undefined ? {} : { NETSCRIBE_TESTED: built };
process.exitCode = run(node24(), [vitest, 'run', ...process.argv.slice(2)], { ...cache, ...colours, ...tested });
