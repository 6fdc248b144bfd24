// From a row of words to what people read: the endpoints as a view, the counters as a flow record.

import type { FlowView } from '../protocols/flow-view.ts';
import { transportName } from '../records/transports.ts';
import { ttlRange } from './counting.ts';
import * as layout from './layout.ts';
import { coldAt } from './layout.ts';
import type { Links } from './links.ts';
import { CONFIDENCE, type FlowRecord, TCP_STATES } from './record.ts';
import type { FlowTable } from './table.ts';
import * as tableWords from './table.ts';
import { TCP_EVENT_NAMES } from './tcp-events.ts';
import { tcpState } from './tcp-state.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  C_FIRST_NANOS,
  C_FIRST_PACKET,
  C_FIRST_SECONDS,
  C_LINK,
  COLD_WORDS,
  E_EVENTS,
  H_FLAG_HANDSHAKE,
  H_FLAG_SERVER,
  H_FLAGS,
  E_GAPS_A,
  H_HANDSHAKE_RTT,
  E_HIGH,
  E_ICMP_ERRORS,
  E_RETRANSMITS_A,
  H_SERVER_RTT,
  E_ZERO_WINDOWS_A,
  F_A,
  F_B,
  F_BYTES_A,
  F_LAST_NANOS,
  F_LAST_SECONDS,
  F_MARKS,
  F_PACKETS_A,
  F_PAYLOAD_A,
  F_PORTS,
  F_PROTOCOL,
  F_STATE,
  HOT_SHIFT,
  S_CONFIDENCE_SHIFT,
  S_DSCP_BITS,
  S_DSCP_SHIFT,
  S_INITIATOR_B,
  S_PORTS,
  S_RESET_LAST,
  S_SEEN_A,
  S_TCP_MASK,
  TCP_RESET,
  WIDE_WORDS,
} = layout;
const { SLOT_MASK } = tableWords;

const PROTOCOL_ICMP = 1;
const PROTOCOL_ICMPV6 = 58;
/** In the order of the bits of TCP's flags byte, lowest first. */
const FLAG_LETTERS = 'FSRPAUEC';
const FLAG_TEXTS: string[] = Array.from({ length: 256 }, (_, flags) =>
  [...FLAG_LETTERS].filter((_, bit) => (flags & (1 << bit)) !== 0).join(''),
);
const EVENT_TYPES = { final: ['connection', 'end'] as const, interval: ['connection'] as const };

/** Number of a flow's first packet. The row keeps 32 bits of it; `latest` (any later packet's number) has the rest. */
export function firstPacketOf(table: FlowTable, base: number, latest: number): number {
  const low = table.cold[coldAt(base) + C_FIRST_PACKET] >>> 0;
  if (latest < 0x100000000) return low;
  const high = Math.floor((latest - low) / 0x100000000);
  return high > 0 ? high * 0x100000000 + low : low;
}

/** Fills a view with the flow's initiator as the source. */
export function fillView(view: FlowView, table: FlowTable, slot: number, links: Links, latest: number): FlowView {
  const { words, cold } = table;
  // In a known range, so that V8 does not check each sum for overflow.
  const row = slot & SLOT_MASK;
  const base = row << HOT_SHIFT;
  const coldBase = row * COLD_WORDS;
  const state = words[base + F_STATE];
  const swap = (state & S_INITIATOR_B) !== 0;
  view.renew();
  const low = swap ? view.destination : view.source;
  const high = swap ? view.source : view.destination;
  if (table.v6 === true) {
    const { wide } = table;
    const a = row * WIDE_WORDS;
    low.setV6(wide[a], wide[a + 1], wide[a + 2], wide[a + 3]);
    high.setV6(wide[a + 4], wide[a + 5], wide[a + 6], wide[a + 7]);
    view.type = 'ipv6';
  } else {
    low.setV4(words[base + F_A]);
    high.setV4(words[base + F_B]);
    view.type = 'ipv4';
  }
  view.firstSeconds = cold[coldBase + C_FIRST_SECONDS] >>> 0;
  view.direction = links.networks.direction(view.source, view.destination);
  const ports = words[base + F_PORTS];
  const lowPort = ports >>> 16;
  const highPort = ports & 0xffff;
  const protocol = words[base + F_PROTOCOL] & 255;
  view.protocol = protocol;
  view.transport = transportName(protocol);
  if ((state & S_PORTS) !== 0) {
    view.hasPorts = true;
    view.sourcePort = swap ? highPort : lowPort;
    view.destinationPort = swap ? lowPort : highPort;
  } else {
    view.hasPorts = false;
    view.sourcePort = 0;
    view.destinationPort = 0;
    view.icmpType = 0;
    view.icmpCode = 0;
    if (protocol === PROTOCOL_ICMP || protocol === PROTOCOL_ICMPV6) {
      // The community id is that of the side that spoke: its type and the counterpart, or its code.
      view.icmpType = swap ? highPort : lowPort;
      view.icmpCode = swap ? lowPort : highPort;
    }
  }
  const link = (cold[coldBase + C_LINK] << 1) | (swap ? 1 : 0);
  if (link !== view.link) fillLink(view, link, links);
  view.firstPacket = firstPacketOf(table, base, latest);
  return view;
}

