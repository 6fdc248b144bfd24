// What one analysing thread does: flows of the shards it owns, the conversations inside them, and the records that come of both.
// It sees staged rows and gives encoded records; it knows neither sources nor sinks.

import { fillRecord, fillView } from '../flow/document.ts';
import type { FlowEnd, FlowHandler, PacketPlace } from '../flow/handler.ts';
import { HOT_SHIFT } from '../flow/layout.ts';
import type { FlowOptions } from '../flow/lifetimes.ts';
import { Links } from '../flow/links.ts';
import { OwnAddresses } from '../flow/own-addresses.ts';
import { type FlowRecord, flowRecord } from '../flow/record.ts';
import type { Stage } from '../flow/stage.ts';
import type { FlowTable } from '../flow/table.ts';
import { TCP_EVENT_BIT, type TcpEvent } from '../flow/tcp-events.ts';
import { FlowTracker } from '../flow/tracker.ts';
import { PlaceDatabases, type PlaceFile } from '../processors/geoip.ts';
import { ProcessTable } from '../processors/process-table.ts';
import { FlowView } from '../protocols/flow-view.ts';
import type { Direction } from '../protocols/protocol.ts';
import { blankRecord, type RecordType } from '../records/record.ts';
import type { PacketBatch } from '../sources/source.ts';
import type { StreamOptions } from '../stream/options.ts';
import { adviseHugePages } from '../system/huge-pages.ts';
import { Applications } from './applications.ts';
import type { Conversation } from './conversation.ts';
import type { ConversationHost } from './conversation-host.ts';
import { Conversations } from './conversations.ts';
import type { Detection } from './detection.ts';
import type { WantedEncodings } from './encoded-rows.ts';
import type { FactReceiver } from './gathering.ts';
import { Ledger, OUTCOMES } from './ledger.ts';
import { FlowsByInterface, lookAtFlows } from './open-flows.ts';
import {
  ColumnOutlet,
  causeOf,
  PHASE_DEADLINE,
  PHASE_FRAGMENTS,
  PHASE_INTERVAL,
  PHASE_PACKET,
  PHASE_TIMEOUT,
  RowOutlet,
} from './outlet.ts';
import type { ShownTypes } from './plan.ts';
import { RecordCounts } from './record-counts.ts';
import { Slice } from './slice.ts';
import { Talkers } from './talkers.ts';
import type { EngineFigures } from './view.ts';

const OUT_FLOW = OUTCOMES.indexOf('flow');
const OUT_OVERLOAD = OUTCOMES.indexOf('overload');
const PHASES = {
  fragments: PHASE_FRAGMENTS,
  timeout: PHASE_TIMEOUT,
  interval: PHASE_INTERVAL,
  packet: PHASE_PACKET,
} as const;

export interface AnalysisOptions {
  flow: FlowOptions;
  stream: StreamOptions;
  /** One's own networks, for `network.direction`. */
  internalNetworks: readonly string[];
  /** Databases of places. */
  geoip: readonly PlaceFile[];
  /** Whether the processes of flows' ends are looked for. */
  wantsProcesses: boolean;
  /** Record types that are wanted, in a fixed order; their place is their number in batches. */
  types: readonly RecordType[];
  /** The same as documents and as columns show them. */
  shown: ShownTypes;
  wanted: WantedEncodings;
  /** Bytes that detection and the analyzer may hold for one flow. */
  maxHeldBytes: number;
  /** Bytes that conversations may take together. */
  maxConversationBytes: number;
  /** Whether to keep bytes by source and destination address for the summary. */
  wantsTalkers: boolean;
  /** How long others in the thread may wait while many documents are made, in ms; 0: nobody waits. */
  sliceMs: number;
  /** The reports of an interval may come while packets go on: see `FlowTracker.catchUp`. */
  rolling: boolean;
}

export class Analysis implements FlowHandler, ConversationHost<Conversation> {
  readonly tracker: FlowTracker;
  readonly ledger = new Ledger();
  /** Ends where others in the thread must have their turn; whoever drives this begins the next one. */
  readonly slice: Slice;
  readonly detection: Detection;
  readonly maxHeldBytes: number;
  readonly rows: RowOutlet | undefined;
  readonly columns: ColumnOutlet | undefined;
  readonly wantsPackets: boolean;
  readonly counts: RecordCounts;
  readonly talkers: Talkers | undefined;
  /** Where facts of several flows meet, when that is in this thread. */
  gathering: FactReceiver | undefined = undefined;
  readonly #links: Links;
  readonly #own: OwnAddresses | undefined;
  readonly #places: PlaceDatabases | undefined;
  readonly #processes: ProcessTable | undefined;
  readonly #conversations: Conversations;
  readonly #applications = new Applications();
  readonly #flowView = new FlowView();
  readonly #flowRecord: FlowRecord = blankRecord(flowRecord);
  readonly #flowType: number;
  readonly #typeNumbers = new Map<string, number>();
  #cause = 0;
  #number = 0;

