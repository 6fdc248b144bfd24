// The conversations of open flows: begun when a packet has something to look into, found by the flow's row, let go of when they rest.

import { fillView, firstPacketOf } from '../flow/document.ts';
import type { FlowEnd, PacketPlace } from '../flow/handler.ts';
import { SHARDS } from '../flow/hash.ts';
import * as layout from '../flow/layout.ts';
import { coldAt } from '../flow/layout.ts';
import type { Links } from '../flow/links.ts';
import * as stageWords from '../flow/stage.ts';
import { viewOfExtra } from '../flow/stage.ts';
import type { FlowTable } from '../flow/table.ts';
import { tcpState } from '../flow/tcp-state.ts';
import type { FlowTracker } from '../flow/tracker.ts';
import { FlowView } from '../protocols/flow-view.ts';
import type { Direction, Transport } from '../protocols/protocol.ts';
import { PACKET_CHECKSUM_PENDING } from '../sources/source.ts';
import type { StreamOptions } from '../stream/options.ts';
import { RecentBytes } from '../stream/recent-bytes.ts';
import { Segment } from '../stream/segment.ts';
import { TcpStream } from '../stream/tcp-stream.ts';
import { IPV4_IDENTIFICATION } from '../wire/ipv4.ts';
import type { Enabled } from './candidates.ts';
import { Conversation } from './conversation.ts';
import type { ConversationHost } from './conversation-host.ts';
import { RecentDatagrams } from './copies.ts';
import { DATAGRAM_TRIES, triesOf } from './datagram-tries.ts';
import { Deadlines } from './deadlines.ts';
import { Room } from './room.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  C_CONVERSATION,
  C_SYN_A,
  C_SYN_B,
  F_PORTS,
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
  ROW_PROTOCOL,
  ROW_TRANSPORT,
} = stageWords;

const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
const PROTOCOL_ICMP = 1;
const PROTOCOL_ICMPV6 = 58;
/**
 * Answers that wait for their questions, bytes of a shard at most. Those that nobody has asked for come by the hundred thousand, each in a flow
 * of its own, when somebody else is attacked with them.
 */
const MAX_EARLY_BYTES = 256 * 1024;

export class Conversations {
  readonly #host: ConversationHost<Conversation>;
  readonly #tracker: FlowTracker;
  readonly #links: Links;
  readonly #options: StreamOptions;
  /**
   * By the number that stands in a flow's row; 0: none. Where a number below 0 stands nobody knew yet what the flow speaks, and nothing of it has to
   * be kept: negated, bits of the sides that tell nothing (TCP), or how much was tried (UDP).
   */
  readonly #open: (Conversation | undefined)[] = [undefined];
  readonly #free: number[] = [];
  readonly #deadlines = new Deadlines();
  /** Bytes that wait for others in streams, by shard. */
  readonly #waiting = new Float64Array(SHARDS);
  /** Bytes of answers that wait for their questions, by shard. */
  readonly #early = new Float64Array(SHARDS);
  readonly #recent: (RecentBytes | undefined)[] = new Array(SHARDS).fill(undefined);
  readonly #datagrams: (RecentDatagrams | undefined)[] = new Array(SHARDS).fill(undefined);
  readonly #segment = new Segment();
  readonly #room: Room<Conversation>;

  /** `maxBytes`: what all conversations may take together. */
  constructor(
    host: ConversationHost<Conversation>,
    tracker: FlowTracker,
    links: Links,
    options: StreamOptions,
    maxBytes: number,
  ) {
    this.#room = new Room(maxBytes);
    this.#host = host;
    this.#tracker = tracker;
    this.#links = links;
    this.#options = options;
  }

