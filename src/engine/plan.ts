// What a run shall do, as plain data: it is made once from options and configuration, and crosses to the analysing threads.

import type { FlowOptions } from '../flow/lifetimes.ts';
import { flowRecord } from '../flow/record.ts';
import { customisationOf, customise, customiseColumns, enrichedBy } from '../processors/customise.ts';
import type { PlaceFile } from '../processors/geoip.ts';
import type { ProcessWords } from '../processors/process-list.ts';
import { PROTOCOLS } from '../protocols/registry.ts';
import type { RecordType } from '../records/record.ts';
import { DEFRAGMENT_DEFAULTS } from '../stream/defragment.ts';
import { STREAM_DEFAULTS, type StreamOptions } from '../stream/options.ts';
import { TCP_RECORDS } from '../tcp-state/record.ts';
import type { Enabled } from './candidates.ts';
import { Detection, type ForcedPort } from './detection.ts';
import type { DissectOptions } from './dissect.ts';
import { lossRecord } from './loss-record.ts';

export const FLOW_DEFAULTS: FlowOptions = {
  maxFlows: 2 * 1024 * 1024,
  timeoutSeconds: 60,
  tcpTimeoutSeconds: 3600,
  halfOpenSeconds: 60,
  lingerSeconds: 15,
  intervalSeconds: 300,
};

export const DISSECT_DEFAULTS: DissectOptions = {
  defragment: DEFRAGMENT_DEFAULTS,
  checksums: 'ignore',
  interfaceInKey: false,
  headersOnly: false,
  icmpNotes: true,
};

/** Bytes that detection and the analyzer of one flow may hold. */
export const MAX_HELD_BYTES = 16 * 1024 * 1024;
/** Bytes that all flows that are looked into may take together. */
export const MAX_CONVERSATION_BYTES = 256 * 1024 * 1024;

export interface RunPlan {
  /** Names of the records that are asked for: `flow`, `dns`, … */
  records: readonly string[];
  types: readonly RecordType[];
  /** Options of each protocol as the user gave them, by name. */
  protocols: Readonly<Record<string, unknown>>;
  /** Options of flow documents as the user gave them: fields, tags, processors. */
  flowDocuments: unknown;
  forced: readonly ForcedPort[];
  flow: FlowOptions;
  stream: StreamOptions;
  dissect: DissectOptions;
  /** One's own networks: prefixes and names of ranges (`flow/internal-networks.ts`). */
  internalNetworks: readonly string[];
  /** Databases that say where addresses are. */
  geoip: readonly PlaceFile[];
  /** How processes of this machine are told; undefined: they are not. Live only. */
  processes: ProcessWords | undefined;
  maxHeldBytes: number;
  maxConversationBytes: number;
  workers: number;
  /** 0: all. */
  maxPackets: number;
  /** Bytes that are taken of each packet; 0: all. */
  snapLength: number;
  /** The options that change what comes out, as text: part of an import's identity. */
  identity: string;
  inputs: readonly string[];
  wantsTalkers: boolean;
}

export type PlanRequest = Partial<Omit<RunPlan, 'types' | 'identity'>> & { identityExtras?: string };

/** Records that are made without looking into streams. */
export const NEEDS_NO_CONTENT: ReadonlySet<string> = new Set([
  flowRecord.name,
  lossRecord.name,
  ...TCP_RECORDS.map(({ name }) => name),
]);

/** Record types that packets make, in the order of their numbers. */
export function packetRecordTypes(): RecordType[] {
  return [flowRecord, ...PROTOCOLS.flatMap((protocol) => protocol.records), lossRecord];
}

/** Every record type there is. */
export function allRecordTypes(): RecordType[] {
  return [...packetRecordTypes(), ...TCP_RECORDS];
}

