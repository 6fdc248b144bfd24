// What IPv4 and IPv6 have in common: becoming the packet's network header, and handing over by protocol number.

import type { Cursor } from './cursor.ts';
import {
  PROTOCOL_AH,
  PROTOCOL_DCCP,
  PROTOCOL_DESTINATION_OPTIONS,
  PROTOCOL_ESP,
  PROTOCOL_ETHERIP,
  PROTOCOL_FRAGMENT,
  PROTOCOL_GRE,
  PROTOCOL_HIP,
  PROTOCOL_HOP_BY_HOP,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_IGMP,
  PROTOCOL_IPIP,
  PROTOCOL_IPV4,
  PROTOCOL_IPV6,
  PROTOCOL_L2TP,
  PROTOCOL_MOBILITY,
  PROTOCOL_MPLS,
  PROTOCOL_ROUTING,
  PROTOCOL_SCTP,
  PROTOCOL_SHIM6,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
} from './ip-protocols.ts';
import { Layer } from './layers.ts';
import { virtualNetworkAt } from './virtual-network.ts';

const IP = Layer.ip;
const IPV6 = Layer.ipv6;
const IPPROTO = Layer.ipproto;
const GRE = Layer.gre;

const LAYER_UNDER_IPV4 = new Uint8Array(256).fill(IPPROTO);
LAYER_UNDER_IPV4[PROTOCOL_ICMP] = Layer.icmp;
LAYER_UNDER_IPV4[PROTOCOL_IGMP] = Layer.igmp;
LAYER_UNDER_IPV4[PROTOCOL_IPV4] = IP;
LAYER_UNDER_IPV4[PROTOCOL_TCP] = Layer.tcp;
LAYER_UNDER_IPV4[PROTOCOL_UDP] = Layer.udp;
LAYER_UNDER_IPV4[PROTOCOL_DCCP] = Layer.dccp;
LAYER_UNDER_IPV4[PROTOCOL_IPV6] = IPV6;
LAYER_UNDER_IPV4[PROTOCOL_GRE] = GRE;
LAYER_UNDER_IPV4[PROTOCOL_ESP] = Layer.esp;
LAYER_UNDER_IPV4[PROTOCOL_AH] = Layer.ah;
LAYER_UNDER_IPV4[PROTOCOL_ICMPV6] = Layer.icmpv6;
LAYER_UNDER_IPV4[PROTOCOL_IPIP] = IP;
LAYER_UNDER_IPV4[PROTOCOL_ETHERIP] = Layer.etherip;
LAYER_UNDER_IPV4[PROTOCOL_L2TP] = Layer.l2tp;
LAYER_UNDER_IPV4[PROTOCOL_SCTP] = Layer.sctp;
LAYER_UNDER_IPV4[PROTOCOL_UDPLITE] = Layer.udplite;
LAYER_UNDER_IPV4[PROTOCOL_MPLS] = Layer.mpls;

/** IPv6 has the same numbers and its extension headers (RFC 8200, section 4), which mean nothing under IPv4. */
const LAYER_UNDER_IPV6 = LAYER_UNDER_IPV4.slice();
LAYER_UNDER_IPV6[PROTOCOL_HOP_BY_HOP] = Layer['ipv6.hopopts'];
LAYER_UNDER_IPV6[PROTOCOL_ROUTING] = Layer['ipv6.routing'];
LAYER_UNDER_IPV6[PROTOCOL_FRAGMENT] = Layer['ipv6.fraghdr'];
LAYER_UNDER_IPV6[PROTOCOL_DESTINATION_OPTIONS] = Layer['ipv6.dstopts'];
LAYER_UNDER_IPV6[PROTOCOL_MOBILITY] = Layer['ipv6.mobility'];
LAYER_UNDER_IPV6[PROTOCOL_HIP] = Layer['ipv6.hip'];
LAYER_UNDER_IPV6[PROTOCOL_SHIM6] = Layer['ipv6.shim6'];

/** Layers that carry a whole packet: they can only be read from a whole datagram. */
const CARRIES_PACKETS = new Uint8Array(256);
for (const layer of [IP, IPV6, GRE, Layer.etherip, Layer.mpls]) CARRIES_PACKETS[layer] = 1;

/** The valid header at `at` becomes the network header. Before its `push`. */
export function enterNetwork(c: Cursor, at: number, version: number): void {
  if (c.ipVersion !== 0) leaveOuter(c);
  c.network = at;
  c.ipVersion = version;
}

/** What is known of the outer packet's transport and fragments makes room for the inner one's. */
function leaveOuter(c: Cursor): void {
  passTunnel(c);
  c.transport = -1;
  c.sourcePort = 0;
  c.destinationPort = 0;
  c.fragment = false;
  c.fragmentOffset = 0;
  c.moreFragments = false;
  c.fragmentId = 0;
  c.fragmentData = 0;
  c.fragmentNextHeaderAt = 0;
  c.unfragmentable = 0;
}

/** Counts the tunnel between two network headers and takes over the network it separates. */
function passTunnel(c: Cursor): void {
  c.tunnels++;
  for (let i = c.depth - 1; i >= 0; i--) {
    const layer = c.layers[i];
    if (layer === IP || layer === IPV6) return;
    const id = virtualNetworkAt(c.view, layer, c.offsets[i]);
    if (id !== 0) c.virtualNetwork = id;
  }
}

/** The layer behind the network header and its extension headers; `at` is there. */
export function enterProtocol(c: Cursor, protocol: number): number {
  c.protocol = protocol;
  const layer = c.ipVersion === 4 ? LAYER_UNDER_IPV4[protocol] : LAYER_UNDER_IPV6[protocol];
  if (CARRIES_PACKETS[layer] === 0) return layer;
  if (c.fragment) return IPPROTO;
  // Should the inner packet be broken, the flow is this one.
  c.transport = c.at;
  return layer;
}

/** Any protocol over IP that we do not decode: its header is the whole payload. */
export function decodeIpProtocol(c: Cursor): number {
  c.push(IPPROTO, c.at, 0);
  c.transport = c.at;
  c.restIsPayload();
  return 0;
}
