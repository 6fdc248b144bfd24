// Code that users bring along, wherever a part of the program can be replaced: a module by path (`./my-sink.js`) or an installed
// package by name (`some-package`), with options behind it (`?file=out.txt&limit=10`). It exports `create(options)`, which returns the
// part or a promise of it. What that part must be is the contract of its place: `Sink` of sinks/sink.ts, for one.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire, findPackageJSON } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A plugin could not be had: which one, why, what to do next. */
export class PluginError extends Error {
  override readonly name = 'PluginError';
}

export interface PluginSpec {
  /** A path or a package's name. */
  readonly module: string;
  readonly options: Readonly<Record<string, string>>;
}

/** What is asked of a plugin. */
export interface PluginContract {
  /** What it is called in messages: `sink`, `event source`. */
  readonly kind: string;
  /** Functions that the created object must have. */
  readonly methods: readonly string[];
}

const PATH = /^(?:\.{0,2}\/|file:)|\.[cm]?[jt]s(?:$|\?)/;
/** npm's rule for names, and a subpath. */
const PACKAGE = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(?:\/[^?]*)?(?:$|\?)/;

/** Whether a user's word is a path of a module, as opposed to a name. */
export const isModulePath = (text: string): boolean => PATH.test(text);
/** Whether a user's word could be the name of a package. */
export const isPackageName = (text: string): boolean => PACKAGE.test(text);

/** `./sink.js?file=x&limit=10` → the module and its options. */
export function parsePluginSpec(text: string): PluginSpec {
  const mark = text.indexOf('?');
  if (mark < 0) return { module: text, options: {} };
  return { module: text.slice(0, mark), options: Object.fromEntries(new URLSearchParams(text.slice(mark + 1))) };
}

/**
 * Loads the module and calls its `create` with the options. `from`: the folder that paths and package names are looked up from.
 * Throws PluginError.
 */
export async function loadPlugin(text: string, contract: PluginContract, from = process.cwd()): Promise<unknown> {
  const { module, options } = parsePluginSpec(text);
  const name = `the ${contract.kind} ${module}`;
  const exported = isModulePath(module)
    ? await importPath(module, name, from)
    : await importPackage(module, contract.kind, from);
  const create = exported.create ?? (exported.default as { create?: unknown } | undefined)?.create;
  if (typeof create !== 'function') {
    const names = Object.keys(exported);
    throw new PluginError(
      `${name} exports no function 'create' (it exports ${names.length === 0 ? 'nothing' : names.join(', ')})`,
    );
  }
  let made: unknown;
  try {
    made = await create(options);
  } catch (error) {
    throw new PluginError(`create() of ${name} failed: ${wordsOf(error)}`, { cause: error });
  }
  const missing = contract.methods.filter(
    (method) => typeof (made as Record<string, unknown>)?.[method] !== 'function',
  );
  if (missing.length > 0) {
    throw new PluginError(
      `what create() of ${name} returns is no ${contract.kind}: it has no function ${missing.map((m) => `'${m}'`).join(', ')}`,
    );
  }
  return made;
}

type Exports = Record<string, unknown>;

async function importPath(path: string, name: string, from: string): Promise<Exports> {
  let file = path.startsWith('file:') ? path : resolve(from, path);
  if (!file.startsWith('file:')) {
    if (!existsSync(file)) throw new PluginError(`${name} is not there: ${file} does not exist`);
    try {
      // A folder with a package in it: its "main".
      if (statSync(file).isDirectory()) file = createRequire(join(file, '/')).resolve(file);
    } catch {
      throw new PluginError(`${name} is a folder without a package in it: its package.json must have a "main"`);
    }
    file = pathToFileURL(file).href;
  }
  try {
    return (await import(file)) as Exports;
  } catch (error) {
    throw cannotLoad(name, error);
  }
}

/** Looked up from the folder `from`, then from here: for packages that are installed globally beside us. */
async function importPackage(module: string, kind: string, from: string): Promise<Exports> {
  for (const base of [pathToFileURL(join(from, 'plugin.js')).href, import.meta.url]) {
    const file = resolvePackage(module, base);
    if (file === undefined) continue;
    try {
      return (await import(pathToFileURL(file).href)) as Exports;
    } catch (error) {
      throw cannotLoad(`the ${kind} ${module}`, error);
    }
  }
  throw new PluginError(
    `there is no package '${module}' to load as ${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}: install it here (npm install ${module}), or name a file as ./FILE.js`,
  );
}

/** The file that an import of the package in the module `base` would load; undefined when it is not installed there. */
function resolvePackage(module: string, base: string): string | undefined {
  try {
    return createRequire(base).resolve(module);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') return undefined;
  }
  // It has an entry for `import` alone, which `resolve` does not look at.
  const manifest = findPackageJSON(module, base);
  if (manifest === undefined) return undefined;
  const name = module.split('/', module.startsWith('@') ? 2 : 1).join('/');
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports?: Target };
  const key = `.${module.slice(name.length)}`;
  const entry = typeof exports === 'object' && exports !== null && key in exports ? exports[key] : exports;
  const target = importTarget(entry);
  return target === undefined ? undefined : join(dirname(manifest), target);
}

type Target = string | null | { [condition: string]: Target };

/** The conditions that an `import` in Node fulfils, in the order in which the package names them. */
function importTarget(target: Target | undefined): string | undefined {
  if (typeof target === 'string') return target;
  for (const [condition, next] of Object.entries(target ?? {})) {
    if (!['node', 'import', 'default'].includes(condition)) continue;
    const found = importTarget(next);
    if (found !== undefined) return found;
  }
  return undefined;
}

function cannotLoad(name: string, error: unknown): PluginError {
  return new PluginError(`${name} cannot be loaded: ${wordsOf(error)}`, { cause: error });
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof SyntaxError ? `${error.name}: ${error.message}` : error.message;
}
