// The first layer of a packet by its LINKTYPE_ value (tcpdump.org's registry), and the DLT_ values that leak into files.

import { Layer } from './layers.ts';

const FIRST_LAYER = new Map<number, number>([
  [0, Layer.null],
  [1, Layer.eth],
  [7, Layer.arcnet],
  [8, Layer.slip],
  [9, Layer.ppp],
  // DLT_RAW of BSD and OpenBSD, where 12 and 14 were written instead of LINKTYPE_RAW.
  [12, Layer.raw],
  [14, Layer.raw],
  [50, Layer.ppp],
  // LINKTYPE_PPP_ETHER: the session header without Ethernet.
  [51, Layer.pppoe],
  [101, Layer.raw],
  [104, Layer.chdlc],
  [105, Layer.wlan],
  [106, Layer.clip],
  [107, Layer.fr],
  [108, Layer.loop],
  [113, Layer.sll],
  [123, Layer.atm],
  [127, Layer.radiotap],
  [129, Layer['arcnet.linux']],
  [192, Layer.ppi],
  [226, Layer.ipnet],
  [228, Layer.ip],
  [229, Layer.ipv6],
  [239, Layer.nflog],
  [242, Layer.ipoib],
  [276, Layer.sll2],
]);
const BY_LINKTYPE = new Uint8Array(0x10000);
for (const [linkType, layer] of FIRST_LAYER) BY_LINKTYPE[linkType] = layer;

/** The layer that frames of `linkType` begin with; `Layer.done` (0) when we do not know the link type. */
export function firstLayer(linkType: number): number {
  return linkType >= 0 && linkType < BY_LINKTYPE.length ? BY_LINKTYPE[linkType] : 0;
}
