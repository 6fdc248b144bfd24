// The program that tests start, some hundred times: laid out as the published package is, because code in few files starts in half of
// the time that the sources take (docs/decisions.md). `npm test` makes it anew when the sources are newer.

import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './ensure-installed.mjs';
import { node24, run } from './node24.mjs';

const PACKAGE = path.join(ROOT, '.cache', 'tested-package');
const WHAT_IT_IS_MADE_OF = ['src', 'bin/netscribe.js', 'scripts/bundle.mjs', 'package-lock.json'];

/** Its root, for test/kit/program.ts; undefined when it can not be made: a source that is wrong fails tests, not the run. */
export function testedPackage() {
  const launcher = path.join(PACKAGE, 'bin', 'netscribe.js');
  const parts = WHAT_IT_IS_MADE_OF.map((name) => path.join(ROOT, name));
  if (timeOf(launcher) > Math.max(...parts.map(newestIn))) return PACKAGE;
  rmSync(PACKAGE, { recursive: true, force: true });
  mkdirSync(path.dirname(launcher), { recursive: true });
  symlinkSync(path.join(ROOT, 'bpf'), path.join(PACKAGE, 'bpf'));
  if (run(node24(), ['scripts/bundle.mjs', path.join(PACKAGE, 'dist')]) !== 0) return undefined;
  // Last: with it, all is there.
  copyFileSync(path.join(ROOT, 'bin', 'netscribe.js'), launcher);
  return PACKAGE;
}

/** Time of the youngest file or folder: a folder changes when files come and go. */
function newestIn(place) {
  const inside = statSync(place).isDirectory() ? readdirSync(place, { recursive: true }) : [];
  return Math.max(timeOf(place), ...inside.map((name) => timeOf(path.join(place, name))));
}

function timeOf(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
