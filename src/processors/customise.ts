// What users may change about documents without looking at their data: own fields and tags, fields dropped or renamed, absent values as
// null, Elastic's newer field names. All of it is done to the declaration, before the encoders are made, so it costs nothing per record.

import { z } from 'zod';
import { type Enrichment, type Field, type Fields, f, type JsonValue } from '../records/field.ts';
import type { RecordType } from '../records/record.ts';

const names = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const notConditional = {
  when: z.undefined({ error: 'conditions need the data of each record and are not supported' }).optional(),
};

/** The Beats processors that need no data. */
export const processorSchema = z.union([
  z.strictObject({
    add_fields: z.strictObject({
      target: z.string().default('fields'),
      fields: z.record(z.string(), z.json()),
      ...notConditional,
    }),
  }),
  z.strictObject({ add_tags: z.strictObject({ tags: names, ...notConditional }) }),
  z.strictObject({
    drop_fields: z.strictObject({ fields: names, ignore_missing: z.boolean().optional(), ...notConditional }),
  }),
  z.strictObject({ include_fields: z.strictObject({ fields: names, ...notConditional }) }),
  z.strictObject({
    rename: z.strictObject({
      fields: z.array(z.strictObject({ from: z.string(), to: z.string().min(1, 'a field needs a name') })),
      ignore_missing: z.boolean().optional(),
      fail_on_error: z.boolean().optional(),
      ...notConditional,
    }),
  }),
]);
export type Processor = z.infer<typeof processorSchema>;

/** Options that every protocol, and flows, have for their documents; Packetbeat's names. */
export const customOptions = {
  fields: z.record(z.string(), z.json()).default({}).describe('own fields for every document, under `fields`'),
  fields_under_root: z.boolean().default(false).describe('own fields stand at the top instead'),
  tags: names.default([]).describe('tags for every document'),
  keep_null: z.boolean().default(false).describe('write absent values as null'),
  map_to_ecs: z
    .boolean()
    .default(false)
    .describe("Elastic's newer names: network_traffic.<protocol>.* instead of fields at the top"),
  monitor_processes: z.boolean().default(true).describe('processes of this machine, live and with procs.enabled'),
  geoip_enrich: z.boolean().default(true).describe('where addresses are, when geoip.databases are named'),
  processors: z
    .array(processorSchema)
    .default([])
    .describe('add_fields, add_tags, drop_fields, include_fields, rename'),
  index: z.string().optional().describe('name of the index, for sinks that have one'),
};
const customSchema = z.object(customOptions);
export type Customisation = z.infer<typeof customSchema>;

/** The customisation among a protocol's options as the user gave them. */
export function customisationOf(options: unknown): Customisation {
  return typeof options === 'object' && options !== null && Object.keys(options).length > 0
    ? customSchema.parse(options)
    : NOTHING;
}
const NOTHING: Customisation = customSchema.parse({});

/** The record type with the fields of these enrichments, and of no other; the same object each time, which is what encoders are kept by. */
export function enrichedBy(type: RecordType, enrichments: readonly Enrichment[]): RecordType {
  let made = enriched.get(type);
  if (made === undefined) {
    made = new Map();
    enriched.set(type, made);
  }
  const key = enrichments.toSorted().join(' ');
  let shown = made.get(key);
  if (shown === undefined) {
    const isThere = ({ enrichment }: Field) => enrichment === undefined || enrichments.includes(enrichment);
    const fields = Object.entries(type.fields).filter(([, field]) => isThere(field));
    shown = { ...type, fields: Object.fromEntries(fields) };
    made.set(key, shown);
  }
  return shown;
}
const enriched = new WeakMap<RecordType, Map<string, RecordType>>();

/** Fields that stay whatever is included: without them a document has neither time nor kind. */
const ALWAYS = ['@timestamp', 'type', 'event.dataset'];

/** The record type as documents show it, itself when nothing is asked. Throws an Error whose message names what does not fit. */
export function customise(type: RecordType, custom: Customisation): RecordType {
  if (asksNothing(custom)) return type;
  let fields: Fields = { ...type.fields };
  if (custom.map_to_ecs) fields = mapToEcs(type.name, fields);
  for (const [path, value] of leaves(custom.fields, custom.fields_under_root ? '' : 'fields'))
    fields = add(type.name, fields, path, value);
  const tags = [...custom.tags];
  for (const processor of custom.processors) {
    if ('add_fields' in processor) {
      const { target, fields: added } = processor.add_fields;
      for (const [path, value] of leaves(added, target)) fields = add(type.name, fields, path, value);
    } else if ('add_tags' in processor) tags.push(...processor.add_tags.tags);
    else if ('drop_fields' in processor)
      fields = keep(fields, (path) => ALWAYS.includes(path) || !covers(processor.drop_fields.fields, path));
    else if ('include_fields' in processor)
      fields = keep(fields, (path) => ALWAYS.includes(path) || covers(processor.include_fields.fields, path));
    else
      for (const { from, to } of processor.rename.fields) {
        fields = rename(fields, (path) => renamed(path, from, to));
        refuseTaken(type.name, fields, from, to);
      }
  }
  if (tags.length > 0) fields = add(type.name, fields, 'tags', [...new Set(tags)]);
  if (custom.keep_null)
    fields = Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [name, field.isOptional ? { ...field, isNulled: true } : field]),
    );
  return { ...type, fields };
}

