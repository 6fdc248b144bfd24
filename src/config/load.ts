// Configuration from a file and from single settings of the command line, checked as one.

import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import type { ForcedPort } from '../engine/detection.ts';
import { DISSECT_DEFAULTS, type PlanRequest } from '../engine/plan.ts';
import { openPlaceFile, type PlaceFile } from '../processors/geoip.ts';
import { durationSeconds } from '../protocols/common-options.ts';
import type { Transport } from '../protocols/protocol.ts';
import { PROTOCOLS } from '../protocols/registry.ts';
import type { Retention } from '../store/retention.ts';
import { STREAM_DEFAULTS } from '../stream/options.ts';
import type { DaemonConfig } from './daemon-schema.ts';
import { explain } from './explain.ts';
import { nearest } from './nearest.ts';
import { configSchema } from './schema.ts';
import type { TcpStateConfig } from './tcp-state-schema.ts';
import { UsageError } from './usage-error.ts';
import { settingsWithoutEffect, settingsWithoutEffectInDaemon } from './without-effect.ts';

export interface LoadedConfig {
  workers: number;
  /** What goes from the store; empty: nothing. */
  retention: Retention;
  /** What only the daemon reads. */
  daemon: DaemonConfig;
  tcpState: TcpStateConfig;
  /** Everything as it is meant, defaults filled in: what --print-config shows. */
  effective: Record<string, unknown>;
  /** What people should know about it: settings that do nothing as things are. */
  notes: string[];
  /** The same for whoever runs the daemon. */
  daemonNotes: string[];
  /** Room of the kernel's map of flows. */
  kernelEntries: number;
  plan: Pick<
    PlanRequest,
    | 'stream'
    | 'dissect'
    | 'maxConversationBytes'
    | 'internalNetworks'
    | 'geoip'
    | 'processes'
    | 'protocols'
    | 'flowDocuments'
  > & {
    flow: Partial<NonNullable<PlanRequest['flow']>> & NonNullable<PlanRequest['flow']>;
  };
  /** Seconds of `5m`, `0`, `30`; UsageError names the option. */
  duration: (text: string, option: string) => number;
  decodeAs: (text: string) => ForcedPort;
}

/** `file` undefined: defaults. `settings`: `protocols.dns.include_additionals=true`. Throws UsageError with the path of what is wrong. */
export function loadConfig(file: string | undefined, settings: readonly string[]): LoadedConfig {
  const given = file === undefined ? {} : readYaml(file);
  for (const setting of settings) set(given, setting);
  const parsed = configSchema.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(explain);
    throw new UsageError(
      `the configuration is not right${file === undefined ? '' : ` (${file})`}:\n  ${lines.join('\n  ')}`,
    );
  }
  const { flows, tcp, fragments, checksums, workers, capture, store, to, api, tcp_state: tcpState } = parsed.data;
  const { stop_timeout } = parsed.data;
  const { procs } = parsed.data;
  const { age, size } = store.retention;
  return {
    workers,
    retention: { ...(age > 0 && { ageSeconds: age }), ...(size > 0 && { sizeBytes: size }) },
    daemon: { capture, store, to, api, stop_timeout },
    tcpState,
    effective: parsed.data,
    notes: settingsWithoutEffect(given, { processes: procs.enabled, places: parsed.data.geoip.databases.length > 0 }),
    daemonNotes: settingsWithoutEffectInDaemon(given),
    kernelEntries: flows.kernel_entries,
    plan: {
      flow: {
        maxFlows: flows.max,
        intervalSeconds: flows.interval,
        timeoutSeconds: flows.timeout,
        tcpTimeoutSeconds: tcp.timeout,
        halfOpenSeconds: tcp.half_open,
        lingerSeconds: tcp.linger,
      },
      stream: {
        ...STREAM_DEFAULTS,
        policy: tcp.overlap,
        urgent: tcp.urgent,
        ttl: tcp.ttl === 'handshake',
        checksums: checksums !== 'ignore',
        maxWaitingBytes: tcp.max_waiting,
      },
      dissect: {
        ...DISSECT_DEFAULTS,
        checksums: checksums === 'auto' ? 'ignore' : checksums,
        interfaceInKey: flows.by_interface,
        defragment: {
          policy: fragments.overlap,
          timeoutSeconds: fragments.timeout,
          maxDatagrams: fragments.max_datagrams,
          maxBytes: fragments.max_bytes,
        },
      },
      maxConversationBytes: parsed.data.conversations.max_bytes,
      internalNetworks: parsed.data.internal_networks,
      geoip: parsed.data.geoip.databases.map(placeFile),
      processes: procs.enabled ? { monitored: procs.monitored, args: procs.args, event: procs.event } : undefined,
      flowDocuments: given.flows ?? {},
      // As they were given: each analysing thread parses them again with the protocol's own schema.
      protocols: (given.protocols ?? {}) as Record<string, unknown>,
    },
    duration,
    decodeAs,
  };
}

function placeFile(path: string): PlaceFile {
  try {
    return openPlaceFile(path);
  } catch (error) {
    throw new UsageError(`geoip.databases: ${(error as Error).message}`);
  }
}

function readYaml(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`the configuration ${file} cannot be read: ${(error as Error).message}`);
  }
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new UsageError(`${file}: the configuration must be a mapping of keys to values`);
  return value as Record<string, unknown>;
}

function set(target: Record<string, unknown>, setting: string): void {
  const equals = setting.indexOf('=');
  if (equals <= 0)
    throw new UsageError(`--set ${setting}: write KEY=VALUE, as in --set protocols.dns.include_additionals=true`);
  const path = setting.slice(0, equals).split('.');
  let node = target;
  for (const part of path.slice(0, -1)) {
    if (!Object.hasOwn(node, part) || typeof node[part] !== 'object' || node[part] === null) node[part] = {};
    node = node[part] as Record<string, unknown>;
  }
  node[path[path.length - 1]] = parseYaml(setting.slice(equals + 1));
}

function duration(text: string, option: string): number {
  const seconds = /^\d+$/.test(text) ? Number(text) : durationSeconds(text);
  if (seconds === undefined) throw new UsageError(`${option} wants a time such as 30s, 5m or 1h, not '${text}'`);
  return seconds;
}

/** `tcp.port==8081,http`, as tshark's -d takes it. */
function decodeAs(text: string): ForcedPort {
  const match = /^(tcp|udp)\.port==(\d{1,5}),(\w+)$/.exec(text.replaceAll(' ', ''));
  if (match === null || Number(match[2]) > 0xffff)
    throw new UsageError(`--decode-as ${text}: write it as tcp.port==8081,http`);
  const [, transport, port, protocol] = match as unknown as [string, Transport, string, string];
  const found = PROTOCOLS.find(({ name }) => name === protocol);
  if (found === undefined) {
    const names = PROTOCOLS.map(({ name }) => name);
    const guess = nearest(protocol, names);
    throw new UsageError(
      `--decode-as ${text}: there is no protocol '${protocol}'${guess === undefined ? '' : `: did you mean '${guess}'?`} (there are ${names.join(', ')})`,
    );
  }
  if (!found.transports.includes(transport)) {
    throw new UsageError(
      `--decode-as ${text}: ${protocol} goes over ${found.transports.join(' and ')}, not over ${transport}`,
    );
  }
  return { transport, port: Number(port), protocol };
}
