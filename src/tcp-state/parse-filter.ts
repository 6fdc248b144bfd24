// Words of users → filter: ports, networks, states, cgroups, network namespaces. Errors are thrown as FilterWordError with what is right.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Network, parseNetwork } from '../records/network.ts';
import { mountPoint } from './containers.ts';
import { MAX_PORT_RANGES, type PortRange, type TcpStateFilter } from './filter.ts';
import { STATE_NAMES, stateNumber } from './states.ts';

export class FilterWordError extends Error {
  override name = 'FilterWordError';
}

const HIGHEST_PORT = 65535;

/** A filter as users write it: lists with commas. */
export interface FilterWords {
  port?: string;
  localPort?: string;
  remotePort?: string;
  net?: string;
  state?: string;
  pid?: string;
  command?: string;
  uid?: string;
  cgroup?: string;
  netns?: string;
  family?: 4 | 6;
}

/** Throws FilterWordError. Cgroups and namespaces must be there. */
export function parseFilter(given: FilterWords): TcpStateFilter {
  return {
    ports: list(given.port, 'ports', parsePorts),
    localPorts: list(given.localPort, 'local ports', parsePorts),
    remotePorts: list(given.remotePort, 'remote ports', parsePorts),
    networks: list(given.net, 'networks', parseNetworks),
    states: list(given.state, 'states', parseStates),
    family: given.family,
    pids: list(given.pid, 'processes', (text) => parseNumbers(text, 'process')),
    uids: list(given.uid, 'users', parseUsers),
    commands: list(given.command, 'commands', words),
    cgroups: list(given.cgroup, 'cgroups', parseCgroups),
    namespaces: list(given.netns, 'network namespaces', parseNamespaces),
  };
}

/** An empty list (`--port "$PORT"` without a value) is not taken to mean everything. */
function list<T>(text: string | undefined, what: string, read: (text: string) => T): T | undefined {
  if (text === undefined) return undefined;
  if (words(text).length === 0) throw new FilterWordError(`the list of ${what} is empty: name some, or leave it out`);
  return read(text);
}

export const parseUsers = (text: string): number[] => parseNumbers(text, 'user');

/** `80`, `80,443`, `8000-8999`. */
export function parsePorts(text: string): PortRange[] {
  const ranges = words(text).map((word) => {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(word);
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    if (match === null || from > to || to > HIGHEST_PORT) {
      throw new FilterWordError(`'${word}' is no port: write 443, or 8000-8999`);
    }
    return { from, to };
  });
  if (ranges.length > MAX_PORT_RANGES) {
    throw new FilterWordError(
      `${ranges.length} ports are too many: at most ${MAX_PORT_RANGES} ports or ranges of ports`,
    );
  }
  return ranges;
}

/** `10.0.0.0/8`, `2001:db8::/32`, an address. */
export function parseNetworks(text: string): Network[] {
  return words(text).map((word) => {
    const network = parseNetwork(word);
    if (network === undefined) throw new FilterWordError(`'${word}' is no network: write 10.0.0.0/8 or 2001:db8::/32`);
    return network;
  });
}

/** Names of states, as tcp-audit, ss or the kernel spell them. */
export function parseStates(text: string): number[] {
  return words(text).map((word) => {
    const number = stateNumber(word);
    if (number === undefined) {
      throw new FilterWordError(
        `there is no state '${word}' (there are ${[...new Set(STATE_NAMES.slice(1))].join(', ')})`,
      );
    }
    return number;
  });
}

export function parseNumbers(text: string, what: string): number[] {
  return words(text).map((word) => {
    if (!/^\d{1,10}$/.test(word)) throw new FilterWordError(`'${word}' is no ${what}`);
    return Number(word);
  });
}

/** Cgroups by their path in the tree (`/system.slice/ssh.service`) or number. */
export function parseCgroups(text: string): number[] {
  return words(text).map((word) => {
    if (/^\d+$/.test(word)) return Number(word);
    const root = mountPoint();
    if (root === undefined) throw new FilterWordError('no cgroup (v2) tree is mounted here');
    return inodeOf(word.startsWith(root) ? word : join(root, word), `there is no cgroup '${word}'`);
  });
}

/** Network namespaces by number, process (`pid:123`), name (`ip netns`) or path. */
export function parseNamespaces(text: string): number[] {
  return words(text).map((word) => {
    if (/^\d+$/.test(word)) return Number(word);
    const pid = /^pid:(\d+)$/.exec(word)?.[1];
    const path = pid !== undefined ? `/proc/${pid}/ns/net` : word.includes('/') ? word : `/run/netns/${word}`;
    return inodeOf(path, `there is no network namespace '${word}'`);
  });
}

function inodeOf(path: string, otherwise: string): number {
  try {
    return statSync(path).ino;
  } catch {
    throw new FilterWordError(`${otherwise} (${path})`);
  }
}

function words(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
