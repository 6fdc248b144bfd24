// The program that tests start: what `npm test` built from the sources of this clone, or else the sources themselves.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from './shared.ts';

const ROOT = process.env.NETSCRIBE_TESTED ?? PROJECT;

/** What users start. */
export const LAUNCHER = join(ROOT, 'bin/netscribe.js');
/** What the launcher starts, where nothing depends on how that happens. */
export const MAIN = [join(ROOT, 'src/cli/main.ts'), join(ROOT, 'dist/cli/main.js')].find(existsSync)!;
