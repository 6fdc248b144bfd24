// The architecture as imports: docs/architecture.md says who may know whom, and this test reads every import of src/.
// Imports of types alone vanish at run time: they may point anywhere, but not in circles.

import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT } from '../kit/shared.ts';

/** `import … from '…'`, `export … from '…'`, `import '…'` at the start of a line; the names in between have no quotes. */
const STATEMENT = /^(?:import|export)\s+(?:([^'";]*?)\s+from\s+)?'([^']+)'/gm;
/** `import('…')`, `require('…')` and the file of a worker, which is an import too: `new URL('./…', import.meta.url)`. */
const DYNAMIC = /\b(?:import|require|new URL)\(\s*'([^']+)'/g;

interface Import {
  from: string;
  /** A file of src/, or a package's name. */
  to: string;
  /** Runs when the importing file is loaded, so that it can be part of a cycle. */
  isStatic: boolean;
}

/** All of `text`'s imports that exist at run time; with `types`, the others too. */
function importsOf(from: string, text: string, types = false): Import[] {
  const found: Import[] = [];
  const add = (specifier: string, isStatic: boolean) => {
    if (specifier.startsWith('node:')) return;
    const isOurs = specifier.startsWith('.');
    found.push({ from, to: isOurs ? posix.join(posix.dirname(from), specifier) : specifier, isStatic });
  };
  for (const [, names, specifier] of text.matchAll(STATEMENT)) if (types || !isTypeOnly(names)) add(specifier, true);
  const code = text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '');
  for (const [, specifier] of code.matchAll(DYNAMIC)) add(specifier, false);
  return found;
}

/** `type { A }`, or `{ type A, type B }`. */
function isTypeOnly(names: string | undefined): boolean {
  if (names === undefined) return false;
  if (/^type\s/.test(names)) return true;
  const listed = names.match(/^\{([\s\S]*)\}$/);
  if (listed === null) return false;
  const each = listed[1].split(',').filter((name) => name.trim() !== '');
  return each.length > 0 && each.every((name) => /^\s*type\s/.test(name));
}

const FILES = readdirSync(`${PROJECT}src`, { recursive: true, encoding: 'utf8' })
  .map((name) => `src/${name.replaceAll('\\', '/')}`)
  .filter((name) => name.endsWith('.ts'))
  .sort();
const IMPORTS = FILES.flatMap((file) => importsOf(file, readFileSync(PROJECT + file, 'utf8')));
const WITH_TYPES = FILES.flatMap((file) => importsOf(file, readFileSync(PROJECT + file, 'utf8'), true));

/** `wire` of `src/wire/ipv4.ts`; a file right in src/ is its own folder. */
const folderOf = (file: string): string => file.split('/')[1];
const isOurs = (to: string): boolean => to.startsWith('src/');
const isPackage = (to: string, name: string): boolean => to === name || to.startsWith(`${name}/`);

/** Imports that break a rule, as lines to read. */
function breaking(rule: (i: Import, from: string, to: string) => boolean): string[] {
  return IMPORTS.filter((i) => rule(i, folderOf(i.from), isOurs(i.to) ? folderOf(i.to) : '')).map(
    (i) => `${i.from} imports ${i.to}`,
  );
}

test('reads import statements', () => {
  const text = [
    "import { a } from './a.ts';",
    "import type { B } from './b.ts';",
    "import { type C, type D } from './c.ts';",
    "import {\n  type E,\n  e,\n} from '../e/e.ts';",
    "export * from './f.ts';",
    "export type { G } from './g.ts';",
    "import './h.ts';",
    "import fs from 'node:fs';",
    "import koffi from 'koffi';",
    "// import('./never.ts')",
    "const i = await import('./i.ts');",
    "export const text = 'from here';",
  ].join('\n');
  const to = importsOf('src/x/x.ts', text).map((i) => `${i.to}${i.isStatic ? '' : ' later'}`);
  expect(to).toEqual(['src/x/a.ts', 'src/e/e.ts', 'src/x/f.ts', 'src/x/h.ts', 'koffi', 'src/x/i.ts later']);
});

test('finds cycles', () => {
  const chain = (...files: string[]) => files.slice(1).map((to, i) => ({ from: files[i], to, isStatic: true }));
  expect(cycles([...chain('a', 'b', 'c', 'd'), ...chain('a', 'd')])).toEqual([]);
  expect(cycles([...chain('a', 'b', 'c', 'b'), ...chain('d', 'd')])).toEqual(['b ⇄ c', 'd']);
});

test('finds the imports of src/', () => {
  expect(FILES.length).toBeGreaterThan(100);
  expect(IMPORTS.length).toBeGreaterThan(300);
});

test('no cycles, of types neither, and none through what is loaded later', () => {
  expect(cycles(WITH_TYPES)).toEqual([]);
});

test('wire knows nothing outside of wire', () => {
  expect(breaking((_, from, to) => from === 'wire' && to !== 'wire')).toEqual([]);
});

test('records know only records of ours, and the version that they carry', () => {
  const allowed = (path: string) => path.endsWith('version.ts');
  expect(breaking((i, from, to) => from === 'records' && isOurs(i.to) && to !== 'records' && !allowed(i.to))).toEqual(
    [],
  );
});

test('protocols know nothing of what comes after them', () => {
  const after = ['sinks', 'store', 'query', 'engine', 'cli'];
  expect(breaking((_, from, to) => from === 'protocols' && after.includes(to))).toEqual([]);
});

test('sinks know records, where these are stored, and what a packet is; plugins nothing of ours', () => {
  const known = ['sinks', 'records', 'store', 'log', 'plugins'];
  const allowed = (path: string) =>
    path.endsWith('version.ts') || ['src/sources/source.ts', 'src/system/program-files.ts'].includes(path);
  expect(breaking((i, from, to) => from === 'sinks' && isOurs(i.to) && !known.includes(to) && !allowed(i.to))).toEqual(
    [],
  );
  expect(breaking((i, from, to) => from === 'plugins' && isOurs(i.to) && to !== 'plugins')).toEqual([]);
});

test('flow does not know the engine', () => {
  expect(breaking((_, from, to) => from === 'flow' && to === 'engine')).toEqual([]);
});

test('the capture manager knows nothing of what analyses, stores and shows', () => {
  const after = ['engine', 'sinks', 'store', 'query', 'config', 'api', 'cli'];
  expect(breaking((_, from, to) => from === 'capture' && after.includes(to))).toEqual([]);
});

test('only system calls C', () => {
  expect(breaking((i, from) => isPackage(i.to, 'koffi') && from !== 'system')).toEqual([]);
});

test('only store and query know DuckDB', () => {
  expect(breaking((i, from) => isPackage(i.to, '@duckdb/node-api') && from !== 'store' && from !== 'query')).toEqual(
    [],
  );
});

test('only commands know the daemon and its API', () => {
  const serving = ['daemon', 'api'];
  expect(breaking((_, from, to) => serving.includes(to) && !serving.includes(from) && from !== 'cli')).toEqual([]);
});

test('the daemon does not know who serves it', () => {
  expect(breaking((_, from, to) => from === 'daemon' && to === 'api')).toEqual([]);
});

test('nothing imports a command', () => {
  expect(breaking((_, from, to) => to === 'cli' && from !== 'cli')).toEqual([]);
});

/** Every file that takes part in a cycle, one line for each knot of files that reach each other. */
function cycles(imports: readonly Import[]): string[] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to]);
  const files = [...targets.keys()].sort();
  const reach = new Map(files.map((file) => [file, reachable(file, targets)]));
  const knots = files
    .filter((file) => reach.get(file)?.has(file))
    .map((file) => files.filter((other) => reach.get(file)?.has(other) && reach.get(other)?.has(file)).join(' ⇄ '));
  return [...new Set(knots)];
}

/** Files that `file` imports, directly or not; itself only when it is in a cycle. */
function reachable(file: string, targets: ReadonlyMap<string, readonly string[]>): Set<string> {
  const seen = new Set<string>();
  const waiting = [file];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const to of targets.get(next) ?? []) {
      if (seen.has(to)) continue;
      seen.add(to);
      waiting.push(to);
    }
  }
  return seen;
}