  constructor(options: AnalysisOptions, detection: Detection, salts: readonly [number, number], owned: Uint8Array) {
    this.slice = new Slice(options.sliceMs);
    this.#places = options.geoip.length > 0 ? new PlaceDatabases(options.geoip) : undefined;
    this.#processes = options.wantsProcesses ? new ProcessTable() : undefined;
    // Who waits for packets captures them: what a file has may be another machine's.
    this.#own = options.rolling ? new OwnAddresses() : undefined;
    this.#links = new Links(options.internalNetworks, this.#places, this.#processes, this.#own);
    this.detection = detection;
    this.maxHeldBytes = options.maxHeldBytes;
    for (const [i, type] of options.types.entries()) this.#typeNumbers.set(type.name, i);
    this.#flowType = this.#typeNumbers.get('flow') ?? -1;
    this.counts = new RecordCounts(options.types);
    this.talkers = options.wantsTalkers ? new Talkers() : undefined;
    const { rows, idle } = options.wanted;
    this.rows = rows.length > 0 ? new RowOutlet(options.shown.rows, rows, idle) : undefined;
    this.columns = options.wanted.columns ? new ColumnOutlet(options.shown.columns) : undefined;
    this.wantsPackets = (['tcp', 'udp', 'icmp', 'icmpv6'] as const).some((transport) => detection.wants(transport));
    this.tracker = new FlowTracker(options.flow, salts, this.#links, this, owned, adviseHugePages, options.rolling);
    this.#conversations = new Conversations(
      this,
      this.tracker,
      this.#links,
      options.stream,
      options.maxConversationBytes,
    );
  }

