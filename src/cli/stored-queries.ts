// Queries kept by name, one JSON file each: $XDG_CONFIG_HOME/netscribe/queries/NAME.json (XDG Base Directory Specification).

import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { nearest } from '../config/nearest.ts';
import { UsageError } from '../config/usage-error.ts';
import { readStoredQuery, type StoredQuery, storedQueryText } from '../query/query.ts';

const NAME = /^[\w][\w.-]{0,63}$/;

const folder = (): string => join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'netscribe', 'queries');

/** Names of the kept queries. */
export function storedNames(): string[] {
  try {
    return readdirSync(folder())
      .filter((file) => file.endsWith('.json'))
      .map((file) => file.slice(0, -'.json'.length))
      .sort();
  } catch {
    return [];
  }
}

/** Keeps a query; an earlier one of the name is replaced. Returns the file. Throws UsageError. */
export function storeQuery(name: string, query: StoredQuery): string {
  if (!NAME.test(name))
    throw new UsageError(
      `--save ${name}: a name has letters, digits, '.', '_' and '-' and begins with a letter or digit`,
    );
  const path = join(folder(), `${name}.json`);
  try {
    mkdirSync(folder(), { recursive: true });
    writeFileSync(`${path}.new`, storedQueryText(query));
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new UsageError(`--save ${name}: ${(error as Error).message}`);
  }
  return path;
}

/** A query by its name, from a file (a path with a slash or .json), or from standard input (`-`). Throws UsageError. */
export function loadQuery(place: string): StoredQuery {
  if (place === '-') return parse(readFileSync(0, 'utf8'), 'standard input');
  const isFile = place.includes('/') || place.endsWith('.json');
  if (!isFile && !NAME.test(place)) throw new UsageError(`--stored-query ${place}: this is no name of a query`);
  const path = isFile ? place : join(folder(), `${place}.json`);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isFile || (error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new UsageError(`the stored query ${place} cannot be read: ${(error as Error).message}`);
    const names = storedNames();
    const guess = nearest(place, names);
    throw new UsageError(
      `there is no stored query '${place}'${guess === undefined ? '' : `: did you mean '${guess}'?`} (${names.length === 0 ? 'none is stored: --save NAME does' : `there are ${names.join(', ')}`})`,
    );
  }
  return parse(text, path);
}

function parse(text: string, place: string): StoredQuery {
  try {
    return readStoredQuery(text);
  } catch (error) {
    throw new UsageError(`${place}: ${(error as Error).message}`);
  }
}
