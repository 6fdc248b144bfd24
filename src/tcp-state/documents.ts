// From an event to its records. One record object per type is filled again and again; `put` encodes it at once.

import { randomBytes } from 'node:crypto';
import { getSystemErrorName } from 'node:util';
import { blankRecord } from '../records/record.ts';
import type { Containers } from './containers.ts';
import type { TcpEvent } from './event.ts';
import { endReason, type LifeKind, lifeKind, type RecordKind } from './lifecycle.ts';
import { type TcpAuditRecord, type TcpStateRecord, tcpAuditRecord, tcpStateRecord } from './record.ts';
import { STATE_NAMES } from './states.ts';
import { TcpView } from './view.ts';

const START = ['connection', 'start'] as const;
const END = ['connection', 'end'] as const;
const INFO = ['connection', 'info'] as const;
const EVENT_TYPES: Readonly<Partial<Record<RecordKind, readonly string[]>>> = {
  connect: START,
  accept: START,
  close: END,
  fail: END,
};
const OUTCOMES: Readonly<Partial<Record<RecordKind, string>>> = {
  connect: 'success',
  accept: 'success',
  fail: 'failure',
  error: 'failure',
};
/** Of these the time since the connection began is told. */
const WITH_DURATION = new Set<RecordKind>(['connect', 'accept', 'close', 'fail']);
const SOCKET_STATES = ['FREE', 'UNCONNECTED', 'CONNECTING', 'CONNECTED', 'DISCONNECTING'];

/** ECS documents, or tcp-audit's. */
export const LAYOUTS = ['ecs', 'tcp-audit'] as const;
export type Layout = (typeof LAYOUTS)[number];

export const layoutType = (layout: Layout) => (layout === 'ecs' ? tcpStateRecord : tcpAuditRecord);

export type Put = (record: object, view: object) => void;

export class TcpDocuments {
  readonly #kinds: ReadonlySet<RecordKind> | undefined;
  readonly #layout: Layout;
  readonly #containers: Containers | undefined;
  readonly #put: Put;
  readonly #view = new TcpView();
  readonly #record: TcpStateRecord = blankRecord(tcpStateRecord);
  readonly #audit: TcpAuditRecord = blankRecord(tcpAuditRecord);
  readonly #run = randomBytes(8).toString('hex');
  readonly #errors = new Map<number, string>();
  #sequence = 0;
  /** Records by kind. */
  readonly counts: Record<string, number> = {};

  /** `kinds` undefined: all. */
  constructor(
    kinds: ReadonlySet<RecordKind> | undefined,
    layout: Layout,
    containers: Containers | undefined,
    put: Put,
  ) {
    this.#kinds = kinds;
    this.#layout = layout;
    this.#containers = containers;
    this.#put = put;
  }

  get records(): number {
    return this.#sequence;
  }

  /** The event's records: itself, and what it means. */
  add(event: TcpEvent): void {
    const isState = event.kind === 'state';
    if (this.#layout === 'tcp-audit') {
      if (isState) this.#putAudit(event);
      return;
    }
    const life = isState ? lifeKind(event) : undefined;
    const isItself = this.#isWanted(event.kind);
    const isLife = life !== undefined && this.#isWanted(life);
    if (!isItself && !isLife) return;
    this.#fill(event);
    if (isItself) this.#putKind(event, event.kind);
    if (isLife) this.#putKind(event, life);
  }

  #isWanted(kind: RecordKind): boolean {
    return this.#kinds === undefined || this.#kinds.has(kind);
  }

  #fill(event: TcpEvent): void {
    const record = this.#record;
    const isAboutSocket = event.kind !== 'drops' && event.kind !== 'lost';
    record.timeSeconds = event.seconds;
    record.timeNanos = event.nanos;
    record.protocol = event.protocol;
    record.role = event.role;
    record.oldState = isAboutSocket ? STATE_NAMES[event.oldState] : undefined;
    record.newState = isAboutSocket ? STATE_NAMES[event.newState] : undefined;
    record.stateDuration = event.stateNs;
    record.rtt = event.rttNs;
    record.minRtt = event.minRttNs;
    record.retransmissions = event.retransmissions;
    record.error = event.error === undefined ? undefined : this.#errorName(event.error);
    record.pid = event.pid;
    record.command = event.command;
    record.attribution = event.attribution;
    record.cpuPid = event.cpuPid;
    record.cpuCommand = event.cpuCommand;
    record.cgroupId = event.cgroup;
    const place = event.cgroup === undefined ? undefined : this.#containers?.of(event.cgroup);
    record.cgroup = place?.path;
    record.containerId = place?.container;
    record.netns = event.netns;
    record.interfaceIndex = event.interfaceIndex;
    record.mark = event.mark;
    record.count = event.count;
    record.drops = event.drops;
    this.#view.set(event);
  }

  #putKind(event: TcpEvent, kind: RecordKind): void {
    const record = this.#record;
    record.kind = kind;
    record.sequence = ++this.#sequence;
    record.eventType = EVENT_TYPES[kind] ?? INFO;
    record.duration = WITH_DURATION.has(kind) ? (event.lifetimeNs ?? attemptNs(event, kind as LifeKind)) : undefined;
    record.outcome = kind === 'close' ? (event.error === undefined ? 'success' : 'failure') : OUTCOMES[kind];
    record.reason = kind === 'close' ? endReason(event) : event.reason;
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    this.#put(record, this.#view);
  }

  #putAudit(event: TcpEvent): void {
    const record = this.#audit;
    const sequence = ++this.#sequence;
    record.timeSeconds = event.seconds;
    record.timeNanos = event.nanos;
    record.uid = `${this.#run}-${sequence}`;
    record.pidOnCpu = event.cpuPid;
    record.commandOnCpu = event.cpuCommand;
    record.sourceIp = event.local;
    record.sourcePort = event.localPort;
    record.destinationIp = event.remote;
    record.destinationPort = event.remotePort;
    record.oldState = STATE_NAMES[event.oldState];
    record.newState = STATE_NAMES[event.newState];
    record.socketId = typeof event.socket === 'number' ? event.socket.toString(16) : event.socket;
    record.socketInode = event.inode;
    record.socketUid = event.uid;
    record.socketGid = event.gid;
    record.socketState = event.socketState === undefined ? undefined : SOCKET_STATES[event.socketState];
    this.counts.state = (this.counts.state ?? 0) + 1;
    this.#put(record, this.#view);
  }

  #errorName(error: number): string {
    let name = this.#errors.get(error);
    if (name === undefined) {
      name = getSystemErrorName(-error);
      this.#errors.set(error, name);
    }
    return name;
  }
}

/** A source that does not know when the attempt began knows how long the last state took. */
function attemptNs(event: TcpEvent, kind: LifeKind): number | undefined {
  return kind === 'close' ? undefined : event.stateNs;
}
