// A record type: one declaration from which everything that must agree with it is derived.

import type { Address } from './address.ts';
import type { Field, Fields, JsonValue, MapEntries } from './field.ts';

export type Family = 'flow' | 'transaction' | 'audit' | 'tcp-state' | 'loss';

export interface RecordType<F extends Fields = Fields> {
  /** `flow`, `dns`, `http`: also the value of `event.dataset`. */
  readonly name: string;
  readonly family: Family;
  readonly doc: string;
  readonly fields: F;
}

type ValueOf<X> =
  X extends Field<infer K, boolean, infer Sub>
    ? K extends 'ip'
      ? Address
      : K extends 'int' | 'float' | 'duration'
        ? number
        : K extends 'bool'
          ? boolean
          : K extends 'keywords'
            ? readonly string[]
            : K extends 'map'
              ? MapEntries
              : K extends 'json'
                ? JsonValue
                : K extends 'list'
                  ? Sub extends Fields
                    ? readonly RecordOf<Sub>[]
                    : never
                  : string
    : never;

type Properties<Name extends string, X> = X extends { readonly flowProperty: string }
  ? never
  : X extends Field<'constant'>
    ? never
    : X extends Field<'time'>
      ? `${Name}Seconds` | `${Name}Nanos`
      : X extends Field<'slice'>
        ? `${Name}At` | `${Name}End`
        : Name;

/** The record object of a declaration's fields: what an analyzer fills and `emit` encodes. */
export type RecordOf<F extends Fields> = {
  [Name in keyof F & string as Properties<Name, F[Name]>]: F[Name] extends Field<'time', true>
    ? number | undefined
    : F[Name] extends Field<'time' | 'slice'>
      ? number
      : F[Name] extends Field<infer _K, true>
        ? ValueOf<F[Name]> | undefined
        : ValueOf<F[Name]>;
} & { bytes?: Uint8Array };

const NAME = /^[a-z][A-Za-z0-9]*$/;

/** Declares a record type. Throws on a name or path that is there twice: a declaration is code, so this is a programmer's error. */
export function defineRecord<const F extends Fields>(
  name: string,
  about: { family: Family; doc: string },
  fields: F,
): RecordType<F> {
  const paths = new Set<string>();
  for (const [property, field] of Object.entries(fields)) {
    if (!NAME.test(property)) throw new Error(`${name}.${property}: a field's name must match ${NAME}`);
    for (const path of field.paths) {
      if (paths.has(path)) throw new Error(`${name}.${property}: ${path} is declared twice`);
      paths.add(path);
    }
  }
  return { name, ...about, fields };
}

/** The property names of a field in the record object. */
export function propertiesOf(name: string, field: Field): readonly string[] {
  if (field.flowProperty !== undefined || field.kind === 'constant') return [];
  if (field.kind === 'time') return [`${name}Seconds`, `${name}Nanos`];
  if (field.kind === 'slice') return [`${name}At`, `${name}End`];
  return [name];
}

/** Column name of a field in the store and in SQL: its canonical path with `_` for what SQL would have to quote. */
export function columnName(field: Field): string {
  return field.paths[0].replace(/^@/, '').replace(/[^A-Za-z0-9]+/g, '_');
}

/** Whether the store computes a field when it is read. Where a field that it needs was dropped, it is kept like any other. */
export function isComputed(type: RecordType, { inputs }: Field): boolean {
  return inputs?.every((name) => isKept(type, name)) ?? false;
}

/** Whether the store keeps a field's difference from others only. Where one of those was dropped, it keeps the field itself. */
export function isRest(type: RecordType, { near }: Field): boolean {
  return near !== undefined && Object.keys(near).every((name) => isKept(type, name) && isExact(type.fields[name]));
}

const isExact = ({ kind, flowProperty }: Field): boolean =>
  (kind === 'int' || kind === 'duration') && flowProperty === undefined;

function isKept(type: RecordType, name: string): boolean {
  const field = type.fields[name];
  return field !== undefined && field.isDerived !== true && field.kind !== 'constant' && field.inputs === undefined;
}

/** Name of the column that has the difference. */
export const restName = (field: Field): string => `${columnName(field)}_rest`;

/**
 * An empty record: every property there, absent. Built by generated code so that all records of a type share one hidden class;
 * properties are set, never added.
 */
export function blankRecord<F extends Fields>(type: RecordType<F>): RecordOf<F> {
  const properties = Object.entries(type.fields).flatMap(([name, field]) => propertiesOf(name, field));
  const lines = [...new Set([...properties, 'bytes'])].map(
    (p) => `this.${p}=${p.endsWith('At') && type.fields[p.slice(0, -2)]?.kind === 'slice' ? '-1' : 'undefined'};`,
  );
  const Blank = new Function(`return class Record{constructor(){${lines.join('')}}}`)() as new () => RecordOf<F>;
  return new Blank();
}
