// Lists that conditions call by name (`host in $threats`): a file each, $XDG_CONFIG_HOME/netscribe/lists/NAME.txt with an entry a line
// (XDG Base Directory Specification), and those of --define. A condition opens no file: it only chooses among the files of that folder.

import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../config/usage-error.ts';

const NAME = /^[\w-]{1,64}$/;
const SUFFIX = '.txt';

/** The lists that there are; those that `condition` does not name are left empty. Throws UsageError. */
export function namedLists(
  definitions: readonly string[],
  condition: string | undefined,
): ReadonlyMap<string, readonly string[]> {
  const folder = join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'netscribe', 'lists');
  const lists = new Map<string, readonly string[]>();
  for (const name of namesIn(folder)) {
    lists.set(name, condition?.includes(`$${name}`) === true ? entriesOf(join(folder, `${name}${SUFFIX}`)) : []);
  }
  for (const definition of definitions) {
    const equals = definition.indexOf('=');
    const name = definition.slice(0, Math.max(0, equals));
    const value = definition.slice(equals + 1);
    if (!NAME.test(name))
      throw new UsageError(`--define ${definition}: write it as internal=10.0.0.0/8,fd00::/8 or threats=@FILE`);
    lists.set(name, value.startsWith('@') ? entriesOf(value.slice(1)) : split(value, /,/));
  }
  return lists;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith(SUFFIX))
      .map((file) => file.slice(0, -SUFFIX.length))
      .filter((name) => NAME.test(name))
      .sort();
  } catch {
    return [];
  }
}

/** One entry a line; '#' and what follows is for people. */
function entriesOf(file: string): string[] {
  try {
    return split(readFileSync(file, 'utf8'), /(?:#.*)?(?:\r?\n|$)/);
  } catch (error) {
    throw new UsageError(`the list ${file} cannot be read: ${(error as Error).message}`);
  }
}

const split = (text: string, separator: RegExp): string[] =>
  text
    .split(separator)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
