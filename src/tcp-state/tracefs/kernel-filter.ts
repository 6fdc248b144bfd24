// A filter in the words of the kernel's event filters (Documentation/trace/events.rst, "Event filtering"): ports, states, family. What
// they can not say is looked at afterwards.

import type { PortRange, TcpStateFilter } from '../filter.ts';
import { CLOSED, LISTEN } from '../states.ts';
import type { EventFormat } from './format.ts';

const AF_INET6 = 10;
/** A port that is not chosen yet, at the change to SYN-SENT: without it the owner would not be known later. */
const NOT_YET = 'sport == 0';
/** Who begins to listen, and who ends it: connections that come of it are chosen by the port of the other side, too. */
const LISTENING = `newstate == ${LISTEN} || (oldstate == ${LISTEN} && newstate == ${CLOSED})`;
const IPPROTO_TCP = 6;
const IPPROTO_MPTCP = 262;

/**
 * The expression for an event; empty for everything. Changes of state are never chosen by state here: lives are followed through all.
 */
export function kernelFilter(filter: TcpStateFilter, format: EventFormat): string {
  const has = (name: string) => format.fields.has(name);
  const parts: string[] = [];
  if (has('protocol')) parts.push(`(protocol == ${IPPROTO_TCP} || protocol == ${IPPROTO_MPTCP})`);
  // IPv4 may also come through a socket of IPv6.
  if (filter.family === 6 && has('family')) parts.push(`family == ${AF_INET6}`);
  if (has('sport') && has('dport')) {
    const { ports = [], localPorts = [], remotePorts = [] } = filter;
    const owners = has('newstate') ? [NOT_YET, LISTENING] : [];
    if (ports.length > 0) parts.push(either([...inRanges('sport', ports), ...inRanges('dport', ports), ...owners]));
    if (localPorts.length > 0) parts.push(either([...inRanges('sport', localPorts), ...owners]));
    if (remotePorts.length > 0) parts.push(either([...inRanges('dport', remotePorts), ...owners]));
  }
  return parts.join(' && ');
}

function inRanges(field: string, ranges: readonly PortRange[]): string[] {
  return ranges.map(({ from, to }) =>
    from === to ? `${field} == ${from}` : `(${field} >= ${from} && ${field} <= ${to})`,
  );
}
const either = (tests: readonly string[]): string => `(${tests.join(' || ')})`;
