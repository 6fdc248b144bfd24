// What one analysing thread does: flows of the shards it owns, the conversations inside them, and the records that come of both.
// It sees staged rows and gives encoded records; it knows neither sources nor sinks.

import { fillRecord, fillView, firstPacketOf } from '../flow/document.ts';
import type { FlowEnd, FlowHandler, PacketPlace } from '../flow/handler.ts';
import { SHARDS } from '../flow/hash.ts';
import * as layout from '../flow/layout.ts';
import { coldAt } from '../flow/layout.ts';
import type { FlowOptions } from '../flow/lifetimes.ts';
import { Links } from '../flow/links.ts';
import { type FlowRecord, flowRecord } from '../flow/record.ts';
import type { Stage } from '../flow/stage.ts';
import * as stageWords from '../flow/stage.ts';
import { viewOfExtra } from '../flow/stage.ts';
import type { FlowTable } from '../flow/table.ts';
import { TCP_EVENT_BIT, type TcpEvent } from '../flow/tcp-events.ts';
import { tcpState } from '../flow/tcp-state.ts';
import { FlowTracker } from '../flow/tracker.ts';
import { FlowView } from '../protocols/flow-view.ts';
import type { Direction, Transport } from '../protocols/protocol.ts';
import { blankRecord, type RecordType } from '../records/record.ts';
import { PACKET_CHECKSUM_PENDING, type PacketBatch } from '../sources/source.ts';
import type { StreamOptions } from '../stream/options.ts';
import { RecentBytes } from '../stream/recent-bytes.ts';
import { Segment } from '../stream/segment.ts';
import { TcpStream } from '../stream/tcp-stream.ts';
import { adviseHugePages } from '../system/huge-pages.ts';
import { Applications } from './applications.ts';
import { Conversation, type ConversationHost } from './conversation.ts';
import { Deadlines } from './deadlines.ts';
import type { Detection } from './detection.ts';
import type { WantedEncodings } from './encoded-rows.ts';
import type { FactReceiver } from './gathering.ts';
import { Ledger, OUTCOMES } from './ledger.ts';
import { flowsByInterface, lookAtFlows } from './open-flows.ts';
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

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  C_CONVERSATION,
  C_SYN_A,
  C_SYN_B,
  F_SEQUENCE_A,
  F_STATE,
  HOT_SHIFT,
  S_INITIATOR_B,
  S_SEQUENCE_A,
  S_UNINTERESTING,
  TCP_REJECTED,
  TCP_RESET,
} = layout;
const {
  INFO_FAULTY,
  INFO_ICMP,
  INFO_TCP,
  ROW_INFO,
  ROW_MARKS,
  ROW_NETWORK,
  ROW_PACKET,
  ROW_PAYLOAD,
  ROW_PAYLOAD_END,
  ROW_PAYLOAD_LENGTH,
  ROW_TRANSPORT,
} = stageWords;

const OUT_FLOW = OUTCOMES.indexOf('flow');
const OUT_OVERLOAD = OUTCOMES.indexOf('overload');
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
const PROTOCOL_ICMP = 1;
const PROTOCOL_ICMPV6 = 58;

const PHASES = {
  fragments: PHASE_FRAGMENTS,
  timeout: PHASE_TIMEOUT,
  interval: PHASE_INTERVAL,
  packet: PHASE_PACKET,
} as const;

export interface AnalysisOptions {
  flow: FlowOptions;
  stream: StreamOptions;
  /** Record types that are wanted, in a fixed order; their place is their number in batches. */
  types: readonly RecordType[];
  /** The same as documents and as columns show them. */
  shown: ShownTypes;
  wanted: WantedEncodings;
  /** Bytes that detection and the analyzer may hold for one flow. */
  maxHeldBytes: number;
  /** Whether to keep bytes by source and destination address for the summary. */
  wantsTalkers: boolean;
  /** How long others in the thread may wait while many documents are made, in ms; 0: nobody waits. */
  sliceMs: number;
  /** The reports of an interval may come while packets go on: see `FlowTracker.catchUp`. */
  rolling: boolean;
}

export class Analysis implements FlowHandler, ConversationHost {
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
  readonly #options: AnalysisOptions;
  readonly #links = new Links();
  readonly #conversations: (Conversation | undefined)[] = [undefined];
  readonly #free: number[] = [];
  readonly #waiting = new Float64Array(SHARDS);
  readonly #segment = new Segment();
  readonly #recent: (RecentBytes | undefined)[] = new Array(SHARDS).fill(undefined);
  readonly #applications = new Applications();
  readonly #flowView = new FlowView();
  readonly #flowRecord: FlowRecord = blankRecord(flowRecord);
  readonly #flowType: number;
  readonly #typeNumbers = new Map<string, number>();
  #cause = 0;
  #number = 0;
  readonly #deadlines = new Deadlines();

