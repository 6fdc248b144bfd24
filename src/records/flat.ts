// Record types in flat formats (CSV, Parquet): one column for each field, under its ECS name.

import type { Field } from './field.ts';
import type { RecordType } from './record.ts';

/**
 * The fields that have a column, in the declaration's order. Of several ECS names the first counts; the constants of the declaration
 * (`event.kind`, `ecs.version`, …) say the same in every row and are left out, those that the user added are not.
 */
export function flatFields(type: RecordType): [string, Field][] {
  return Object.entries(type.fields).filter(([, field]) => field.kind !== 'constant' || field.isAdded === true);
}

export const flatName = (field: Field): string => field.paths[0];