/** What the flows of a link have in common, from the end that began them: most flows have the link of the one before. */
function fillLink(view: FlowView, number: number, links: Links): void {
  const { macA, macB, vlan, interfaceName } = links.get(number >>> 1);
  const swap = (number & 1) !== 0;
  view.link = number;
  view.places = links.places;
  view.processes = links.processes;
  view.sourceMac = swap ? macB : macA;
  view.destinationMac = swap ? macA : macB;
  view.vlan = vlan;
  view.interfaceName = interfaceName;
}

/** Fills a record with what happened since the flow's last document. `application`: its protocol's name, or ''. */
export function fillRecord(
  record: FlowRecord,
  table: FlowTable,
  slot: number,
  links: Links,
  latest: number,
  reason: string,
  application: string,
): void {
  const { words, cold } = table;
  const row = slot & SLOT_MASK;
  const base = row << HOT_SHIFT;
  const coldBase = row * COLD_WORDS;
  const state = words[base + F_STATE];
  // Side A is 0, side B is 1.
  const s = (state & S_INITIATOR_B) !== 0 ? 1 : 0;
  const firstSeconds = cold[coldBase + C_FIRST_SECONDS] >>> 0;
  const firstNanos = cold[coldBase + C_FIRST_NANOS];
  const lastSeconds = words[base + F_LAST_SECONDS] >>> 0;
  const lastNanos = words[base + F_LAST_NANOS];
  record.startSeconds = firstSeconds;
  record.startNanos = firstNanos;
  record.endSeconds = lastSeconds;
  record.endNanos = lastNanos;
  record.duration = Math.max(0, (lastSeconds - firstSeconds) * 1e9 + lastNanos - firstNanos);
  record.final = reason !== 'interval';
  record.eventType = record.final ? EVENT_TYPES.final : EVENT_TYPES.interval;
  record.reason = reason;
  record.firstPacket = firstPacketOf(table, base, latest);
  record.confidence = CONFIDENCE[(state >> S_CONFIDENCE_SHIFT) & 3];
  record.networkProtocol = application === '' ? undefined : application;
  fillCounters(record, table, base, s);
  fillMarks(record, table, base, s);
  if ((state & S_TCP_MASK) !== 0) fillTcp(record, table, base, s);
  else {
    record.tcpState = undefined;
    record.sourceTcpFlags = undefined;
    record.destinationTcpFlags = undefined;
    record.handshakeRtt = undefined;
    record.serverRtt = undefined;
    record.tcpEvents = undefined;
  }
  record.tunnel = links.get(cold[coldBase + C_LINK]).tunnels as FlowRecord['tunnel'];
}

/** `s`: the side that is the source. */
function fillCounters(record: FlowRecord, table: FlowTable, base: number, s: number): void {
  const { words } = table;
  const d = 1 - s;
  const e = table.extensions.find(base);
  if (e >= 0) {
    const x = table.extensions.words;
    record.sourcePackets = counter(words, x, base + F_PACKETS_A, e, 0, s);
    record.destinationPackets = counter(words, x, base + F_PACKETS_A, e, 0, d);
    record.sourceBytes = counter(words, x, base + F_BYTES_A, e, 2, s);
    record.destinationBytes = counter(words, x, base + F_BYTES_A, e, 2, d);
    record.sourcePayload = counter(words, x, base + F_PAYLOAD_A, e, 4, s);
    record.destinationPayload = counter(words, x, base + F_PAYLOAD_A, e, 4, d);
    record.sourceRetransmits = some(x, e + E_RETRANSMITS_A + s);
    record.destinationRetransmits = some(x, e + E_RETRANSMITS_A + d);
    record.sourceGaps = some(x, e + E_GAPS_A + s);
    record.destinationGaps = some(x, e + E_GAPS_A + d);
    record.sourceZeroWindows = some(x, e + E_ZERO_WINDOWS_A + s);
    record.destinationZeroWindows = some(x, e + E_ZERO_WINDOWS_A + d);
    record.icmpErrors = some(x, e + E_ICMP_ERRORS);
  } else {
    record.sourcePackets = words[base + F_PACKETS_A + s] >>> 0;
    record.destinationPackets = words[base + F_PACKETS_A + d] >>> 0;
    record.sourceBytes = words[base + F_BYTES_A + s] >>> 0;
    record.destinationBytes = words[base + F_BYTES_A + d] >>> 0;
    record.sourcePayload = words[base + F_PAYLOAD_A + s] >>> 0;
    record.destinationPayload = words[base + F_PAYLOAD_A + d] >>> 0;
    record.sourceRetransmits = undefined;
    record.destinationRetransmits = undefined;
    record.sourceGaps = undefined;
    record.destinationGaps = undefined;
    record.sourceZeroWindows = undefined;
    record.destinationZeroWindows = undefined;
    record.icmpErrors = undefined;
  }
  record.networkPackets = record.sourcePackets + record.destinationPackets;
  record.networkBytes = record.sourceBytes + record.destinationBytes;
}

