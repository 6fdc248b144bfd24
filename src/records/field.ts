// The words of the declaration language: what a field is. See `record.ts` for what a record type is.

/**
 * | kind | value in the record object | NDJSON | store |
 * |---|---|---|---|
 * | time | `<name>Seconds`, `<name>Nanos` (Unix time) | RFC 3339, nine digits, UTC | timestamp, ns |
 * | duration | ns, number | number | integer |
 * | ip | Address | text (RFC 5952) | two integers |
 * | int, float, bool | number, number, boolean | the same | the same |
 * | keyword | string of a small set | string | dictionary |
 * | text | string, already made safe by `wireText` | string | text |
 * | slice | `<name>At`, `<name>End` into `record.bytes` (At = -1: absent); escaped as `wireText` does | string | text |
 * | keywords | array of strings | array | JSON text |
 * | map | array of [key, string | string[] | number | boolean]; keys may be anything the wire says | object | JSON text |
 * | list | array of objects with the sub-fields as properties | array of objects | JSON text |
 * | json | nested Map / array / string / number / boolean / null, for trees with no fixed shape | as it is | JSON text |
 * | constant | none: the value stands in the declaration | as it is | no column |
 */
export type Kind =
  | 'time'
  | 'duration'
  | 'ip'
  | 'int'
  | 'float'
  | 'bool'
  | 'keyword'
  | 'text'
  | 'slice'
  | 'keywords'
  | 'map'
  | 'list'
  | 'json'
  | 'constant';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | ReadonlyMap<string, JsonValue>;
export type MapEntries = readonly (readonly [string, string | readonly string[] | number | boolean])[];
export type Fields = Record<string, Field>;

/** What some fields come from that only exists when the user asks for it: a database of places, the processes of this machine. */
export type Enrichment = 'geoip' | 'process';

export interface Field<K extends Kind = Kind, Optional extends boolean = boolean, Sub = unknown> {
  readonly kind: K;
  /** ECS names; the first is the canonical one, the others get the same value. */
  readonly paths: readonly string[];
  readonly doc: string;
  readonly isOptional: Optional;
  /** Unit of a number, for people: `bytes`, `ns`, `packets`. */
  readonly unit?: string;
  /**
   * Set: the value is not in the record but in the flow that it belongs to, under this property of `FlowView`, or property of a property
   * (`sourcePlace.cityName`).
   */
  readonly flowProperty?: string;
  /**
   * Name of a method that flows may have: `(out, at) => end` writes the value into bytes as plain ASCII of at most 40, so that no string
   * is made of it only to be written.
   */
  readonly flowWriter?: string;
  /** For `list`: the fields of one entry. For `constant`: the value. */
  readonly sub?: Sub;
  /** Other names that queries know it by (goQuery's, Wireshark's). */
  readonly aliases?: readonly string[];
  /** Absent values are written as null (`keep_null`). */
  readonly isNulled?: boolean;
  /** For `keywords`: an array of one is written as its only element (ECS allows both; `error.message` is read by people). */
  readonly isSingle?: boolean;
  /** Field number in netcap's protobuf schema, where there is one. */
  readonly netcap?: number;
  /** A constant that the user's configuration added: flat formats have a column for it, as for no other constant. */
  readonly isAdded?: boolean;
  /** Set: documents and columns have the field only where this enrichment is asked for. */
  readonly enrichment?: Enrichment;
  /** Derivable from other columns (community id, totals): in documents, not in the store. */
  readonly isDerived?: boolean;
  /** The store's roll-ups keep records with different values apart: few values, asked for often (status codes, methods). */
  readonly isDimension?: boolean;
  /**
   * Properties of the record's own fields from which the store computes this one when it is read: no segment has its column, yet
   * queries see it as if.
   */
  readonly inputs?: readonly string[];
  /** Its values are names of numbers on the wire: queries may ask by the number. */
  readonly nameOfNumber?: (number: number) => string;
  /**
   * Factors of other properties of the record whose sum is close to this one: the store keeps the difference, which is small, in
   * a column of its own name with `_rest`, and queries see the value as if. For integers.
   */
  readonly near?: Readonly<Record<string, number>>;
}

