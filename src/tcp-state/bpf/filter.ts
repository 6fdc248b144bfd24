// A filter as constants and maps of bpf/tcp.bpf.c: what it lets through is decided in the kernel.

import type { BpfObject, LoadOptions } from '../../system/bpf/bpf.ts';
import type { EventKind } from '../event.ts';
import { COMMAND_BYTES, isNarrow, MAX_PORT_RANGES, type PortRange, type TcpStateFilter } from '../filter.ts';
import { KIND_NAMES } from './event-layout.ts';

const ALL = 0xffffffff;
const AF_INET = 2;
const AF_INET6 = 10;
const ONE = Buffer.from([1, 0, 0, 0]);

/** Programs for kinds of events; `state` is always there, for it notes who owns what. */
const PROGRAM_KINDS: Readonly<Record<string, EventKind>> = {
  on_state: 'state',
  on_state_missed: 'state',
  on_retransmit: 'retransmit',
  on_synack_retransmit: 'synack-retransmit',
  on_reset_received: 'reset-received',
  on_reset_sent: 'reset-sent',
  on_error: 'error',
  on_drop: 'drops',
  on_descriptor: 'snapshot',
  on_socket: 'snapshot',
};

/** Whether a program is needed. */
export function isProgramWanted(name: string, filter: TcpStateFilter): boolean {
  const kind = PROGRAM_KINDS[name];
  if (kind === undefined) return false;
  // Who has a socket open is asked even when the sockets themselves are not asked for.
  if (kind === 'state' || name === 'on_descriptor') return true;
  // Drops are counted for the whole machine: who asks for some sockets only has no use for them.
  if (filter.kinds === undefined) return kind !== 'drops' || !isNarrow(filter);
  return filter.kinds.has(kind);
}

export function constantsOf(filter: TcpStateFilter): NonNullable<LoadOptions['constants']> {
  const { kinds, states, family } = filter;
  const flag = (list: readonly unknown[] | undefined) => (list !== undefined && list.length > 0 ? 1 : 0);
  return {
    wanted_kinds:
      kinds === undefined
        ? ALL
        : bits(KIND_NAMES.flatMap((name, i) => (name !== undefined && kinds.has(name) ? [i] : []))),
    wanted_states: states === undefined || states.length === 0 ? ALL : bits(states),
    wanted_family: family === undefined ? 0 : family === 4 ? AF_INET : AF_INET6,
    any_ranges: filter.ports?.length ?? 0,
    local_ranges: filter.localPorts?.length ?? 0,
    remote_ranges: filter.remotePorts?.length ?? 0,
    any_ports: ranges(filter.ports),
    local_ports: ranges(filter.localPorts),
    remote_ports: ranges(filter.remotePorts),
    by_network: flag(filter.networks),
    by_pid: flag(filter.pids),
    by_command: flag(filter.commands),
    by_cgroup: flag(filter.cgroups),
    by_netns: flag(filter.namespaces),
    by_uid: flag(filter.uids),
  };
}

export function fillMaps(object: BpfObject, filter: TcpStateFilter): void {
  for (const { words, prefix } of filter.networks ?? []) {
    const key = Buffer.alloc(20);
    key.writeUInt32LE(prefix, 0);
    for (const [i, word] of words.entries()) key.writeUInt32BE(word >>> 0, 4 + i * 4);
    object.map('networks').update(key, ONE);
  }
  const numbers: [string, readonly number[] | undefined][] = [
    ['pids', filter.pids],
    ['uids', filter.uids],
    ['namespaces', filter.namespaces],
    ['cgroups', filter.cgroups],
  ];
  for (const [name, values] of numbers) {
    for (const value of values ?? []) {
      const key = Buffer.alloc(8);
      key.writeBigUInt64LE(BigInt(value));
      object.map(name).update(key, ONE);
    }
  }
  for (const command of filter.commands ?? []) {
    const key = Buffer.alloc(16);
    Buffer.from(command).copy(key, 0, 0, COMMAND_BYTES);
    object.map('commands').update(key, ONE);
  }
}

function bits(numbers: readonly number[]): number {
  return numbers.reduce((mask, n) => mask | (1 << n), 0) >>> 0;
}

function ranges(list: readonly PortRange[] = []): Uint8Array {
  const words = new Uint16Array(MAX_PORT_RANGES * 2);
  for (const [i, { from, to }] of list.entries()) words.set([from, to], i * 2);
  return new Uint8Array(words.buffer);
}
