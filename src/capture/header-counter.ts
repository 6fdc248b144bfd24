// Counts, for each interface, packets whose headers can be read and those that can not, by goProbe's kinds, where flows are kept elsewhere.

import { PACKET_SEGMENTED, type PacketBatch } from '../sources/source.ts';
import type { Capture } from './capture.ts';
import { IpLayerFinder, NO_IP } from './ip-layer.ts';
import { PacketKey } from './packet-key.ts';
import { ERRNO_OK, parsingFailed } from './parsing-error.ts';

export class HeaderCounter {
  readonly #finder = new IpLayerFinder();
  readonly #key = new PacketKey(false);

  count(batch: PacketBatch, capture: Capture): void {
    const { bytes, view, offset, capturedLength, flags, segments, count } = batch;
    for (let i = 0; i < count; i++) {
      const at = this.#finder.find(batch, i);
      if (at === NO_IP) continue;
      const errno = this.#key.read(bytes, view, at, offset[i] + capturedLength[i]);
      if (errno !== ERRNO_OK) capture.parsingErrors.count(errno);
      if (errno === ERRNO_OK || parsingFailed(errno))
        capture.processed += (flags[i] & PACKET_SEGMENTED) !== 0 ? segments[i] : 1;
    }
  }
}
