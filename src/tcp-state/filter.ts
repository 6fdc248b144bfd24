// Which events are asked for. Sources that can, have the kernel apply it; for the others there is `matcherOf`.

import { inNetwork, type Network } from '../records/network.ts';
import { wireText } from '../records/text.ts';
import type { Containers } from './containers.ts';
import type { EventKind, TcpEvent } from './event.ts';

export interface PortRange {
  from: number;
  to: number;
}

/** Everything absent or empty: all events. Each list is a choice; an event must pass all lists. */
export interface TcpStateFilter {
  kinds?: ReadonlySet<EventKind>;
  /** Changes from or to these states. */
  states?: readonly number[];
  /** Local or remote port. */
  ports?: readonly PortRange[];
  localPorts?: readonly PortRange[];
  remotePorts?: readonly PortRange[];
  /** Local or remote address. */
  networks?: readonly Network[];
  family?: 4 | 6;
  pids?: readonly number[];
  /** Names of commands: the first 15 bytes count, which is what the kernel keeps. */
  commands?: readonly string[];
  uids?: readonly number[];
  /** Inode numbers of cgroups (those inside them count too) and of network namespaces. */
  cgroups?: readonly number[];
  namespaces?: readonly number[];
}

export const COMMAND_BYTES = 15;
/** Most ranges of ports of each kind. */
export const MAX_PORT_RANGES = 16;

/** Whether something other than kinds is asked for. */
export function isNarrow({ kinds: _, ...rest }: TcpStateFilter): boolean {
  return Object.values(rest).some((value) => value !== undefined);
}

/** What is to be known of what is asked for, for people; undefined: nothing. */
export function remarkOn(filter: TcpStateFilter): string | undefined {
  if (filter.kinds?.has('drops') !== true || !isNarrow(filter)) return undefined;
  return 'drops are counted for the whole machine, whatever sockets are asked for';
}

/** A predicate for events, undefined when everything passes. `containers`: where cgroups are looked up. */
export function matcherOf(
  filter: TcpStateFilter,
  containers: Pick<Containers, 'contains'>,
): ((event: TcpEvent) => boolean) | undefined {
  const tests: ((event: TcpEvent) => boolean)[] = [];
  const { kinds, states, ports, localPorts, remotePorts, networks, family } = filter;
  if (kinds !== undefined) tests.push(kindTest(kinds));
  if (filled(states)) tests.push((e) => states.includes(e.oldState) || states.includes(e.newState));
  if (filled(ports)) tests.push((e) => inRanges(ports, e.localPort) || inRanges(ports, e.remotePort));
  if (filled(localPorts)) tests.push((e) => inRanges(localPorts, e.localPort));
  if (filled(remotePorts)) tests.push((e) => inRanges(remotePorts, e.remotePort));
  if (filled(networks)) tests.push((e) => networks.some((n) => inNetwork(n, e.local) || inNetwork(n, e.remote)));
  if (family !== undefined) tests.push((e) => e.local.v6 === (family === 6));
  const choices: [readonly (number | string)[] | undefined, (e: TcpEvent) => number | string | undefined][] = [
    [filter.pids, (e) => e.pid],
    [filter.commands?.map(shownCommand), (e) => e.command],
    [filter.uids, (e) => e.uid],
    [filter.namespaces, (e) => e.netns],
  ];
  for (const [wanted, value] of choices) {
    if (!filled(wanted)) continue;
    const set = new Set(wanted);
    tests.push((e) => set.has(value(e) ?? -1));
  }
  const { cgroups } = filter;
  if (filled(cgroups)) {
    tests.push(({ cgroup }) => cgroup !== undefined && cgroups.some((outer) => containers.contains(outer, cgroup)));
  }
  if (tests.length === 0) return undefined;
  return (event) => {
    // What the source says about itself is not about a socket.
    if (event.kind === 'lost' || event.kind === 'drops') return true;
    for (let i = 0; i < tests.length; i++) if (!tests[i](event)) return false;
    return true;
  };
}

/** As events have it: the last character may have been cut. */
function shownCommand(name: string): string {
  const bytes = Buffer.from(name);
  return wireText(bytes, 0, Math.min(bytes.length, COMMAND_BYTES));
}

/** Nearly all events are of one kind, so the set is not asked each time. */
function kindTest(kinds: ReadonlySet<EventKind>): (event: TcpEvent) => boolean {
  let last: EventKind | undefined;
  let isWanted = false;
  return ({ kind }) => {
    if (kind !== last) {
      last = kind;
      isWanted = kinds.has(kind);
    }
    return isWanted;
  };
}

function filled<T>(list: readonly T[] | undefined): list is readonly T[] {
  return list !== undefined && list.length > 0;
}

function inRanges(ranges: readonly PortRange[], port: number): boolean {
  for (let i = 0; i < ranges.length; i++) if (port >= ranges[i].from && port <= ranges[i].to) return true;
  return false;
}
