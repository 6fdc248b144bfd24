// Imports of the same files that a store keeps beside the new one: other options or contents make another import, and answers count both.

import { StoreSink } from '../sinks/store.ts';
import { readManifest } from '../store/manifest.ts';
import { grouped } from './figures.ts';

/** What to say of each store that was written; nothing where the import is the only one of these files. */
export function otherImports(sinks: readonly unknown[], inputs: readonly string[]): string[] {
  // Of standard input there is no name to tell by.
  if (inputs.includes('-')) return [];
  const wanted = JSON.stringify(inputs);
  const directories = sinks.filter((sink) => sink instanceof StoreSink).map(({ directory }) => directory);
  return directories.flatMap((directory) => {
    const { imports } = readManifest(directory);
    const same = Object.values(imports).filter(({ meta }) => JSON.stringify(meta.inputs) === wanted).length;
    if (same < 2) return [];
    const others = same === 2 ? 'another import' : `${grouped(same - 1)} other imports`;
    return [
      `${directory} has ${others} of ${inputs.join(', ')}, with other options or contents: answers count all of them`,
    ];
  });
}
