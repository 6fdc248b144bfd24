// Tunnels over UDP. A port alone proves nothing: the tunnel's header must fit too, else the packet is UDP like any other.

import { AYIYA_PORT, ayiyaHeaderLength } from './ayiya.ts';
import { CAPWAP_DATA_PORT, capwapHeaderLength } from './capwap.ts';
import type { Cursor } from './cursor.ts';
import { GENEVE_PORT, isGeneve } from './geneve.ts';
import { GRE_UDP_PORT, isGreInUdp } from './gre.ts';
import { GTPU_PORT, gtpuHeaderLength } from './gtp.ts';
import { L2TP_PORT, l2tpHeaderLength } from './l2tp.ts';
import { Layer } from './layers.ts';
import { isLisp, LISP_DATA_PORT } from './lisp.ts';
import { isMplsInUdp, MPLS_UDP_PORT } from './mpls.ts';
import { TEREDO_PORT, teredoHeaderLength } from './teredo.ts';
import { TZSP_PORT, tzspHeaderLength } from './tzsp.ts';
import { isVxlan, isVxlanGpe, VXLAN_GPE_PORT, VXLAN_LINUX_PORT, VXLAN_PORT } from './vxlan.ts';

const VXLAN = Layer.vxlan;
const GENEVE = Layer.geneve;
const GRE = Layer.gre;
const GTP = Layer.gtp;
const L2TP = Layer.l2tp;
const TEREDO = Layer.teredo;
const CAPWAP = Layer['capwap.data'];
const LISP = Layer['lisp-data'];
const AYIYA = Layer.ayiya;
const MPLS = Layer.mpls;
const TZSP = Layer.tzsp;

/** A bit per port: a byte each would fill the CPU's first cache with random ports. */
const TUNNEL_PORTS = new Int32Array(0x10000 / 32);
for (const port of [
  VXLAN_PORT,
  VXLAN_LINUX_PORT,
  VXLAN_GPE_PORT,
  GENEVE_PORT,
  GTPU_PORT,
  GRE_UDP_PORT,
  L2TP_PORT,
  TEREDO_PORT,
  CAPWAP_DATA_PORT,
  LISP_DATA_PORT,
  AYIYA_PORT,
  MPLS_UDP_PORT,
  TZSP_PORT,
]) {
  TUNNEL_PORTS[port >>> 5] |= 1 << (port & 31);
}

/** Whether a UDP packet with this source or destination port may be a tunnel. */
export const isTunnelPort = (port: number): boolean => ((TUNNEL_PORTS[port >>> 5] >>> (port & 31)) & 1) !== 0;

/** The layer in the UDP payload, `Layer.done` when it is no tunnel. */
export function enterUdpTunnel(c: Cursor): number {
  if (!isTunnelPort(c.destinationPort) && !isTunnelPort(c.sourcePort)) return 0;
  return tunnelOnPort(c, c.destinationPort) || tunnelOnPort(c, c.sourcePort);
}

function tunnelOnPort(c: Cursor, port: number): number {
  switch (port) {
    case VXLAN_PORT:
    case VXLAN_LINUX_PORT:
      return isVxlan(c) ? VXLAN : 0;
    case VXLAN_GPE_PORT:
      return isVxlanGpe(c) ? VXLAN : 0;
    case GENEVE_PORT:
      return isGeneve(c) ? GENEVE : 0;
    case GTPU_PORT:
      return gtpuHeaderLength(c) !== 0 ? GTP : 0;
    case GRE_UDP_PORT:
      return isGreInUdp(c) ? GRE : 0;
    case L2TP_PORT:
      return l2tpHeaderLength(c) !== 0 ? L2TP : 0;
    case TEREDO_PORT:
      return teredoHeaderLength(c) >= 0 ? TEREDO : 0;
    case CAPWAP_DATA_PORT:
      return capwapHeaderLength(c) !== 0 ? CAPWAP : 0;
    case LISP_DATA_PORT:
      return isLisp(c) ? LISP : 0;
    case AYIYA_PORT:
      return ayiyaHeaderLength(c) !== 0 ? AYIYA : 0;
    case MPLS_UDP_PORT:
      return isMplsInUdp(c) ? MPLS : 0;
    case TZSP_PORT:
      return tzspHeaderLength(c) !== 0 ? TZSP : 0;
    default:
      return 0;
  }
}