/** A field as declarations write it: refinements chain, each returns a new field. */
export interface FieldBuilder<K extends Kind, Optional extends boolean, Sub = unknown> extends Field<K, Optional, Sub> {
  optional(): FieldBuilder<K, true, Sub>;
  inUnit(unit: string): FieldBuilder<K, Optional, Sub>;
  /** Taken from the flow: the record object has no such property. */
  ofFlow(property: string, writer?: string): FieldBuilder<K, Optional, Sub> & { readonly flowProperty: string };
  alias(...names: string[]): FieldBuilder<K, Optional, Sub>;
  number(netcap: number): FieldBuilder<K, Optional, Sub>;
  derived(): FieldBuilder<K, Optional, Sub>;
  single(): FieldBuilder<K, Optional, Sub>;
  dimension(): FieldBuilder<K, Optional, Sub>;
  closeTo(near: Readonly<Record<string, number>>): FieldBuilder<K, Optional, Sub>;
  enrichedBy(enrichment: Enrichment): FieldBuilder<K, Optional, Sub>;
  computedFrom(...properties: string[]): FieldBuilder<K, Optional, Sub>;
  numbered(nameOfNumber: (number: number) => string): FieldBuilder<K, Optional, Sub>;
}

type Paths = string | readonly string[];

function build<K extends Kind, Optional extends boolean, Sub>(
  field: Field<K, Optional, Sub>,
): FieldBuilder<K, Optional, Sub> {
  return {
    ...field,
    optional: () => build({ ...field, isOptional: true }),
    inUnit: (unit) => build({ ...field, unit }),
    ofFlow: (flowProperty, flowWriter) =>
      build({ ...field, flowProperty, ...(flowWriter === undefined ? {} : { flowWriter }) }) as FieldBuilder<
        K,
        Optional,
        Sub
      > & { readonly flowProperty: string },
    alias: (...names) => build({ ...field, aliases: [...(field.aliases ?? []), ...names] }),
    number: (netcap) => build({ ...field, netcap }),
    derived: () => build({ ...field, isDerived: true }),
    single: () => build({ ...field, isSingle: true }),
    dimension: () => build({ ...field, isDimension: true }),
    closeTo: (near) => build({ ...field, near }),
    enrichedBy: (enrichment) => build({ ...field, enrichment }),
    computedFrom: (...inputs) => build({ ...field, inputs }),
    numbered: (nameOfNumber) => build({ ...field, nameOfNumber }),
  };
}

function plain<K extends Kind>(kind: K) {
  return (paths: Paths, doc: string): FieldBuilder<K, false> =>
    build({ kind, paths: typeof paths === 'string' ? [paths] : paths, doc, isOptional: false });
}

/** Field constructors: `f.int('source.bytes', 'payload bytes of the request').inUnit('bytes')`. */
export const f = {
  time: plain('time'),
  duration: (paths: Paths, doc: string) => plain('duration')(paths, doc).inUnit('ns'),
  ip: plain('ip'),
  int: plain('int'),
  float: plain('float'),
  bool: plain('bool'),
  keyword: plain('keyword'),
  text: plain('text'),
  slice: plain('slice'),
  keywords: plain('keywords'),
  map: plain('map'),
  json: plain('json'),
  list: <const Sub extends Fields>(paths: Paths, doc: string, sub: Sub): FieldBuilder<'list', false, Sub> =>
    build({ ...plain('list')(paths, doc), sub }) as FieldBuilder<'list', false, Sub>,
  constant: <const Value extends JsonValue>(paths: Paths, value: Value): FieldBuilder<'constant', false, Value> =>
    build({ ...plain('constant')(paths, ''), sub: value }) as FieldBuilder<'constant', false, Value>,
};