  constructor(options: AnalysisOptions, detection: Detection, salts: readonly [number, number], owned: Uint8Array) {
    this.#options = options;
    this.slice = new Slice(options.sliceMs);
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
  }

  /** What the flow table counted, into the ledger: once, at the end. */
  finishCounts(): void {
    for (const [what, n] of Object.entries(this.#flowCounts()))
      if (n > 0 || what === 'flows.created') this.ledger.count(what, n);
    for (const { noted } of [this.tracker.v4, this.tracker.v6])
      for (const [event, n] of noted) this.ledger.count(`tcp.${event}`, n);
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

  /** Open flows by the interface that saw their first packet. */
  flowsByInterface(): Record<string, number> {
    return flowsByInterface(this.tracker, this.#links);
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
    const words = table.words;
    const base = slot << HOT_SHIFT;
    if ((words[base + F_STATE] & S_UNINTERESTING) !== 0) return;
    const { rows } = place.stage;
    const row = place.row;
    const info = rows[row + ROW_INFO];
    // A broken header leaves nothing to go by.
    if ((info & INFO_FAULTY) !== 0 && (info & INFO_TCP) !== 0) return;
    let conversation = this.#conversations[table.cold[coldAt(base) + C_CONVERSATION]];
    if (conversation === undefined) {
      // A connection is looked into from the ACK of its handshake on: it tells what the receivers of its data will take.
      if (
        (info & INFO_TCP) !== 0 &&
        rows[row + ROW_PAYLOAD_LENGTH] === 0 &&
        this.tracker.establishedBy !== place.number
      )
        return;
      // What still comes after a refusal or a reset has no receiver.
      if ((info & INFO_TCP) !== 0 && isRefused(words[base + F_STATE])) return;
      conversation = this.#converse(table, slot, base, side, info, place);
      if (conversation === undefined) return;
    }
    this.cause(place.number, 'packet');
    conversation.seconds = place.seconds;
    conversation.nanos = place.nanos;
    conversation.packet = place.number;
    const bytes = place.extra === null ? place.batch.bytes : place.extra.bytes!;
    const to = rows[row + ROW_PAYLOAD_END];
    const length = rows[row + ROW_PAYLOAD_LENGTH];
    if ((info & INFO_TCP) !== 0) {
      const t = rows[row + ROW_TRANSPORT];
      const view = place.extra === null ? place.batch.view : viewOfExtra(bytes);
      const segment = this.#segment;
      segment.from = Math.min(rows[row + ROW_PAYLOAD], to);
      segment.to = to;
      segment.length = length;
      segment.ttl = (rows[row + ROW_MARKS] >>> 8) & 0xff;
      segment.seconds = place.seconds;
      segment.nanos = place.nanos;
      segment.packet = place.number;
      segment.read(bytes, view, rows[row + ROW_NETWORK], t);
      // The network card will fill in the checksum.
      if (place.extra === null && (place.batch.flags[rows[row + ROW_PACKET]] & PACKET_CHECKSUM_PENDING) !== 0)
        segment.transport = -1;
      conversation.stream!.segment(side, segment);
      if (conversation.stream?.ignoredReset === true) this.tracker.takeBackReset(table, slot);
      if (conversation.stream?.isReset === true) conversation.end('rst');
      else if (conversation.stream?.sides[0].finished === true && conversation.stream.sides[1].finished) {
        conversation.end('fin');
      }
    } else if ((info & INFO_ICMP) !== 0) {
      const t = rows[row + ROW_TRANSPORT];
      conversation.datagram(side, bytes, t, to, length + (rows[row + ROW_PAYLOAD] - t));
    } else if (to > rows[row + ROW_PAYLOAD]) conversation.datagram(side, bytes, rows[row + ROW_PAYLOAD], to, length);
  }

  ended(table: FlowTable, slot: number, reason: FlowEnd): void {
    const base = slot << HOT_SHIFT;
    const index = table.cold[coldAt(base) + C_CONVERSATION];
    const conversation = this.#conversations[index];
    if (conversation !== undefined) {
      conversation.end(reason);
      this.#forget(index);
    }
    this.#document(table, slot, reason);
  }

  report(table: FlowTable, slot: number): void {
    this.#document(table, slot, 'interval');
  }

  tick(number: number, seconds: number): void {
    this.gathering?.tick(seconds, causeOf(number, PHASE_DEADLINE));
    const due = this.#deadlines.take(seconds);
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
    this.#deadlines.set(conversation, seconds);
  }

  count(name: string, n: number): void {
    this.ledger.count(name, n);
  }

  noticed(conversation: Conversation, event: TcpEvent, n: number): void {
    this.ledger.count(`stream.${event}`, n);
    const table = this.#tableOf(conversation);
    table.notice(conversation.slot << HOT_SHIFT, TCP_EVENT_BIT[event]);
  }

  named(conversation: Conversation, protocol: string): void {
    this.#applications.name(this.#tableOf(conversation), conversation.slot, protocol);
  }

  wait(conversation: Conversation, bytes: number): boolean {
    this.#waiting[conversation.shard] += bytes;
    return this.#waiting[conversation.shard] <= this.#options.stream.maxShardBytes;
  }

  over(conversation: Conversation): void {
    const table = this.#tableOf(conversation);
    table.words[(conversation.slot << HOT_SHIFT) + F_STATE] |= S_UNINTERESTING;
    this.rest(conversation);
  }

  rest(conversation: Conversation): void {
    const table = this.#tableOf(conversation);
    const at = coldAt(conversation.slot << HOT_SHIFT) + C_CONVERSATION;
    this.#deadlines.drop(conversation);
    this.#forget(table.cold[at]);
    table.cold[at] = 0;
  }

  // ---- inside

  #tableOf({ v6 }: Conversation): FlowTable {
    return v6 ? this.tracker.v6 : this.tracker.v4;
  }

  #forget(index: number): void {
    if (index === 0 || this.#conversations[index] === undefined) return;
    this.#conversations[index] = undefined;
    this.#free.push(index);
  }

  /** A conversation for a flow, or none when nothing is analysed on its transport. */
  #converse(
    table: FlowTable,
    slot: number,
    base: number,
    side: 0 | 1,
    info: number,
    place: PacketPlace,
  ): Conversation | undefined {
    const words = table.words;
    if ((info & INFO_FAULTY) !== 0 && (info & INFO_TCP) === 0) return undefined;
    const protocol = place.stage.rows[place.row + 5] & 255;
    const transport: Transport | undefined =
      protocol === PROTOCOL_TCP
        ? 'tcp'
        : protocol === PROTOCOL_UDP
          ? 'udp'
          : protocol === PROTOCOL_ICMP && !table.v6
            ? 'icmp'
            : protocol === PROTOCOL_ICMPV6 && table.v6
              ? 'icmpv6'
              : undefined;
    if (
      transport === undefined ||
      !this.detection.wants(transport) ||
      (transport === 'tcp' && (info & INFO_TCP) === 0)
    ) {
      words[base + F_STATE] |= S_UNINTERESTING;
      return undefined;
    }
    const state = words[base + F_STATE];
    const view = fillView(new FlowView(), table, slot, this.#links, place.number);
    const first = firstPacketOf(table, base, place.number);
    const initiator = (state & S_INITIATOR_B) !== 0 ? 1 : 0;
    const conversation = new Conversation(this, view, transport, first, table.shardOfRow(base), initiator);
    conversation.slot = slot;
    conversation.v6 = table.v6;
    const index = this.#free.pop() ?? this.#conversations.length;
    this.#conversations[index] = conversation;
    table.cold[coldAt(base) + C_CONVERSATION] = index;
    if (transport === 'tcp') {
      this.#recent[conversation.shard] ??= new RecentBytes();
      const stream = new TcpStream(conversation, this.#options.stream, this.#recent[conversation.shard]!);
      conversation.stream = stream;
      this.#beginSides(table, base, side, stream);
    }
    const forced = this.detection.forced(transport, view.sourcePort, view.destinationPort);
    if (forced !== undefined) conversation.open(forced);
    return conversation;
  }

  /** The flow's header tracking knows what comes next on each side; the present segment is already counted there. */
  #beginSides(table: FlowTable, base: number, side: 0 | 1, stream: TcpStream): void {
    const words = table.words;
    const other = (1 - side) as 0 | 1;
    if ((words[base + F_STATE] & (S_SEQUENCE_A << other)) !== 0)
      stream.begin(other, words[base + F_SEQUENCE_A + other]);
    if (this.tracker.sequenceBeforeKnown[side]) stream.begin(side, this.tracker.sequenceBefore[side]);
    const cold = coldAt(base);
    stream.handshake(table.cold[cold + C_SYN_A], table.cold[cold + C_SYN_B]);
  }

  #document(table: FlowTable, slot: number, reason: FlowEnd | 'interval'): void {
    if (this.#flowType < 0) return;
    this.counts.plain(this.#flowType);
    this.slice.count();
    if (this.rows === undefined && this.columns === undefined && this.talkers === undefined) return;
    const view = fillView(this.#flowView, table, slot, this.#links, this.#number);
    const record = this.#flowRecord;
    fillRecord(record, table, slot, this.#links, this.#number, reason, this.#applications.of(table, slot));
    this.rows?.put(this.#flowType, record, view, this.#cause, record.firstPacket);
    this.columns?.put(this.#flowType, record, view);
    this.talkers?.add(view, record.networkBytes);
  }
}

function isRefused(state: number): boolean {
  const tcp = tcpState(state);
  return tcp === TCP_RESET || tcp === TCP_REJECTED;
}
