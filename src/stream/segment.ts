// What reassembly needs to know of one TCP segment (RFC 9293 section 3.1, RFC 7323), read once from its headers into an object that
// is used again and again.

import { isTcpChecksumWrong } from '../wire/tcp-checksum.ts';
import { TcpOptions } from '../wire/tcp-options.ts';

const URG = 0x20;
const HEADER = 20;

export class Segment extends TcpOptions {
  /** The low eight bits of the flags. */
  flags = 0;
  sequence = 0;
  acknowledgment = 0;
  /** As written, without scale. */
  window = 0;
  /** The urgent pointer; -1 without URG. */
  urgent = -1;
  ttl = 0;
  /** The captured bytes are [from, to) of `bytes`; `length` were sent. */
  bytes: Uint8Array = new Uint8Array(0);
  from = 0;
  to = 0;
  length = 0;
  seconds = 0;
  nanos = 0;
  packet = 0;
  /** Offsets of the network and transport header in `view`; -1 when checksums can not be told. */
  network = -1;
  transport = -1;
  view: DataView = new DataView(this.bytes.buffer);

  /** Reads the TCP header at `transport`; the payload is known. All offsets are in `bytes`, which `view` shows too. */
  read(bytes: Uint8Array, view: DataView, network: number, transport: number): void {
    this.bytes = bytes;
    this.view = view;
    this.network = network;
    this.transport = transport;
    this.sequence = view.getInt32(transport + 4);
    this.acknowledgment = view.getInt32(transport + 8);
    this.flags = bytes[transport + 13];
    this.window = view.getUint16(transport + 14);
    this.urgent = (this.flags & URG) !== 0 ? view.getUint16(transport + 18) : -1;
    this.readOptions(bytes, view, transport + HEADER, this.from);
  }

  /**
   * Is the IP header's or the segment's checksum wrong? `payloadSum` is the sum of the payload's words. False where that can not be
   * told, as when the snap length cut it.
   */
  hasWrongChecksum(payloadSum: number): boolean {
    const { view, network, transport } = this;
    if (transport < 0 || this.to - this.from !== this.length) return false;
    return isTcpChecksumWrong(view, network, transport, this.from, this.length, payloadSum);
  }
}
