// Classic pcap (draft-ietf-opsawg-pcap), little-endian, with nanoseconds unless old readers need microseconds.

import type { PacketBatch } from '../sources/source.ts';
import { MAX_SNAP_LENGTH, PacketBytes, type PacketEncoder, tagBytes } from './packet-encoder.ts';
import { type PacketOrigin, SinkError } from './sink.ts';

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;
const VERSION_MAJOR = 2;
const VERSION_MINOR = 4;
const LINKTYPE_ETHERNET = 1;

export class PcapEncoder implements PacketEncoder {
  readonly out = new PacketBytes();
  readonly #micros: boolean;
  /** -1 until the file has its header. */
  #linkType = -1;
  #snapLength = 0;

  /** `micros`: times are cut to microseconds. */
  constructor(micros = false) {
    this.#micros = micros;
  }

  put(batch: PacketBatch, i: number, origin: PacketOrigin): void {
    const linkType = batch.linkType[i];
    if (linkType !== this.#linkType) this.#begin(batch, i, origin);
    const { out } = this;
    const tag = tagBytes(batch, i);
    const captured = batch.capturedLength[i] + tag;
    if (captured > this.#snapLength) {
      throw new SinkError(
        `packet ${batch.numbers[i]} is longer (${captured} bytes) than this pcap file can say: write pcapng instead (-w NAME.pcapng)`,
      );
    }
    out.u32(batch.seconds[i]);
    out.u32(this.#micros ? Math.floor(batch.nanos[i] / 1000) : batch.nanos[i]);
    out.u32(captured);
    out.u32(batch.wireLength[i] + tag);
    out.packet(batch, i, tag);
  }

  finish(origin: PacketOrigin): void {
    if (this.#linkType < 0) this.#header(origin.interfaces[0]?.linkType ?? LINKTYPE_ETHERNET, origin);
  }

  #begin(batch: PacketBatch, i: number, origin: PacketOrigin): void {
    if (this.#linkType >= 0) {
      throw new SinkError(
        `packet ${batch.numbers[i]} has link type ${batch.linkType[i]}, those before it ${this.#linkType}, and a pcap file has room for one: write pcapng instead (-w NAME.pcapng)`,
      );
    }
    this.#header(batch.linkType[i], origin);
  }

  #header(linkType: number, { interfaces }: PacketOrigin): void {
    this.#linkType = linkType;
    this.#snapLength = Math.max(MAX_SNAP_LENGTH, ...interfaces.map(({ snapLength }) => snapLength));
    const { out } = this;
    out.u32(this.#micros ? MAGIC_MICROSECONDS : MAGIC_NANOSECONDS);
    out.u16(VERSION_MAJOR);
    out.u16(VERSION_MINOR);
    // Time zone and accuracy: always zero.
    out.u32(0);
    out.u32(0);
    out.u32(this.#snapLength);
    out.u32(linkType);
  }
}