function asksNothing(custom: Customisation): boolean {
  const { fields, tags, processors, keep_null, map_to_ecs } = custom;
  return !keep_null && !map_to_ecs && tags.length + processors.length + Object.keys(fields).length === 0;
}

/** The record type as the store keeps it: what was dropped is not kept, names and types of columns stay what they are. */
export function customiseColumns(type: RecordType, custom: Customisation): RecordType {
  const processors = custom.processors.filter(
    (processor) => 'drop_fields' in processor || 'include_fields' in processor,
  );
  return customise(type, { ...NOTHING, processors });
}

/** Elastic's integration renames with `map_to_ecs`: what Packetbeat wrote at the top goes below `network_traffic`. */
function mapToEcs(protocol: string, fields: Fields): Fields {
  const kept = keep(fields, (path) => path !== 'method' && path !== 'type' && path !== 'event.dataset');
  // ICMP has a tree of its own with the name of the text.
  const isTree = (path: string) =>
    Object.values(fields).some((field) => field.paths.some((one) => one.startsWith(`${protocol}.${path}.`)));
  const moved = ['query', 'resource', 'path', 'params', 'request', 'response'].filter((path) => !isTree(path));
  return rename(kept, (path) => {
    if (path === 'status') return 'network_traffic.status';
    if (moved.includes(path)) return `network_traffic.${protocol}.${path}`;
    // ECS has http and dns of its own; what is not in it moves too.
    return path.startsWith(`${protocol}.`) && protocol !== 'http' && protocol !== 'dns'
      ? `network_traffic.${path}`
      : path;
  });
}

/** The path of a field that has been renamed itself, or stands in a tree that has. */
export function renamed(path: string, from: string, to: string): string {
  return path === from || path.startsWith(`${from}.`) ? to + path.slice(from.length) : path;
}

/** Two fields can not have one name, nor can one stand where others do. */
function refuseTaken(type: string, fields: Fields, from: string, to: string): void {
  const paths = Object.values(fields)
    .flatMap((field) => field.paths)
    .sort();
  const isTaken = (path: string, i: number) => i > 0 && (path === paths[i - 1] || path.startsWith(`${paths[i - 1]}.`));
  if (paths.some(isTaken))
    throw new Error(
      `${type}: '${from}' can not be renamed to '${to}', which there is already; drop or rename that before`,
    );
}

export const covers = (patterns: readonly string[], path: string): boolean =>
  patterns.some((pattern) => path === pattern || path.startsWith(`${pattern}.`));

/** Fields with only the paths that `wanted` likes; a field without any is gone. Its property stays the analyzer's. */
function keep(fields: Fields, wanted: (path: string) => boolean): Fields {
  const out: [string, Field][] = [];
  for (const [name, field] of Object.entries(fields)) {
    const paths = field.paths.filter(wanted);
    if (paths.length > 0) out.push([name, { ...field, paths }]);
  }
  return Object.fromEntries(out);
}

function rename(fields: Fields, to: (path: string) => string): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, { ...field, paths: field.paths.map(to) }]),
  );
}

function add(type: string, fields: Fields, path: string, value: unknown): Fields {
  for (const field of Object.values(fields)) {
    if (field.paths.some((taken) => taken === path || taken.startsWith(`${path}.`) || path.startsWith(`${taken}.`))) {
      throw new Error(`${type}: the field '${path}' is taken by the record itself; choose another name`);
    }
  }
  return {
    ...fields,
    [`custom${Object.keys(fields).length}`]: { ...f.constant(path, value as JsonValue), isAdded: true },
  };
}

/** Dotted paths of the values in a tree of mappings. */
export function leaves(tree: Readonly<Record<string, unknown>>, prefix: string): [string, unknown][] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isMapping ? leaves(value as Record<string, unknown>, path) : [[path, value] as [string, unknown]];
  });
}
