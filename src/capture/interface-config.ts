// What can be set for an interface, and which interfaces a configuration means: names, `/regular expressions/`, or all but exclusions.

import type { InterfaceDescription } from '../sources/source.ts';

export interface CaptureConfig {
  /** Packets for other machines too. */
  promisc?: boolean;
  /** Packets with a VLAN tag are left out. */
  ignore_vlans?: boolean;
  /** Named, but not captured. */
  disable?: boolean;
  /** A filter as tcpdump takes it. */
  filter?: string;
  /** Bytes kept of each packet. */
  snap_length?: number;
  ring_buffer?: {
    /** Bytes. */
    block_size?: number;
    num_blocks?: number;
  };
}

/** By name or `/regular expression/`. */
export type Interfaces = Readonly<Record<string, CaptureConfig>>;

export interface Autodetection {
  enabled?: boolean;
  /** Names or `/regular expressions/`. */
  exclude?: readonly string[];
  /** For all that are found. */
  config?: CaptureConfig;
}

/** Interfaces that can be captured at the same time. */
export const MAX_INTERFACES = 1024;

/** The configuration can not be meant so. The message is for people. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const LEAST_BLOCK = 4096;

/** Throws a ConfigError that names the interface and the setting. */
export function checkInterfaces(interfaces: Interfaces): void {
  const names = Object.keys(interfaces);
  if (names.length > MAX_INTERFACES)
    throw new ConfigError(`${names.length} interfaces are named; at most ${MAX_INTERFACES} can be captured`);
  for (const [name, { ring_buffer, snap_length }] of Object.entries(interfaces)) {
    if (name === '') throw new ConfigError('an interface has no name');
    if (isPattern(name)) patternOf(name);
    else if (name.includes('/') || name.length > 63) throw new ConfigError(`'${name}' can not be an interface's name`);
    for (const [key, value, least] of [
      ['ring_buffer.block_size', ring_buffer?.block_size, LEAST_BLOCK],
      ['ring_buffer.num_blocks', ring_buffer?.num_blocks, 1],
      ['snap_length', snap_length, 1],
    ] as const) {
      if (value !== undefined && (!Number.isInteger(value) || value < least))
        throw new ConfigError(`${name}: ${key} is a whole number from ${least} on, not ${value}`);
    }
  }
}

export function isPattern(name: string): boolean {
  return name.length > 2 && name.startsWith('/') && name.endsWith('/');
}

function patternOf(name: string): RegExp {
  try {
    return new RegExp(name.slice(1, -1));
  } catch (error) {
    throw new ConfigError(`${name}: ${(error as Error).message}`);
  }
}

/**
 * The interfaces that are meant, each with its configuration. Exact names are meant whether there is such a link or not; patterns mean
 * links that are there. A name beats a pattern, a pattern an earlier one stands before.
 */
export function resolveInterfaces(interfaces: Interfaces, links: readonly string[]): Map<string, CaptureConfig> {
  const meant = new Map<string, CaptureConfig>();
  for (const [name, config] of Object.entries(interfaces)) if (!isPattern(name)) meant.set(name, config);
  for (const [name, config] of Object.entries(interfaces)) {
    if (!isPattern(name)) continue;
    const pattern = patternOf(name);
    for (const link of links) if (!meant.has(link) && pattern.test(link)) meant.set(link, config);
  }
  return meant;
}

/** Links that auto-detection finds: all but the excluded. */
export function detectInterfaces(detection: Autodetection, links: readonly string[]): Map<string, CaptureConfig> {
  const excluded = (detection.exclude ?? []).map((word) =>
    isPattern(word) ? patternOf(word) : new RegExp(`^${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`),
  );
  const found = links.filter((link) => !excluded.some((pattern) => pattern.test(link)));
  return new Map(found.map((link) => [link, detection.config ?? {}]));
}

/** Whether two configurations mean the same: every setting counts. */
export function sameConfig(a: CaptureConfig, b: CaptureConfig): boolean {
  return canonical(a) === canonical(b);
}

function canonical(config: CaptureConfig): string {
  const { promisc, ignore_vlans, disable, filter, snap_length, ring_buffer } = config;
  return JSON.stringify([
    promisc ?? false,
    ignore_vlans ?? false,
    disable ?? false,
    filter ?? '',
    snap_length ?? 0,
    ring_buffer?.block_size ?? 0,
    ring_buffer?.num_blocks ?? 0,
  ]);
}

export function describeInterface(name: string): InterfaceDescription {
  return { name, linkType: 1, snapLength: 0, file: '' };
}
