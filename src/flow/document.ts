// From a row of words to what people read: the endpoints as a view, the counters as a flow record.

import type { FlowView } from '../protocols/flow-view.ts';
import { ttlRange } from './counting.ts';
import * as layout from './layout.ts';
import { coldAt } from './layout.ts';
import type { Links } from './links.ts';
import { CONFIDENCE, type FlowRecord, TCP_STATES } from './record.ts';
import type { FlowTable } from './table.ts';
import { TCP_EVENT_NAMES } from './tcp-events.ts';
import { tcpState } from './tcp-state.ts';
import { transportName } from './transports.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  C_FIRST_NANOS,
  C_FIRST_PACKET,
  C_FIRST_SECONDS,
  C_LINK,
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
  TCP_RESET,
  WIDE_WORDS,
} = layout;

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
  const high = Math.floor((latest - low) / 0x100000000);
  return high > 0 ? high * 0x100000000 + low : low;
}

/** Fills a view with the flow's initiator as the source. */
export function fillView(view: FlowView, table: FlowTable, slot: number, links: Links, latest: number): FlowView {
  const { words, cold } = table;
  const base = slot << HOT_SHIFT;
  const state = words[base + F_STATE];
  const swap = (state & S_INITIATOR_B) !== 0;
  view.renew();
  const low = swap ? view.destination : view.source;
  const high = swap ? view.source : view.destination;
  if (table.v6) {
    const { wide } = table;
    const a = slot * WIDE_WORDS;
    low.setV6(wide[a], wide[a + 1], wide[a + 2], wide[a + 3]);
    high.setV6(wide[a + 4], wide[a + 5], wide[a + 6], wide[a + 7]);
  } else {
    low.setV4(words[base + F_A]);
    high.setV4(words[base + F_B]);
  }
  view.places = links.places;
  view.processes = links.processes;
  view.firstSeconds = cold[coldAt(base) + C_FIRST_SECONDS] >>> 0;
  view.direction = links.networks.direction(view.source, view.destination);
  const ports = words[base + F_PORTS];
  const lowPort = ports >>> 16;
  const highPort = ports & 0xffff;
  const protocol = words[base + F_PROTOCOL] & 255;
  view.protocol = protocol;
  view.transport = transportName(protocol);
  view.type = table.v6 ? 'ipv6' : 'ipv4';
  view.hasPorts = (state & S_PORTS) !== 0;
  if (view.hasPorts) {
    view.sourcePort = swap ? highPort : lowPort;
    view.destinationPort = swap ? lowPort : highPort;
  } else {
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
  const link = links.get(cold[coldAt(base) + C_LINK]);
  view.sourceMac = swap ? link.macB : link.macA;
  view.destinationMac = swap ? link.macA : link.macB;
  view.vlan = link.vlan;
  view.interfaceName = link.interfaceName;
  view.firstPacket = firstPacketOf(table, base, latest);
  return view;
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
  const x = table.extensions.words;
  const base = slot << HOT_SHIFT;
  const state = words[base + F_STATE];
  const e = table.extensions.find(base);
  const s = (state & S_INITIATOR_B) !== 0 ? 1 : 0;
  const d = 1 - s;
  const firstSeconds = cold[coldAt(base) + C_FIRST_SECONDS] >>> 0;
  const lastSeconds = words[base + F_LAST_SECONDS] >>> 0;
  record.startSeconds = firstSeconds;
  record.startNanos = cold[coldAt(base) + C_FIRST_NANOS];
  record.endSeconds = lastSeconds;
  record.endNanos = words[base + F_LAST_NANOS];
  record.duration = Math.max(0, (lastSeconds - firstSeconds) * 1e9 + record.endNanos - record.startNanos);
  record.final = reason !== 'interval';
  record.eventType = record.final ? EVENT_TYPES.final : EVENT_TYPES.interval;
  record.reason = reason;
  record.firstPacket = firstPacketOf(table, base, latest);
  record.confidence = CONFIDENCE[(state >> S_CONFIDENCE_SHIFT) & 3];
  record.sourcePackets = counter(words, x, base + F_PACKETS_A, e, 0, s);
  record.destinationPackets = counter(words, x, base + F_PACKETS_A, e, 0, d);
  record.networkPackets = record.sourcePackets + record.destinationPackets;
  record.sourceBytes = counter(words, x, base + F_BYTES_A, e, 2, s);
  record.destinationBytes = counter(words, x, base + F_BYTES_A, e, 2, d);
  record.networkBytes = record.sourceBytes + record.destinationBytes;
  record.sourcePayload = counter(words, x, base + F_PAYLOAD_A, e, 4, s);
  record.destinationPayload = counter(words, x, base + F_PAYLOAD_A, e, 4, d);
  record.networkProtocol = application === '' ? undefined : application;
  const marks = words[base + F_MARKS];
  const seenSource = (state & (S_SEEN_A << s)) !== 0;
  const seenDestination = (state & (S_SEEN_A << d)) !== 0;
  const sourceTtl = ttlRange(table, base, s);
  const destinationTtl = ttlRange(table, base, d);
  record.sourceTtlMin = seenSource ? sourceTtl & 255 : undefined;
  record.sourceTtlMax = seenSource ? sourceTtl >>> 8 : undefined;
  record.destinationTtlMin = seenDestination ? destinationTtl & 255 : undefined;
  record.destinationTtlMax = seenDestination ? destinationTtl >>> 8 : undefined;
  record.sourceDscp = seenSource ? dscp(state, s) : undefined;
  record.destinationDscp = seenDestination ? dscp(state, d) : undefined;
  const tcp = tcpState(state);
  const isTcp = tcp !== 0;
  // A reset after which nothing came was obeyed, as far as anybody can tell.
  record.tcpState = isTcp ? TCP_STATES[(state & S_RESET_LAST) !== 0 ? TCP_RESET : tcp] : undefined;
  record.sourceTcpFlags = isTcp && seenSource ? FLAG_TEXTS[(marks >>> (8 * s)) & 255] : undefined;
  record.destinationTcpFlags = isTcp && seenDestination ? FLAG_TEXTS[(marks >>> (8 * d)) & 255] : undefined;
  const handshakes = table.handshakes.words;
  const h = table.handshakes.find(base);
  const flags = h < 0 ? 0 : handshakes[h + H_FLAGS];
  record.handshakeRtt = (flags & H_FLAG_HANDSHAKE) !== 0 ? wide(handshakes, h + H_HANDSHAKE_RTT) : undefined;
  record.serverRtt = (flags & H_FLAG_SERVER) !== 0 ? wide(handshakes, h + H_SERVER_RTT) : undefined;
  record.sourceRetransmits = some(x, e, E_RETRANSMITS_A + s);
  record.destinationRetransmits = some(x, e, E_RETRANSMITS_A + d);
  record.sourceGaps = some(x, e, E_GAPS_A + s);
  record.destinationGaps = some(x, e, E_GAPS_A + d);
  record.sourceZeroWindows = some(x, e, E_ZERO_WINDOWS_A + s);
  record.destinationZeroWindows = some(x, e, E_ZERO_WINDOWS_A + d);
  record.tcpEvents = isTcp && e >= 0 && x[e + E_EVENTS] !== 0 ? eventNames(x[e + E_EVENTS]) : undefined;
  record.icmpErrors = some(x, e, E_ICMP_ERRORS);
  const tunnels = links.get(cold[coldAt(base) + C_LINK]).tunnels;
  record.tunnel = tunnels as FlowRecord['tunnel'];
}

function eventNames(bits: number): string[] {
  return TCP_EVENT_NAMES.filter((_, i) => (bits & (1 << i)) !== 0);
}

function counter(words: Int32Array, x: Int32Array, at: number, e: number, high: number, side: number): number {
  const low = words[at + side] >>> 0;
  return e < 0 ? low : (x[e + E_HIGH + high + side] >>> 0) * 0x100000000 + low;
}

function dscp(state: number, side: number): number {
  return (state >>> (S_DSCP_SHIFT + S_DSCP_BITS * side)) & 63;
}

function wide(x: Int32Array, at: number): number {
  return (x[at + 1] >>> 0) * 0x100000000 + (x[at] >>> 0);
}

/** A counter of the extension, absent when zero: most flows have none of it. */
function some(x: Int32Array, e: number, index: number): number | undefined {
  if (e < 0) return undefined;
  const n = x[e + index] >>> 0;
  return n === 0 ? undefined : n;
}