export function makePlan(request: PlanRequest): RunPlan {
  const records = request.records ?? packetRecordTypes().map((type) => type.name);
  const plan: RunPlan = {
    records,
    types: typesNamed(records),
    protocols: request.protocols ?? {},
    flowDocuments: request.flowDocuments ?? {},
    forced: request.forced ?? [],
    flow: { ...FLOW_DEFAULTS, ...request.flow },
    stream: { ...STREAM_DEFAULTS, ...request.stream },
    dissect: { ...DISSECT_DEFAULTS, ...request.dissect },
    internalNetworks: request.internalNetworks ?? [],
    geoip: request.geoip ?? [],
    processes: request.processes,
    maxHeldBytes: request.maxHeldBytes ?? MAX_HELD_BYTES,
    maxConversationBytes: request.maxConversationBytes ?? MAX_CONVERSATION_BYTES,
    workers: request.workers ?? 1,
    maxPackets: request.maxPackets ?? 0,
    snapLength: request.snapLength ?? 0,
    identity: '',
    inputs: request.inputs ?? [],
    wantsTalkers: request.wantsTalkers ?? false,
  };
  const { protocols, flowDocuments, forced, flow, stream, dissect, internalNetworks, geoip } = plan;
  const { maxPackets, snapLength } = plan;
  plan.identity = JSON.stringify({
    records,
    protocols,
    flowDocuments,
    forced,
    flow,
    stream,
    dissect,
    maxPackets,
    snapLength,
    // Not where nothing is told: imports of former versions stay the same.
    ...(plan.maxConversationBytes !== MAX_CONVERSATION_BYTES && { maxConversationBytes: plan.maxConversationBytes }),
    ...(internalNetworks.length > 0 && { internalNetworks }),
    ...(geoip.length > 0 && { geoip: geoip.map(({ name }) => name) }),
    extras: request.identityExtras ?? '',
  });
  return plan;
}

/** A plan on its way to another thread, which has the declarations of records itself. */
export type SentPlan = Omit<RunPlan, 'types'>;

export function sentPlan({ types: _types, ...plan }: RunPlan): SentPlan {
  return plan;
}

export function receivedPlan(plan: SentPlan): RunPlan {
  return { ...plan, types: typesNamed(plan.records) };
}

function typesNamed(records: readonly string[]): RecordType[] {
  return allRecordTypes().filter((type) => records.includes(type.name));
}

/** Record types as rows (documents) and as columns show them. */
export interface ShownTypes {
  rows: readonly RecordType[];
  columns: readonly RecordType[];
}

/** The record types of a plan as they are shown: each protocol's options say what is added, dropped, renamed. */
export function shownTypes(
  plan: Pick<RunPlan, 'records' | 'protocols' | 'flowDocuments' | 'geoip' | 'processes'>,
): ShownTypes {
  const declared = typesNamed(plan.records);
  const custom = declared.map((type) => {
    const owner = PROTOCOLS.find((protocol) => protocol.records.some((one) => one.name === type.name));
    return customisationOf(owner === undefined ? plan.flowDocuments : plan.protocols[owner.name]);
  });
  const types = declared.map((type, i) =>
    enrichedBy(type, [
      ...(plan.geoip.length > 0 && custom[i].geoip_enrich ? (['geoip'] as const) : []),
      ...(plan.processes !== undefined && custom[i].monitor_processes ? (['process'] as const) : []),
    ]),
  );
  return {
    rows: types.map((type, i) => customise(type, custom[i])),
    columns: types.map((type, i) => customiseColumns(type, custom[i])),
  };
}

/** Detection over the protocols whose records are asked for; recognisers without records help on their transports. */
export function detectionFor(plan: RunPlan): Detection {
  const enabled: Enabled[] = [];
  for (const [i, protocol] of PROTOCOLS.entries()) {
    const { records } = protocol;
    if (records.length > 0 && !records.some(({ name }) => plan.records.includes(name))) continue;
    const options = protocol.options.parse(plan.protocols[protocol.name] ?? {}) as {
      enabled?: boolean;
      ports?: readonly number[];
    };
    if (options.enabled === false) continue;
    enabled.push({ protocol, options, ports: new Set(options.ports ?? protocol.ports), application: i + 1 });
  }
  const analysed = enabled.filter(({ protocol }) => protocol.records.length > 0);
  return new Detection(enabled, plan.forced, new Set(analysed.flatMap(({ protocol }) => protocol.transports)));
}