  /** What the flow table counted, into the ledger: once, at the end. */
  finishCounts(): void {
    this.#processes?.close();
    for (const [what, n] of Object.entries(this.#flowCounts()))
      if (n > 0 || what === 'flows.created') this.ledger.count(what, n);
    for (const { noted } of [this.tracker.v4, this.tracker.v6])
      for (const [event, n] of noted) this.ledger.count(`tcp.${event}`, n);
    if (this.#places !== undefined && this.#places.failures > 0)
      this.ledger.count('geoip.failed', this.#places.failures);
    if (this.#links.overflow > 0) this.ledger.count('flows.without_link', this.#links.overflow);
  }

  set interfaceNames(names: readonly string[]) {
    this.#links.interfaceNames = names;
  }

  /** What was counted so far. Changes nothing. */
  figures(): Omit<EngineFigures, 'packets'> {
    const ledger = new Ledger();
    ledger.add(this.ledger);
    // Those that are 0 too: a metric is there before the first event.
    for (const [what, n] of Object.entries(this.#flowCounts())) ledger.count(what, n);
    const { records, errors, latencies } = this.counts;
    return { flows: this.tracker.flows, ledger: ledger.snapshot(), records, errors, latencies };
  }

  /** What the flow table counted, as the ledger names it. */
  #flowCounts(): Record<string, number> {
    const { created, evicted, evictedHalfOpen, expired, reused } = this.tracker.counters;
    return {
      'flows.created': created,
      'flows.evicted': evicted,
      'flows.evicted_half_open': evictedHalfOpen,
      'flows.expired': expired,
      'flows.port_reused': reused,
    };
  }

  /** Counts none yet. */
  flowsByInterface(): FlowsByInterface {
    return new FlowsByInterface(this.tracker, this.#links);
  }

  /** Gives what open flows of a shard saw since their last document to `put`, while it wants more. Changes nothing. */
  look(shard: number, put: (record: FlowRecord, view: FlowView) => boolean): boolean {
    return lookAtFlows(this.tracker, this.#links, this.#applications, this.#number, shard, put);
  }

  run(stage: Stage, batch: PacketBatch): boolean {
    return this.tracker.run(stage, batch);
  }

  // ---- FlowHandler

  full(): boolean {
    return this.rows?.isFull === true || this.columns?.isFull === true || this.slice.isOver;
  }

  cause(number: number, phase: keyof typeof PHASES): void {
    this.#number = number;
    this.#cause = causeOf(number, PHASES[phase]);
  }

  refused(packets: number, frameBytes: number): void {
    this.ledger.packets[OUT_OVERLOAD] += packets;
    this.ledger.bytes[OUT_OVERLOAD] += frameBytes;
    this.ledger.packets[OUT_FLOW] -= packets;
    this.ledger.bytes[OUT_FLOW] -= frameBytes;
  }

  packet(table: FlowTable, slot: number, side: 0 | 1, place: PacketPlace): void {
    const conversation = this.#conversations.of(table, slot, side, place);
    if (conversation === undefined) return;
    this.cause(place.number, 'packet');
    this.#conversations.feed(conversation, table, slot, side, place);
  }

  ended(table: FlowTable, slot: number, reason: FlowEnd): void {
    this.#conversations.ended(table, slot, reason);
    this.#document(table, slot, reason);
  }

  report(table: FlowTable, slot: number): void {
    this.#document(table, slot, 'interval');
  }

  tick(number: number, seconds: number): void {
    this.#own?.look();
    this.gathering?.tick(seconds, causeOf(number, PHASE_DEADLINE));
    const due = this.#conversations.due(seconds);
    if (due.length === 0) return;
    this.#number = number;
    this.#cause = causeOf(number, PHASE_DEADLINE);
    for (const conversation of due) {
      conversation.seconds = seconds;
      conversation.nanos = 0;
      conversation.packet = number;
      if (!conversation.isOver) conversation.expire();
    }
  }

  // ---- ConversationHost

  emit(conversation: Conversation, type: RecordType, record: object, from: Direction): void {
    this.put(
      type,
      record,
      from === 0 ? conversation.flow : conversation.flow.reversed,
      this.#cause,
      conversation.firstPacket,
    );
  }

  /** A record that is wanted or not, at its place in the output. */
  put(type: RecordType, record: object, view: FlowView, cause: number, first: number): void {
    const number = this.#typeNumbers.get(type.name);
    if (number === undefined) return;
    this.counts.count(number, record);
    this.rows?.put(number, record, view, cause, first);
    this.columns?.put(number, record, view);
  }

  share(conversation: Conversation, protocol: string, fact: object): void {
    this.gathering?.take(
      protocol,
      fact,
      conversation.seconds,
      conversation.nanos,
      this.#cause,
      conversation.firstPacket,
    );
  }

  deadline(conversation: Conversation, seconds: number): void {
    this.#conversations.deadline(conversation, seconds);
  }

  count(name: string, n: number): void {
    this.ledger.count(name, n);
  }

  noticed(conversation: Conversation, event: TcpEvent, n: number): void {
    this.ledger.count(`stream.${event}`, n);
    const table = this.#conversations.tableOf(conversation);
    table.notice(conversation.slot << HOT_SHIFT, TCP_EVENT_BIT[event]);
  }

  named(conversation: Conversation, protocol: string): void {
    this.#applications.name(this.#conversations.tableOf(conversation), conversation.slot, protocol);
  }

  wait(conversation: Conversation, bytes: number): boolean {
    return this.#conversations.wait(conversation, bytes);
  }

  hold(conversation: Conversation, bytes: number): void {
    this.#conversations.hold(conversation, bytes);
  }

  holdEarly(conversation: Conversation, bytes: number): boolean {
    return this.#conversations.holdEarly(conversation, bytes);
  }

  over(conversation: Conversation): void {
    this.#conversations.over(conversation);
  }

  rest(conversation: Conversation): void {
    this.#conversations.rest(conversation);
  }

  // ---- inside

  #document(table: FlowTable, slot: number, reason: FlowEnd | 'interval'): void {
    if (this.#flowType < 0) return;
    this.counts.plain(this.#flowType);
    this.slice.count();
    this.talkers?.add(table, slot);
    if (this.rows === undefined && this.columns === undefined) return;
    const view = fillView(this.#flowView, table, slot, this.#links, this.#number);
    const record = this.#flowRecord;
    fillRecord(record, table, slot, this.#links, this.#number, reason, this.#applications.of(table, slot));
    this.rows?.put(this.#flowType, record, view, this.#cause, record.firstPacket);
    this.columns?.put(this.#flowType, record, view);
  }
}
