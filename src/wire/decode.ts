// The general decoder: from the link layer to the innermost transport, one table look-up per header, no recursion.

import { decodeAh } from './ah.ts';
import { decodeArcnet, decodeArcnetLinux } from './arcnet.ts';
import { decodeArp } from './arp.ts';
import { decodeClip, decodeSunAtm } from './atm.ts';
import { decodeAyiya } from './ayiya.ts';
import { decodeCapwap } from './capwap.ts';
import { decodeChdlc, isChdlc } from './chdlc.ts';
import { decodeCiscoMetadata } from './cisco-metadata.ts';
import { type Cursor, Fault, MAX_LAYERS } from './cursor.ts';
import { decodeDccp } from './dccp.ts';
import { decodeErspan } from './erspan.ts';
import { decodeEsp } from './esp.ts';
import { decodeEth } from './eth.ts';
import { decodeEtherip } from './etherip.ts';
import { decodeFabricPath } from './fabricpath.ts';
import { decodeFrameRelay } from './frame-relay.ts';
import { decodeGeneve } from './geneve.ts';
import { decodeGre } from './gre.ts';
import { decodeGtpu } from './gtp.ts';
import { decodeIcmp, decodeIcmpv6 } from './icmp.ts';
import { decodeIgmp } from './igmp.ts';
import { decodeIpnet } from './ipnet.ts';
import { decodeIpoib } from './ipoib.ts';
import { decodeIpv4 } from './ipv4.ts';
import { decodeIpv6 } from './ipv6.ts';
import {
  decodeDestinationOptions,
  decodeHip,
  decodeHopByHop,
  decodeMobility,
  decodeRouting,
  decodeShim6,
} from './ipv6-extensions.ts';
import { decodeIpv6Fragment } from './ipv6-fragment.ts';
import { decodeL2tp } from './l2tp.ts';
import { LAYER_NAMES, Layer, type LayerName } from './layers.ts';
import { firstLayer } from './link-types.ts';
import { decodeLisp } from './lisp.ts';
import { decodeLlc } from './llc.ts';
import { decodeMacsec } from './macsec.ts';
import { decodeMpls } from './mpls.ts';
import { decodeIpProtocol } from './network.ts';
import { decodeNflog } from './nflog.ts';
import { decodeNsh } from './nsh.ts';
import { decodeLoop, decodeNull } from './null.ts';
import { decodeOther, OTHER_LINKTYPE } from './other.ts';
import { decodePpi } from './ppi.ts';
import { decodePpp } from './ppp.ts';
import { decodePppoe } from './pppoe.ts';
import { decodeRadiotap } from './radiotap.ts';
import { decodeRaw } from './raw.ts';
import { decodeSctp } from './sctp.ts';
import { decodeSlip } from './slip.ts';
import { decodeSll } from './sll.ts';
import { decodeSll2 } from './sll2.ts';
import { decodeEtag, decodePbb, decodeVntag } from './tags.ts';
import { decodeTcp } from './tcp.ts';
import { decodeTeredo } from './teredo.ts';
import { decodeTzsp } from './tzsp.ts';
import { decodeUdp, decodeUdpLite } from './udp.ts';
import { decodeVlan } from './vlan.ts';
import { decodeVxlan } from './vxlan.ts';
import { decodeWlan } from './wlan.ts';

type Decoder = (c: Cursor) => number;