  /** The conversation that a packet belongs to, begun with it if it may be; undefined: there is nothing to look into. */
  of(table: FlowTable, slot: number, side: 0 | 1, place: PacketPlace): Conversation | undefined {
    const { words } = table;
    const base = slot << HOT_SHIFT;
    if ((words[base + F_STATE] & S_UNINTERESTING) !== 0) return undefined;
    const { rows } = place.stage;
    const info = rows[place.row + ROW_INFO];
    const isTcp = (info & INFO_TCP) !== 0;
    // A broken header leaves nothing to go by.
    if (isTcp && (info & INFO_FAULTY) !== 0) return undefined;
    if (!isTcp && this.#isCopy(table, slot, side, place)) {
      this.#host.count('datagrams.copies', 1);
      return undefined;
    }
    const index = table.cold[coldAt(base) + C_CONVERSATION];
    if (index > 0) return this.#open[index];
    if (isTcp) {
      if ((-index & (1 << side)) !== 0) return undefined;
      // A connection is looked into from the ACK of its handshake on: it tells what the receivers of its data will take.
      if (rows[place.row + ROW_PAYLOAD_LENGTH] === 0 && place.establishedBy !== place.number) return undefined;
      // What still comes after a refusal or a reset has no receiver.
      if (isRefused(words[base + F_STATE])) return undefined;
    }
    return this.#begin(table, slot, side, info, place);
  }

  /** Did the same datagram come just before? */
  #isCopy(table: FlowTable, slot: number, side: 0 | 1, place: PacketPlace): boolean {
    const { rows } = place.stage;
    const { row } = place;
    const from = rows[row + ((rows[row + ROW_INFO] & INFO_ICMP) !== 0 ? ROW_TRANSPORT : ROW_PAYLOAD)];
    const to = rows[row + ROW_PAYLOAD_END];
    if (from < 0 || from >= to) return false;
    const bytes = place.extra === null ? place.batch.bytes : place.extra.bytes!;
    const network = rows[row + ROW_NETWORK];
    const id = network + IPV4_IDENTIFICATION;
    const identification = table.v6 ? 0 : (bytes[id] << 8) | bytes[id + 1];
    const base = slot << HOT_SHIFT;
    const sender = firstPacketOf(table, base, place.number) * 2 + side;
    const datagrams = (this.#datagrams[table.shardOfRow(base)] ??= new RecentDatagrams());
    return datagrams.isCopy(sender, identification, bytes, from, to, place.seconds, place.nanos);
  }

  /** Hands the packet's bytes to its conversation. */
  feed(conversation: Conversation, table: FlowTable, slot: number, side: 0 | 1, place: PacketPlace): void {
    conversation.seconds = place.seconds;
    conversation.nanos = place.nanos;
    conversation.packet = place.number;
    const { rows } = place.stage;
    const { row } = place;
    const info = rows[row + ROW_INFO];
    const bytes = place.extra === null ? place.batch.bytes : place.extra.bytes!;
    const to = rows[row + ROW_PAYLOAD_END];
    const length = rows[row + ROW_PAYLOAD_LENGTH];
    if ((info & INFO_TCP) !== 0) this.#segmentOf(conversation, table, slot, side, bytes, place);
    else if ((info & INFO_ICMP) !== 0) {
      const t = rows[row + ROW_TRANSPORT];
      conversation.datagram(side, bytes, t, to, length + (rows[row + ROW_PAYLOAD] - t));
    } else if (to > rows[row + ROW_PAYLOAD]) conversation.datagram(side, bytes, rows[row + ROW_PAYLOAD], to, length);
    this.#makeRoom(conversation.shard);
  }

