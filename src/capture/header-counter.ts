// Counts, for each interface, packets whose headers can be read and those that can not, by goProbe's kinds, where flows are kept elsewhere.

import { PACKET_SEGMENTED, type PacketBatch } from '../sources/source.ts';
import type { Capture } from './capture.ts';
import { PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP } from './ep-hash.ts';
import { IpLayerFinder, NO_IP } from './ip-layer.ts';
import { PacketKey } from './packet-key.ts';
import { ERRNO_OK, parsingFailed } from './parsing-error.ts';

const LINKTYPE_ETHERNET = 1;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const FRAGMENT_OFFSET_MASK = 0x1fff;
/** Ethernet, an IP header without options, and what of a transport header must be there at most (TCP up to its flags). */
const SURE_V4 = 14 + 20 + 14;
const SURE_V6 = 14 + 40 + 14;

export class HeaderCounter {
  readonly #finder = new IpLayerFinder();
  readonly #key = new PacketKey(false);

  count(batch: PacketBatch, capture: Capture): void {
    const { bytes, view, offset, capturedLength, linkType, flags, segments, count } = batch;
    let processed = 0;
    for (let i = 0; i < count; i++) {
      const packets = (flags[i] & PACKET_SEGMENTED) !== 0 ? segments[i] : 1;
      const from = offset[i];
      // What `PacketKey` would find nothing wrong with, at a glance: most packets are like that.
      if (linkType[i] === LINKTYPE_ETHERNET && capturedLength[i] >= SURE_V4) {
        const type = view.getUint16(from + 12);
        if (type === ETHERTYPE_IPV4) {
          if (bytes[from + 14] === 0x45 && (view.getUint16(from + 20) & FRAGMENT_OFFSET_MASK) === 0) {
            processed += packets;
            continue;
          }
        } else if (type === ETHERTYPE_IPV6 && capturedLength[i] >= SURE_V6 && bytes[from + 14] >> 4 === 6) {
          const next = bytes[from + 20];
          if (next === PROTOCOL_TCP || next === PROTOCOL_UDP || next === PROTOCOL_ICMPV6) {
            processed += packets;
            continue;
          }
        }
      }
      const at = this.#finder.find(batch, i);
      if (at === NO_IP) continue;
      const errno = this.#key.read(bytes, view, at, offset[i] + capturedLength[i]);
      if (errno !== ERRNO_OK) capture.parsingErrors.count(errno);
      if (errno === ERRNO_OK || parsingFailed(errno)) processed += packets;
    }
    capture.processed += processed;
  }
}