/** Bytes of both sides since the flow's last document, as `FlowRecord.networkBytes` has them. */
export function networkBytes(table: FlowTable, slot: number): number {
  const { words } = table;
  const base = (slot & SLOT_MASK) << HOT_SHIFT;
  const at = base + F_BYTES_A;
  const e = table.extensions.find(base);
  if (e < 0) return (words[at] >>> 0) + (words[at + 1] >>> 0);
  const x = table.extensions.words;
  return counter(words, x, at, e, 2, 0) + counter(words, x, at, e, 2, 1);
}

/** TTL and DSCP of the sides that were seen. */
function fillMarks(record: FlowRecord, table: FlowTable, base: number, s: number): void {
  const state = table.words[base + F_STATE];
  const d = 1 - s;
  if ((state & (S_SEEN_A << s)) !== 0) {
    const ttl = ttlRange(table, base, s);
    record.sourceTtlMin = ttl & 255;
    record.sourceTtlMax = ttl >>> 8;
    record.sourceDscp = dscp(state, s);
  } else {
    record.sourceTtlMin = undefined;
    record.sourceTtlMax = undefined;
    record.sourceDscp = undefined;
  }
  if ((state & (S_SEEN_A << d)) !== 0) {
    const ttl = ttlRange(table, base, d);
    record.destinationTtlMin = ttl & 255;
    record.destinationTtlMax = ttl >>> 8;
    record.destinationDscp = dscp(state, d);
  } else {
    record.destinationTtlMin = undefined;
    record.destinationTtlMax = undefined;
    record.destinationDscp = undefined;
  }
}

/** What TCP alone has. */
function fillTcp(record: FlowRecord, table: FlowTable, base: number, s: number): void {
  const { words } = table;
  const state = words[base + F_STATE];
  const tcp = tcpState(state);
  const d = 1 - s;
  const marks = words[base + F_MARKS];
  // A reset after which nothing came was obeyed, as far as anybody can tell.
  record.tcpState = TCP_STATES[(state & S_RESET_LAST) !== 0 ? TCP_RESET : tcp];
  record.sourceTcpFlags = (state & (S_SEEN_A << s)) !== 0 ? FLAG_TEXTS[(marks >>> (8 * s)) & 255] : undefined;
  record.destinationTcpFlags = (state & (S_SEEN_A << d)) !== 0 ? FLAG_TEXTS[(marks >>> (8 * d)) & 255] : undefined;
  const handshakes = table.handshakes.words;
  const h = table.handshakes.find(base);
  const flags = h < 0 ? 0 : handshakes[h + H_FLAGS];
  record.handshakeRtt = (flags & H_FLAG_HANDSHAKE) !== 0 ? wide(handshakes, h + H_HANDSHAKE_RTT) : undefined;
  record.serverRtt = (flags & H_FLAG_SERVER) !== 0 ? wide(handshakes, h + H_SERVER_RTT) : undefined;
  const e = table.extensions.find(base);
  const events = e < 0 ? 0 : table.extensions.words[e + E_EVENTS];
  record.tcpEvents = events === 0 ? undefined : eventNames(events);
}

function eventNames(bits: number): string[] {
  return TCP_EVENT_NAMES.filter((_, i) => (bits & (1 << i)) !== 0);
}

/** A counter with the word in front that counts how often it ran over. */
function counter(words: Int32Array, x: Int32Array, at: number, e: number, high: number, side: number): number {
  return (x[e + E_HIGH + high + side] >>> 0) * 0x100000000 + (words[at + side] >>> 0);
}

function dscp(state: number, side: number): number {
  return (state >>> (S_DSCP_SHIFT + S_DSCP_BITS * side)) & 63;
}

function wide(x: Int32Array, at: number): number {
  return (x[at + 1] >>> 0) * 0x100000000 + (x[at] >>> 0);
}

/** A counter of the extension, absent when zero. */
function some(x: Int32Array, at: number): number | undefined {
  const n = x[at] >>> 0;
  return n === 0 ? undefined : n;
}
