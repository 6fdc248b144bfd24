// Settings that were given and do nothing as things are, in words: they belong to something that is not switched on.

import { flowRecord } from '../flow/record.ts';
import { customisationOf, customise, type Processor } from '../processors/customise.ts';
import { unknownFields } from '../processors/unknown-fields.ts';
import { PROTOCOLS } from '../protocols/registry.ts';
import type { RecordType } from '../records/record.ts';
import { nearest } from './nearest.ts';

type Given = Readonly<Record<string, unknown>>;

/** Options that protocols, and flows, have for their documents, and what they wait for. */
const ENRICHMENTS = [
  ['monitor_processes', 'procs.enabled is true'],
  ['geoip_enrich', 'geoip.databases are named'],
] as const;

export interface SwitchedOn {
  processes: boolean;
  places: boolean;
}

/** `given`: as the user wrote it. */
export function settingsWithoutEffect(given: Given, { processes, places }: SwitchedOn): string[] {
  const notes: string[] = [];
  const isOn = { monitor_processes: processes, geoip_enrich: places };
  const groups: [string, unknown][] = [
    ['flows', given.flows],
    ...Object.entries(mapping(given.protocols)).map(
      ([name, options]) => [`protocols.${name}`, options] as [string, unknown],
    ),
  ];
  for (const [option, condition] of ENRICHMENTS) {
    if (isOn[option]) continue;
    const paths = groups.flatMap(([path, options]) => (mapping(options)[option] === true ? [`${path}.${option}`] : []));
    if (paths.length > 0) notes.push(`${paths.join(', ')}: nothing comes of it unless ${condition}`);
  }
  const indices = groups.flatMap(([path, options]) => (mapping(options).index === undefined ? [] : [`${path}.index`]));
  if (indices.length > 0)
    notes.push(`${indices.join(', ')}: nothing comes of it, for no sink that there is has an index`);
  for (const [path, options] of groups) notes.push(...processorsWithoutEffect(path, mapping(options)));
  const others = Object.keys(mapping(given.procs)).filter((name) => name !== 'enabled');
  if (!processes && others.length > 0)
    notes.push(`${others.map((name) => `procs.${name}`).join(', ')}: nothing comes of it unless procs.enabled is true`);
  return notes;
}

function processorsWithoutEffect(path: string, options: Given): string[] {
  if (options.processors === undefined) return [];
  const protocol = PROTOCOLS.find(({ name }) => `protocols.${name}` === path);
  const types: readonly RecordType[] = protocol === undefined ? [flowRecord] : protocol.records;
  const { map_to_ecs, fields, fields_under_root, processors } = customisationOf(options);
  const named = types.map((type) => customise(type, customisationOf({ map_to_ecs })));
  const names = named.flatMap((type) => Object.values(type.fields).flatMap((field) => field.paths));
  const own: Processor = { add_fields: { target: fields_under_root ? '' : 'fields', fields } };
  return unknownFields(named, [own, ...processors]).map((name) => {
    const near = nearest(name, names);
    return `${path}.processors: no document has '${name}'${near === undefined ? '' : `: did you mean '${near}'?`}`;
  });
}

/** The same, of what the daemon alone reads, or reads in another way. */
export function settingsWithoutEffectInDaemon(given: Given): string[] {
  const notes: string[] = [];
  const tcpState = mapping(given.tcp_state);
  const filters = Object.keys(tcpState).filter((name) => name !== 'enabled');
  if (tcpState.enabled !== true && filters.length > 0)
    notes.push(
      `${filters.map((name) => `tcp_state.${name}`).join(', ')}: nothing comes of it unless tcp_state.enabled is true`,
    );
  const { interfaces, autodetection } = mapping(given.capture);
  if (Object.keys(mapping(interfaces)).length > 0 && 'exclude' in mapping(autodetection))
    notes.push('capture.autodetection.exclude: nothing comes of it while capture.interfaces names what is captured');
  if (mapping(given.flows).by_interface === false)
    notes.push('flows.by_interface: nothing comes of it, for the daemon always tells interfaces apart');
  return notes;
}

function mapping(value: unknown): Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Given) : {};
}
