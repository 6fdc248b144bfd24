// The friendly view of a decoded packet: its layers by name, and the tunnels around its flow. Makes objects and strings, so
// it is for the first packet of a flow and for people, never for every packet.

import type { Cursor } from './cursor.ts';
import { erspanSession } from './erspan.ts';
import { greKey } from './gre.ts';
import { gtpuTeid } from './gtp.ts';
import { IPV4_DESTINATION, IPV4_SOURCE } from './ipv4.ts';
import { IPV6_DESTINATION, IPV6_SOURCE } from './ipv6.ts';
import { l2tpSession } from './l2tp.ts';
import { LAYER_NAMES, Layer, type LayerName } from './layers.ts';
import { geneveVni, greSubnet, lispInstance, vxlanVni } from './virtual-network.ts';

export interface LayerDescription {
  protocol: LayerName;
  /** Of the header, in bytes from the start of the packet's link layer. */
  offset: number;
  length: number;
}

export interface TunnelDescription {
  type:
    | 'ipip'
    | 'gre'
    | 'nvgre'
    | 'pptp'
    | 'erspan'
    | 'vxlan'
    | 'geneve'
    | 'gtp'
    | 'l2tp'
    | 'teredo'
    | 'etherip'
    | 'capwap'
    | 'lisp'
    | 'ayiya'
    | 'tzsp'
    | 'mpls';
  /** Addresses of the outer IP header. */
  source: string;
  destination: string;
  /** VNI, VSID, key, TEID, session or call id as the tunnel's header has it; absent where it has none. */
  id?: number;
}

const IP = Layer.ip;
const IPV6 = Layer.ipv6;

/** Every layer of the packet, outermost first. */
export function describeLayers(c: Cursor): LayerDescription[] {
  const layers: LayerDescription[] = [];
  const start = c.depth === 0 ? 0 : c.offsets[0];
  for (let i = 0; i < c.depth; i++) {
    layers.push({ protocol: LAYER_NAMES[c.layers[i]], offset: c.offsets[i] - start, length: c.lengths[i] });
  }
  return layers;
}

/** The tunnels around the innermost network header, outermost first. */
export function describeTunnels(c: Cursor): TunnelDescription[] {
  const tunnels: TunnelDescription[] = [];
  let outer = -1;
  for (let i = 0; i < c.depth; i++) {
    const layer = c.layers[i];
    if (layer !== IP && layer !== IPV6) continue;
    if (outer >= 0) tunnels.push(tunnelBetween(c, outer, i));
    outer = i;
  }
  return tunnels;
}

/** The tunnel whose outer and inner network headers are the layers `outer` and `inner`. */
function tunnelBetween(c: Cursor, outer: number, inner: number): TunnelDescription {
  const at = c.offsets[outer];
  const isV4 = c.layers[outer] === IP;
  const tunnel: TunnelDescription = {
    type: 'ipip',
    source: addressText(c.view, at + (isV4 ? IPV4_SOURCE : IPV6_SOURCE), isV4),
    destination: addressText(c.view, at + (isV4 ? IPV4_DESTINATION : IPV6_DESTINATION), isV4),
  };
  // What is nearest to the inner packet names it: ERSPAN rather than the GRE around it.
  for (let i = outer + 1; i < inner; i++) nameTunnel(tunnel, c.view, LAYER_NAMES[c.layers[i]], c.offsets[i]);
  return tunnel;
}

function nameTunnel(tunnel: TunnelDescription, view: DataView, layer: LayerName, offset: number): void {
  switch (layer) {
    case 'gre': {
      const key = greKey(view, offset);
      const subnet = greSubnet(view, offset);
      const isPptp = (view.getUint16(offset) & 7) === 1;
      tunnel.type = isPptp ? 'pptp' : subnet !== 0 ? 'nvgre' : 'gre';
      if (key >= 0) tunnel.id = isPptp ? key & 0xffff : subnet !== 0 ? subnet : key;
      return;
    }
    case 'erspan':
      tunnel.type = layer;
      tunnel.id = erspanSession(view, offset);
      return;
    case 'vxlan':
      tunnel.type = layer;
      tunnel.id = vxlanVni(view, offset);
      return;
    case 'geneve':
      tunnel.type = layer;
      tunnel.id = geneveVni(view, offset);
      return;
    case 'gtp':
      tunnel.type = layer;
      tunnel.id = gtpuTeid(view, offset);
      return;
    case 'l2tp':
      tunnel.type = layer;
      tunnel.id = l2tpSession(view, offset);
      return;
    case 'capwap.data':
      tunnel.type = 'capwap';
      return;
    case 'lisp-data': {
      const instance = lispInstance(view, offset);
      tunnel.type = 'lisp';
      if (instance !== 0) tunnel.id = instance;
      return;
    }
    case 'teredo':
    case 'ayiya':
    case 'tzsp':
    case 'etherip':
      tunnel.type = layer;
      return;
    case 'mpls':
      if (tunnel.type === 'ipip') tunnel.type = layer;
      return;
  }
}

/** Dotted, or RFC 5952, whose rules for IPv6 the URL standard's host serializer follows. */
function addressText(view: DataView, offset: number, isV4: boolean): string {
  if (isV4) return [0, 1, 2, 3].map((i) => view.getUint8(offset + i)).join('.');
  const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((i) => view.getUint16(offset + i).toString(16));
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}
