// Where the IP packet begins in a captured frame: behind Ethernet and its VLAN tags at a glance, behind any other link by the general
// decoder. The outermost IP header counts: flows of this manager are those of the interface, not of what is tunnelled.

import type { PacketBatch } from '../sources/source.ts';
import { Cursor } from '../wire/cursor.ts';
import { decode } from '../wire/decode.ts';
import { Layer } from '../wire/layers.ts';

const LINKTYPE_ETHERNET = 1;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_VLAN = 0x8100;
const ETHERTYPE_QINQ = 0x88a8;
const MAX_TAGS = 4;
/** The packet is not IP. */
export const NO_IP = -1;

export class IpLayerFinder {
  readonly #cursor = new Cursor();

  /** Offset of the outermost IP header of packet `i` in the batch's bytes, or `NO_IP`. */
  find(batch: PacketBatch, i: number): number {
    const from = batch.offset[i];
    const captured = batch.capturedLength[i];
    if (batch.linkType[i] === LINKTYPE_ETHERNET && captured >= 14) {
      const { view } = batch;
      let at = from + 12;
      for (let tags = 0; tags <= MAX_TAGS; tags++) {
        const type = view.getUint16(at);
        if (type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6) return at + 2;
        if ((type !== ETHERTYPE_VLAN && type !== ETHERTYPE_QINQ) || at + 6 > from + captured) break;
        at += 4;
      }
    }
    const c = this.#cursor;
    c.reset(batch.bytes, batch.view, from, captured, batch.wireLength[i]);
    decode(c, batch.linkType[i]);
    for (let d = 0; d < c.depth; d++) {
      if (c.layers[d] === Layer.ip || c.layers[d] === Layer.ipv6) return c.offsets[d];
    }
    return c.faultLayer === Layer.ip || c.faultLayer === Layer.ipv6 ? c.at : NO_IP;
  }
}
