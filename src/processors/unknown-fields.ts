// Names that processors drop, keep or rename and that no document has: Beats marks each event, here it is known before the first.

import type { RecordType } from '../records/record.ts';
import { covers, leaves, type Processor, renamed } from './customise.ts';

/** Those names, in their order; `ignore_missing` says of a processor that it does not matter. */
export function unknownFields(types: readonly RecordType[], processors: readonly Processor[]): string[] {
  let paths = types.flatMap(({ fields }) => Object.values(fields).flatMap((field) => field.paths));
  const unknown: string[] = [];
  const look = (names: readonly string[]): void => {
    for (const name of names) if (!paths.some((path) => covers([name], path))) unknown.push(name);
  };
  for (const processor of processors) {
    if ('add_fields' in processor) {
      const { target, fields } = processor.add_fields;
      paths = [...paths, ...leaves(fields, target).map(([path]) => path)];
    } else if ('drop_fields' in processor) {
      const { fields, ignore_missing } = processor.drop_fields;
      if (ignore_missing !== true) look(fields);
      paths = paths.filter((path) => !covers(fields, path));
    } else if ('include_fields' in processor) look(processor.include_fields.fields);
    else if ('rename' in processor) {
      const { fields, ignore_missing } = processor.rename;
      for (const { from, to } of fields) {
        if (ignore_missing !== true) look([from]);
        paths = paths.map((path) => renamed(path, from, to));
      }
    }
  }
  return unknown;
}
