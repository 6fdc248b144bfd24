// What the generated encoders say of a field of the record `r` or its flow `f`: where its value stands, and whether there is one. Only
// names that match `^[a-z][A-Za-z0-9]*$` enter the code (see `record.ts`).

import type { Field } from './field.ts';

/** The expression that is a field's value; times and slices have two properties of their own. */
export function valueCode(name: string, field: Field): string {
  return field.flowProperty === undefined ? `r.${name}` : `f.${field.flowProperty}`;
}

/** The condition under which an optional field has a value. */
export function presentCode(name: string, field: Field): string {
  if (field.kind === 'time') return `r.${name}Seconds!==undefined`;
  if (field.kind === 'slice') return `r.${name}At>=0`;
  return `${valueCode(name, field)}!==undefined`;
}
