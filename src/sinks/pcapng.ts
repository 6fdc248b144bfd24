// pcapng (draft-ietf-opsawg-pcapng), little-endian: one section, an interface description for each interface that packets come from, times
// in nanoseconds, the direction where it is known, and the decryption secrets of the input. Comments and name records of the input are
// not kept.

import { PACKET_DIRECTION_KNOWN, PACKET_OUTGOING, type PacketBatch } from '../sources/source.ts';
import { VERSION } from '../version.ts';
import { PacketBytes, type PacketEncoder, tagBytes } from './packet-encoder.ts';
import type { PacketOrigin } from './sink.ts';

const LINKTYPE_ETHERNET = 1;
const SECTION_HEADER_BLOCK = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const INTERFACE_DESCRIPTION_BLOCK = 1;
const ENHANCED_PACKET_BLOCK = 6;
const DECRYPTION_SECRETS_BLOCK = 10;
/** Type, total length, and the total length once more at the end. */
const BLOCK_FRAME = 12;
const EPB_FIELDS = 20;

const OPT_ENDOFOPT = 0;
const SHB_USERAPPL = 4;
const IF_NAME = 2;
const IF_TSRESOL = 9;
const EPB_FLAGS = 2;
/** epb_flags, bits 0-1. */
const INBOUND = 1;
const OUTBOUND = 2;
const NANOSECONDS = 9;

const padded = (length: number): number => (length + 3) & ~3;
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

export class PcapngEncoder implements PacketEncoder {
  readonly out = new PacketBytes();
  /** The file's number of each interface of the origin. */
  readonly #interfaces = new Map<number, number>();
  #hasSection = false;
  #secrets = 0;

  put(batch: PacketBatch, i: number, origin: PacketOrigin): void {
    if (!this.#hasSection) this.#section();
    if (origin.secrets.length > this.#secrets) this.#writeSecrets(origin);
    const id =
      this.#interfaces.get(batch.interfaceId[i]) ?? this.#describe(batch.interfaceId[i], batch.linkType[i], origin);
    const { out } = this;
    const tag = tagBytes(batch, i);
    const captured = batch.capturedLength[i] + tag;
    const hasFlags = (batch.flags[i] & PACKET_DIRECTION_KNOWN) !== 0;
    // The option with its four bytes, and the end of options.
    const length = BLOCK_FRAME + EPB_FIELDS + padded(captured) + (hasFlags ? 12 : 0);
    out.u32(ENHANCED_PACKET_BLOCK);
    out.u32(length);
    out.u32(id);
    this.#time(batch.seconds[i], batch.nanos[i]);
    out.u32(captured);
    out.u32(batch.wireLength[i] + tag);
    out.packet(batch, i, tag);
    this.#pad(captured);
    if (hasFlags) {
      out.u16(EPB_FLAGS);
      out.u16(4);
      out.u32((batch.flags[i] & PACKET_OUTGOING) !== 0 ? OUTBOUND : INBOUND);
      out.u32(OPT_ENDOFOPT);
    }
    out.u32(length);
  }

  finish(origin: PacketOrigin): void {
    if (this.#hasSection) return;
    this.#section();
    this.#writeSecrets(origin);
    for (const [id, { linkType }] of origin.interfaces.entries()) this.#describe(id, linkType, origin);
    // Readers want one, even where nothing was captured.
    if (origin.interfaces.length === 0) this.#describe(0, LINKTYPE_ETHERNET, origin);
  }

  /** Nanoseconds since 1970 in two words; seconds times 10^9 is more than a double holds exactly. */
  #time(seconds: number, nanos: number): void {
    const upper = (seconds >>> 16) * 1e9;
    const low = (upper % 65_536) * 65_536 + (seconds & 0xffff) * 1e9 + nanos;
    this.out.u32(Math.floor(upper / 65_536) + Math.floor(low / 0x100000000));
    this.out.u32(low % 0x100000000);
  }

  #section(): void {
    this.#hasSection = true;
    this.#block(SECTION_HEADER_BLOCK, (out) => {
      out.u32(BYTE_ORDER_MAGIC);
      out.u16(1);
      out.u16(0);
      // The section's length is not known.
      out.u32(0xffffffff);
      out.u32(0xffffffff);
      this.#option(SHB_USERAPPL, Buffer.from(`netscribe ${VERSION}`));
      out.u32(OPT_ENDOFOPT);
    });
  }

  #describe(source: number, linkType: number, { interfaces }: PacketOrigin): number {
    const id = this.#interfaces.size;
    this.#interfaces.set(source, id);
    const { name = '', snapLength = 0 } = interfaces[source] ?? {};
    this.#block(INTERFACE_DESCRIPTION_BLOCK, (out) => {
      out.u16(linkType);
      out.u16(0);
      out.u32(snapLength);
      if (name !== '') this.#option(IF_NAME, Buffer.from(name));
      this.#option(IF_TSRESOL, Buffer.from([NANOSECONDS]));
      out.u32(OPT_ENDOFOPT);
    });
    return id;
  }

  #writeSecrets({ secrets }: PacketOrigin): void {
    for (const { type, data } of secrets.slice(this.#secrets)) {
      this.#block(DECRYPTION_SECRETS_BLOCK, (out) => {
        out.u32(type);
        out.u32(data.length);
        out.copy(viewOf(data), 0, data.length);
        this.#pad(data.length);
      });
    }
    this.#secrets = secrets.length;
  }

  #block(type: number, body: (out: PacketBytes) => void): void {
    const { out } = this;
    const start = out.at;
    out.u32(type);
    out.u32(0);
    body(out);
    const length = out.at - start + 4;
    out.u32(length);
    out.view.setUint32(start + 4, length, true);
  }

  #option(code: number, value: Uint8Array): void {
    this.out.u16(code);
    this.out.u16(value.length);
    this.out.copy(viewOf(value), 0, value.length);
    this.#pad(value.length);
  }

  #pad(length: number): void {
    this.out.zeros(padded(length) - length);
  }
}
