// From an event to its records: the event itself, with what follows from it in a view; or tcp-audit's words, in one object that is filled
// again and again. `put` encodes at once.

import { randomBytes } from 'node:crypto';
import { blankRecord } from '../records/record.ts';
import type { Containers } from './containers.ts';
import type { TcpEvent } from './event.ts';
import { LIFE_KINDS, lifeKind, RECORD_KINDS, type RecordKind } from './lifecycle.ts';
import { type TcpAuditRecord, type TcpStateRecord, tcpAuditRecord, tcpStateRecord } from './record.ts';
import { numberedSocket } from './socket-ids.ts';
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
const SOCKET_STATES = ['FREE', 'UNCONNECTED', 'CONNECTING', 'CONNECTED', 'DISCONNECTING'];

/** ECS documents, or tcp-audit's. */
export const LAYOUTS = ['ecs', 'tcp-audit'] as const;
export type Layout = (typeof LAYOUTS)[number];

export const layoutType = (layout: Layout) => (layout === 'ecs' ? tcpStateRecord : tcpAuditRecord);

export type Put = (record: object, view: object) => void;

/** What is the same in all records of a kind, and how many there were. */
interface Told {
  readonly kind: RecordKind;
  readonly isWanted: boolean;
  readonly eventType: readonly string[];
  readonly outcome: string | undefined;
  /** Whether the time since the connection began is told. */
  readonly isLife: boolean;
  count: number;
}

export class TcpDocuments {
  readonly #told: ReadonlyMap<RecordKind, Told>;
  /** The commonest by far. */
  readonly #state: Told;
  readonly #layout: Layout;
  readonly #put: Put;
  readonly #view: TcpView;
  readonly #audit: TcpAuditRecord = blankRecord(tcpAuditRecord);
  readonly #run = randomBytes(8).toString('hex');
  readonly #most: number;
  #sequence = 0;

  /** `kinds` undefined: all. `maxRecords` 0: no limit. */
  constructor(
    kinds: ReadonlySet<RecordKind> | undefined,
    layout: Layout,
    containers: Containers | undefined,
    put: Put,
    maxRecords = 0,
  ) {
    this.#most = maxRecords === 0 ? Number.POSITIVE_INFINITY : maxRecords;
    const told = RECORD_KINDS.map((kind) => ({
      kind,
      isWanted: kinds === undefined || kinds.has(kind),
      eventType: EVENT_TYPES[kind] ?? INFO,
      outcome: OUTCOMES[kind],
      isLife: (LIFE_KINDS as readonly string[]).includes(kind),
      count: 0,
    }));
    this.#told = new Map(told.map((one) => [one.kind, one]));
    this.#state = this.#told.get('state')!;
    this.#layout = layout;
    this.#view = new TcpView(containers);
    this.#put = put;
  }

  get records(): number {
    return this.#sequence;
  }
  /** Records by kind, of the kinds that there were. */
  get counts(): Record<string, number> {
    return Object.fromEntries(
      [...this.#told.values()].flatMap(({ kind, count }) => (count > 0 ? [[kind, count]] : [])),
    );
  }

  /** The event's records: itself, and what it means. */
  add(event: TcpEvent): void {
    const isState = event.kind === 'state';
    if (this.#layout === 'tcp-audit') {
      if (isState) this.#putAudit(event);
      return;
    }
    const itself = isState ? this.#state : this.#told.get(event.kind)!;
    const lifeOfIt = isState ? lifeKind(event) : undefined;
    const life = lifeOfIt === undefined ? undefined : this.#told.get(lifeOfIt)!;
    const isLife = life?.isWanted === true;
    if (!itself.isWanted && !isLife) return;
    this.#view.set(event);
    if (itself.isWanted) this.#putKind(event, itself);
    if (isLife) this.#putKind(event, life);
  }

  #putKind(event: TcpEvent, told: Told): void {
    // An event may be two records.
    if (this.#sequence >= this.#most) return;
    const view = this.#view;
    view.setKind(event, told.kind, told.isLife, told.outcome);
    view.eventType = told.eventType;
    view.sequence = ++this.#sequence;
    told.count++;
    this.#put(event satisfies TcpStateRecord, view);
  }

  #putAudit(event: TcpEvent): void {
    if (this.#sequence >= this.#most) return;
    const record = this.#audit;
    const sequence = ++this.#sequence;
    record.timeSeconds = event.timeSeconds;
    record.timeNanos = event.timeNanos;
    record.uid = `${this.#run}-${sequence}`;
    record.pidOnCpu = event.cpuPid;
    record.commandOnCpu = event.cpuCommand;
    record.sourceIp = event.local;
    record.sourcePort = event.localPort;
    record.destinationIp = event.remote;
    record.destinationPort = event.remotePort;
    record.oldState = STATE_NAMES[event.oldState];
    record.newState = STATE_NAMES[event.newState];
    record.socketId = typeof event.socket === 'number' ? numberedSocket(event.socket, event.socketRun) : event.socket;
    record.socketInode = event.inode;
    record.socketUid = event.uid;
    record.socketGid = event.gid;
    record.socketState = event.socketState === undefined ? undefined : SOCKET_STATES[event.socketState];
    this.#state.count++;
    this.#put(record, this.#view);
  }
}
