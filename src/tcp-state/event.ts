// What a source of TCP events tells: one object, filled anew for each event by the built-in sources.

import { Address } from '../records/address.ts';

/**
 * What sources see happen. The records `connect`, `accept`, `close` and `fail` follow from changes of state (see lifecycle.ts), so
 * no source tells them.
 */
export const EVENT_KINDS = [
  'state',
  'retransmit',
  'synack-retransmit',
  'reset-sent',
  'reset-received',
  'error',
  'snapshot',
  'drops',
  'lost',
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

export type Role = 'client' | 'server' | 'unknown';

/** How the owner of a socket became known; `on-cpu`: it did not, and who ran on the CPU is named instead. */
export type Attribution = 'none' | 'connect' | 'listen' | 'close' | 'descriptor' | 'on-cpu';

/** Numbers are absent (undefined) where the source does not know them. */
export class TcpEvent {
  kind: EventKind = 'state';
  /** Unix time. */
  timeSeconds = 0;
  timeNanos = 0;

  /** Tells sockets apart as long as the machine runs. A number is written in hexadecimal digits, behind `socketRun`. */
  socket: string | number | undefined = undefined;
  /** Of a source whose numbers begin anew with each run: what tells this run from others. */
  socketRun = '';
  protocol: 'tcp' | 'mptcp' = 'tcp';
  local = new Address();
  remote = new Address();
  /** 0: not bound yet. */
  localPort = 0;
  remotePort = 0;
  role: Role = 'unknown';

  /** Numbers of states.ts; the same when the state did not change. */
  oldState = 0;
  newState = 0;
  /** ns in the old state; ns since the connection, or the listening, began. */
  stateNs: number | undefined = undefined;
  lifetimeNs: number | undefined = undefined;

  /** Process that owns the socket. */
  pid: number | undefined = undefined;
  command: string | undefined = undefined;
  attribution: Attribution = 'none';
  uid: number | undefined = undefined;
  gid: number | undefined = undefined;
  /** Process that was on the CPU when it happened. */
  cpuPid: number | undefined = undefined;
  cpuCommand: string | undefined = undefined;

  /** Inode numbers. */
  netns: number | undefined = undefined;
  cgroup: number | undefined = undefined;
  inode: number | undefined = undefined;
  /** State of the BSD socket around it (include/uapi/linux/net.h: socket_state). */
  socketState: number | undefined = undefined;
  /** Index of the interface that the socket is bound to, or that a segment came in by. */
  interfaceIndex: number | undefined = undefined;
  mark: number | undefined = undefined;

  /** Payload bytes; what was sent again counts once. */
  bytesSent: number | undefined = undefined;
  bytesReceived: number | undefined = undefined;
  segmentsSent: number | undefined = undefined;
  segmentsReceived: number | undefined = undefined;
  retransmissions: number | undefined = undefined;
  /** ns */
  rttNs: number | undefined = undefined;
  minRttNs: number | undefined = undefined;

  /** errno of the socket. */
  error: number | undefined = undefined;
  /** Why a reset was sent. */
  reason: string | undefined = undefined;
  /** Events that were lost (`lost`), segments that were dropped (`drops`), since the previous such event. */
  count: number | undefined = undefined;
  /** Dropped segments by the kernel's reason. */
  drops: readonly (readonly [string, number])[] | undefined = undefined;
}

/** What the socket has counted so far is not known. */
export function clearCounters(event: TcpEvent): void {
  event.bytesSent = undefined;
  event.bytesReceived = undefined;
  event.segmentsSent = undefined;
  event.segmentsReceived = undefined;
  event.retransmissions = undefined;
  event.rttNs = undefined;
  event.minRttNs = undefined;
}

/** One to keep. */
export function copyOf(event: TcpEvent): TcpEvent {
  const { local, remote } = event;
  return Object.assign(new TcpEvent(), event, { local: new Address().copy(local), remote: new Address().copy(remote) });
}

/** An event of a source about itself, now. */
export function aboutSource(kind: 'lost' | 'drops', count: number, drops?: TcpEvent['drops']): TcpEvent {
  const event = new TcpEvent();
  const nowMs = Date.now();
  event.kind = kind;
  event.timeSeconds = Math.floor(nowMs / 1000);
  event.timeNanos = (nowMs % 1000) * 1_000_000;
  event.count = count;
  event.drops = drops;
  return event;
}

// A member that was only ever undefined or a double is, to V8, one that never is a small integer: compiled code turns whole doubles into small
// integers, finds that they do not fit, and is thrown away and made again at every event (with deoptimization traces: reason Smi). V8 knows
// what was in members as long as there is an object that had it, so this one stays.
export const SEEN = new TcpEvent();
SEEN.stateNs = SEEN.lifetimeNs = SEEN.rttNs = SEEN.minRttNs = SEEN.cgroup = SEEN.netns = SEEN.inode = 0;
SEEN.uid = SEEN.gid = SEEN.bytesSent = SEEN.bytesReceived = SEEN.segmentsSent = SEEN.segmentsReceived = 0;