  #makeRoom(shard: number): void {
    for (;;) {
      const one = this.#room.tooMuch(shard);
      if (one === undefined) return;
      this.#evict(one);
    }
  }

  /** It has to go; a flow of datagrams may begin another one. */
  #evict(conversation: Conversation): void {
    this.#host.count('conversations.evicted', 1);
    const at = (conversation.slot << HOT_SHIFT) + F_STATE;
    conversation.end('evicted');
    if (!conversation.isStream) this.tableOf(conversation).words[at] &= ~S_UNINTERESTING;
  }

  /** The flow is over. */
  ended(table: FlowTable, slot: number, reason: FlowEnd): void {
    const index = table.cold[coldAt(slot << HOT_SHIFT) + C_CONVERSATION];
    if (index <= 0) return;
    this.#open[index]?.end(reason);
    this.#forget(index);
  }

  tableOf({ v6 }: Conversation): FlowTable {
    return v6 ? this.#tracker.v6 : this.#tracker.v4;
  }

  /** Its flow's packets are of no interest any more. */
  over(conversation: Conversation): void {
    this.tableOf(conversation).words[(conversation.slot << HOT_SHIFT) + F_STATE] |= S_UNINTERESTING;
    this.rest(conversation);
  }

  /** Nothing of it needs to be remembered: the flow's next packet begins another one. */
  rest(conversation: Conversation): void {
    const table = this.tableOf(conversation);
    const at = coldAt(conversation.slot << HOT_SHIFT) + C_CONVERSATION;
    this.#deadlines.drop(conversation);
    this.#forget(table.cold[at]);
    table.cold[at] = 0;
  }

  /** `bytes` more wait in its streams; false: more than may. */
  wait({ shard }: Conversation, bytes: number): boolean {
    this.#waiting[shard] += bytes;
    return this.#waiting[shard] <= this.#options.maxShardBytes;
  }

  /** It holds `bytes` more. */
  hold(conversation: Conversation, bytes: number): void {
    this.#room.hold(conversation, bytes);
  }

  /** `bytes` more of answers that nobody has asked for wait; false: more than may. */
  holdEarly({ shard }: Conversation, bytes: number): boolean {
    this.#early[shard] += bytes;
    return this.#early[shard] <= MAX_EARLY_BYTES;
  }

  deadline(conversation: Conversation, seconds: number): void {
    this.#deadlines.set(conversation, seconds);
  }

  /** Those whose deadline has passed. */
  due(seconds: number): readonly Conversation[] {
    return this.#deadlines.take(seconds);
  }

  #segmentOf(
    conversation: Conversation,
    table: FlowTable,
    slot: number,
    side: 0 | 1,
    bytes: Uint8Array,
    place: PacketPlace,
  ): void {
    const { rows } = place.stage;
    const { row } = place;
    const segment = this.#segment;
    segment.to = rows[row + ROW_PAYLOAD_END];
    segment.from = Math.min(rows[row + ROW_PAYLOAD], segment.to);
    segment.length = rows[row + ROW_PAYLOAD_LENGTH];
    segment.ttl = (rows[row + ROW_MARKS] >>> 8) & 0xff;
    segment.seconds = place.seconds;
    segment.nanos = place.nanos;
    segment.packet = place.number;
    const view = place.extra === null ? place.batch.view : viewOfExtra(bytes);
    segment.read(bytes, view, rows[row + ROW_NETWORK], rows[row + ROW_TRANSPORT]);
    // The network card will fill in the checksum.
    if (place.extra === null && (place.batch.flags[rows[row + ROW_PACKET]] & PACKET_CHECKSUM_PENDING) !== 0)
      segment.transport = -1;
    const stream = conversation.stream!;
    stream.segment(side, segment);
    if (stream.ignoredReset) this.#tracker.takeBackReset(table, slot);
    if (stream.isReset) conversation.end('rst');
    else if (stream.a.finished && stream.b.finished) conversation.end('fin');
    else if (!conversation.isOver) {
      const ignored = conversation.onlyIgnores;
      if (ignored !== 0) this.#remember(conversation, -ignored);
    }
  }

  /** All that is to be known of it stands in the flow's row. */
  #remember(conversation: Conversation, known: number): void {
    this.rest(conversation);
    this.tableOf(conversation).cold[coldAt(conversation.slot << HOT_SHIFT) + C_CONVERSATION] = known;
  }

  /** A conversation for a flow, or none when nothing is analysed on its transport. */
  #begin(table: FlowTable, slot: number, side: 0 | 1, info: number, place: PacketPlace): Conversation | undefined {
    const { words } = table;
    const base = slot << HOT_SHIFT;
    if ((info & INFO_FAULTY) !== 0) return undefined;
    const transport = transportOf(place.stage.rows[place.row + ROW_PROTOCOL] & 0xff, table.v6);
    const host = this.#host;
    const { detection } = host;
    if (transport === undefined || !detection.wants(transport) || (transport === 'tcp' && (info & INFO_TCP) === 0)) {
      words[base + F_STATE] |= S_UNINTERESTING;
      return undefined;
    }
    const { cold } = table;
    const known = coldAt(base) + C_CONVERSATION;
    const initiator = (words[base + F_STATE] & S_INITIATOR_B) !== 0 ? 1 : 0;
    const ports = initiator === 0 ? words[base + F_PORTS] : swapped(words[base + F_PORTS]);
    let found = detection.forced(transport, ports >>> 16, ports & 0xffff);
    if (transport === 'udp' && found === undefined) {
      const answer = this.#ask(ports, (side ^ initiator) as Direction, place);
      if (answer === undefined) return undefined;
      if (answer === null || answer === 'more') {
        cold[known] -= triesOf(answer);
        if (-cold[known] >= DATAGRAM_TRIES) words[base + F_STATE] |= S_UNINTERESTING;
        return undefined;
      }
      found = answer;
    }
    const view = fillView(new FlowView(), table, slot, this.#links, place.number);
    const first = firstPacketOf(table, base, place.number);
    const conversation = new Conversation(host, view, transport, first, table.shardOfRow(base), initiator);
    conversation.slot = slot;
    conversation.v6 = table.v6;
    const index = this.#free.pop() ?? this.#open.length;
    this.#open[index] = conversation;
    if (cold[known] < 0 && transport === 'tcp') conversation.ignore(-cold[known]);
    cold[known] = index;
    this.#room.begin(conversation);
    if (transport === 'tcp') {
      const recent = (this.#recent[conversation.shard] ??= new RecentBytes());
      conversation.stream = new TcpStream(conversation, this.#options, recent);
      this.#beginSides(table, base, side, conversation.stream, place);
    }
    if (found !== undefined) conversation.open(found);
    return conversation;
  }

  /** What detection says of a flow's datagram; undefined: it is empty. `ports`: those of source and destination. */
  #ask(
    ports: number,
    direction: Direction,
    { stage, row, extra, batch }: PacketPlace,
  ): Enabled | 'more' | null | undefined {
    const { rows } = stage;
    const from = rows[row + ROW_PAYLOAD];
    const to = rows[row + ROW_PAYLOAD_END];
    if (from >= to) return undefined;
    const bytes = extra === null ? batch.bytes : extra.bytes!;
    return this.#host.detection.probe('udp', ports >>> 16, ports & 0xffff, undefined, direction, bytes, from, to, 0);
  }

  /** The flow's header tracking knows what comes next on each side; the present segment is already counted there. */
  #beginSides(table: FlowTable, base: number, side: 0 | 1, stream: TcpStream, place: PacketPlace): void {
    const { words, cold } = table;
    const other = (1 - side) as 0 | 1;
    if ((words[base + F_STATE] & (S_SEQUENCE_A << other)) !== 0)
      stream.begin(other, words[base + F_SEQUENCE_A + other]);
    if (place.sequenceBeforeKnown[side]) stream.begin(side, place.sequenceBefore[side]);
    const at = coldAt(base);
    stream.handshake(cold[at + C_SYN_A], cold[at + C_SYN_B]);
  }

  #forget(index: number): void {
    const conversation = this.#open[index];
    if (conversation === undefined) return;
    this.#room.end(conversation);
    this.#open[index] = undefined;
    this.#free.push(index);
  }
}

/** Both halves of a word, the other way round. */
function swapped(ports: number): number {
  return (ports << 16) | (ports >>> 16);
}

/** `v6`: of the flow's addresses. undefined: not looked into. */
function transportOf(protocol: number, v6: boolean): Transport | undefined {
  if (protocol === PROTOCOL_TCP) return 'tcp';
  if (protocol === PROTOCOL_UDP) return 'udp';
  if (protocol === PROTOCOL_ICMP && !v6) return 'icmp';
  return protocol === PROTOCOL_ICMPV6 && v6 ? 'icmpv6' : undefined;
}

function isRefused(state: number): boolean {
  const tcp = tcpState(state);
  return tcp === TCP_RESET || tcp === TCP_REJECTED;
}
