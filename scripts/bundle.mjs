// JavaScript of the published package: the command line, the library and the code of each thread, with what they share in chunks. Some
// hundred modules read one by one take longer than reading the example capture does; see docs/decisions.md.
//
// The libraries that every run needs are bundled too, with their licences beside them; those that are loaded on demand, and those with
// binaries, stay packages. `node scripts/bundle.mjs FOLDER` puts it elsewhere than into dist/.

import { copyFileSync, globSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { ROOT } from './ensure-installed.mjs';

const SOURCES = path.join(ROOT, 'src');
const OUTPUT = path.resolve(ROOT, process.argv[2] ?? 'dist');
const BUNDLED = ['commander', 'tldts', 'tldts-core', 'yaml', 'zod'];

/** 'folder/name' → path, of all modules that something outside starts with. */
function entries() {
  const files = ['index.ts', 'cli/main.ts', ...globSync('*/*-{thread,worker}.ts', { cwd: SOURCES })];
  return Object.fromEntries(files.map((file) => [file.slice(0, -'.ts'.length), path.join(SOURCES, file)]));
}

/** Name of the package that a module of node_modules belongs to. */
function packageOf(id) {
  const [, scope, name] = /^(@[^/]+\/)?([^/]+)/.exec(id) ?? [];
  return `${scope ?? ''}${name}`;
}

function isExternal(id) {
  return !id.startsWith('.') && !path.isAbsolute(id) && !BUNDLED.includes(packageOf(id));
}

/** Licences ask to go along with the code. */
function copyLicences(packages) {
  const folder = path.join(OUTPUT, 'licences');
  mkdirSync(folder, { recursive: true });
  for (const name of packages) {
    const home = path.join(ROOT, 'node_modules', name);
    const file = readdirSync(home).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${name} has no licence file to go with its bundled code`);
    copyFileSync(path.join(home, file), path.join(folder, `${name}.txt`));
  }
}

const bundle = await rolldown({
  input: entries(),
  platform: 'node',
  external: isExternal,
  optimization: { inlineConst: true },
});
const { output } = await bundle.write({
  dir: OUTPUT,
  format: 'esm',
  sourcemap: true,
  entryFileNames: '[name].js',
  // src/system/program-files.ts counts on this depth.
  chunkFileNames: 'chunks/[name]-[hash].js',
});
const marker = `${path.sep}node_modules${path.sep}`;
const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
copyLicences(new Set(modules.filter((id) => id.includes(marker)).map((id) => packageOf(id.split(marker).at(-1)))));
const { size } = new Set(modules);
console.error(
  `${path.relative(ROOT, OUTPUT)}: ${size} modules in ${output.filter((file) => file.type === 'chunk').length} files`,
);