const BY_NAME: Record<Exclude<LayerName, 'done'>, Decoder> = {
  eth: decodeEth,
  llc: decodeLlc,
  sll: decodeSll,
  sll2: decodeSll2,
  null: decodeNull,
  loop: decodeLoop,
  raw: decodeRaw,
  wlan: decodeWlan,
  radiotap: decodeRadiotap,
  ppi: decodePpi,
  ppp: decodePpp,
  chdlc: decodeChdlc,
  fr: decodeFrameRelay,
  nflog: decodeNflog,
  slip: decodeSlip,
  ipnet: decodeIpnet,
  ipoib: decodeIpoib,
  arcnet: decodeArcnet,
  'arcnet.linux': decodeArcnetLinux,
  atm: decodeSunAtm,
  clip: decodeClip,
  vlan: decodeVlan,
  etag: decodeEtag,
  vntag: decodeVntag,
  ieee8021ah: decodePbb,
  cfp: decodeFabricPath,
  cmd: decodeCiscoMetadata,
  macsec: decodeMacsec,
  pppoe: decodePppoe,
  mpls: decodeMpls,
  arp: decodeArp,
  other: decodeOther,
  ip: decodeIpv4,
  ipv6: decodeIpv6,
  'ipv6.hopopts': decodeHopByHop,
  'ipv6.routing': decodeRouting,
  'ipv6.fraghdr': decodeIpv6Fragment,
  'ipv6.dstopts': decodeDestinationOptions,
  'ipv6.mobility': decodeMobility,
  'ipv6.hip': decodeHip,
  'ipv6.shim6': decodeShim6,
  ah: decodeAh,
  gre: decodeGre,
  erspan: decodeErspan,
  vxlan: decodeVxlan,
  geneve: decodeGeneve,
  gtp: decodeGtpu,
  l2tp: decodeL2tp,
  teredo: decodeTeredo,
  nsh: decodeNsh,
  etherip: decodeEtherip,
  'capwap.data': decodeCapwap,
  'lisp-data': decodeLisp,
  ayiya: decodeAyiya,
  tzsp: decodeTzsp,
  tcp: decodeTcp,
  udp: decodeUdp,
  udplite: decodeUdpLite,
  sctp: decodeSctp,
  dccp: decodeDccp,
  icmp: decodeIcmp,
  icmpv6: decodeIcmpv6,
  igmp: decodeIgmp,
  esp: decodeEsp,
  ipproto: decodeIpProtocol,
};

const DECODERS: readonly Decoder[] = LAYER_NAMES.map((name) => (name === 'done' ? decodeOther : BY_NAME[name]));
const OTHER = Layer.other;
const UNSUPPORTED_LINK = Fault.unsupportedLink;
const TOO_MANY_LAYERS = Fault.tooManyLayers;

/** LINKTYPE_PPP_WITH_DIR: a byte that says who sent, then PPP. */
const LINKTYPE_PPP_WITH_DIR = 204;
const PPP = Layer.ppp;
const CHDLC = Layer.chdlc;

/**
 * Decodes the packet that `c.reset` was given, whose link layer is `linkType` (LINKTYPE_ of tcpdump.org's registry).
 * A VLAN tag that was taken out of the packet before is set by the caller, `vlanOuter` and `vlanCount`, after `reset`.
 */
export function decode(c: Cursor, linkType: number): void {
  let layer = firstLayer(linkType);
  if (layer === 0) layer = rareLink(c, linkType);
  else if (layer === PPP && isChdlc(c)) layer = CHDLC;
  if (layer !== 0) decodeFrom(c, layer);
}

/** Decodes from `layer`, whose header is at `c.at`. */
export function decodeFrom(c: Cursor, layer: number): void {
  while (layer !== 0) {
    if (c.depth === MAX_LAYERS) {
      c.fail(TOO_MANY_LAYERS, layer, c.at);
      return;
    }
    layer = DECODERS[layer](c);
  }
}

/**
 * Decodes a datagram of `length` bytes at `at` that was put together from fragments, IPv4 or IPv6 header first. The cursor
 * holds one of the fragments: its VLANs, tunnels and virtual network are kept, the rest (the stack of layers, the Ethernet
 * header) belongs to other bytes and is forgotten. `isCut`: of some fragments less was captured than was sent.
 */
export function decodeReassembled(
  c: Cursor,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  length: number,
  isCut = false,
): void {
  const { vlanOuter, vlanInner, vlanCount, tunnels, virtualNetwork, ipVersion } = c;
  c.reset(bytes, view, at, length, length);
  c.isCut = isCut;
  c.vlanOuter = vlanOuter;
  c.vlanInner = vlanInner;
  c.vlanCount = vlanCount;
  c.tunnels = tunnels;
  c.virtualNetwork = virtualNetwork;
  decodeFrom(c, ipVersion === 4 ? Layer.ip : Layer.ipv6);
}

function rareLink(c: Cursor, linkType: number): number {
  if (linkType === LINKTYPE_PPP_WITH_DIR) {
    if (c.end === c.at) return c.short(PPP, 1);
    c.at++;
    return PPP;
  }
  c.otherType = OTHER_LINKTYPE + (linkType & 0xffff);
  c.restIsPayload();
  return c.fail(UNSUPPORTED_LINK, OTHER, c.at);
}
