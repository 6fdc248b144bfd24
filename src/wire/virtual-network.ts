// What separates address spaces inside tunnels, and where each tunnel's header says it: VXLAN (RFC 7348, section 5), GENEVE
// (RFC 8926, section 3.4), LISP (RFC 9300, section 5.1), NVGRE (RFC 7637, section 3.2). Reads headers that were decoded.

import { ETHERTYPE_TRANSPARENT_ETHERNET } from './ether-types.ts';
import { Layer } from './layers.ts';

const VXLAN = Layer.vxlan;
const GENEVE = Layer.geneve;
const LISP = Layer['lisp-data'];
const GRE = Layer.gre;

/** The same place in VXLAN, GENEVE and LISP: 24 bits and a byte of something else. */
const NETWORK_IDENTIFIER = 4;
const LISP_FLAG_INSTANCE = 0x08;
/** NVGRE: the key is present and nothing else, the EtherType is Ethernet's; the subnet is the key's high 24 bits. */
const NVGRE_START = 0x20000000 + ETHERTYPE_TRANSPARENT_ETHERNET;

/** VXLAN network identifier; `offset` is that of the header, here and below. */
export const vxlanVni = (view: DataView, offset: number): number => view.getUint32(offset + NETWORK_IDENTIFIER) >>> 8;

/** GENEVE's virtual network identifier. */
export const geneveVni = (view: DataView, offset: number): number => view.getUint32(offset + NETWORK_IDENTIFIER) >>> 8;

/** LISP instance id, 0 when the header has none. */
export const lispInstance = (view: DataView, offset: number): number =>
  (view.getUint8(offset) & LISP_FLAG_INSTANCE) === 0 ? 0 : view.getUint32(offset + NETWORK_IDENTIFIER) >>> 8;

/** Virtual subnet id of NVGRE, 0 when the GRE header is not NVGRE's. */
export const greSubnet = (view: DataView, offset: number): number =>
  view.getUint32(offset) === NVGRE_START ? view.getUint32(offset + NETWORK_IDENTIFIER) >>> 8 : 0;

/** The virtual network of the tunnel header of `layer`, 0 when it names none. */
export function virtualNetworkAt(view: DataView, layer: number, offset: number): number {
  switch (layer) {
    case VXLAN:
      return vxlanVni(view, offset);
    case GENEVE:
      return geneveVni(view, offset);
    case LISP:
      return lispInstance(view, offset);
    case GRE:
      return greSubnet(view, offset);
    default:
      return 0;
  }
}
