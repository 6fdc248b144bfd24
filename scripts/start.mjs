// npm start: installs what is missing, then shows the main job on the example capture. Words after `--` go to the program
// instead: `npm start -- query …`.

import path from 'node:path';
import { ensureInstalled, ROOT } from './ensure-installed.mjs';
import { node24, run } from './node24.mjs';

ensureInstalled();
const words = process.argv.slice(2);
const job = words.length > 0 ? words : ['capture', '-r', path.join('examples', 'first-look.pcap')];
process.exitCode = run(node24(), [path.join(ROOT, 'bin', 'netscribe.js'), ...job]);
