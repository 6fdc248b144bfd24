// Packets made for tests: frames from a few words, and a source that gives them from memory.

import {
  newPacketBatch,
  type PacketBatch,
  type PacketSource,
  type SourceStats,
  sourceStats,
} from '../../src/sources/source.ts';
import { type Bytes, bytes, eth, tag, text, u16, u32 } from '../wire/frames.ts';

export interface MadePacket {
  /** Seconds since the begin of the epoch, with a fraction. */
  at: number;
  bytes: Bytes;
  wireLength?: number;
  linkType?: number;
}

/** When made packets begin. */
export const BEGIN = 1_700_000_000;

const FLAGS = 'FSRPAUEC';

export interface IpFields {
  from?: string;
  to?: string;
  id?: number;
  ttl?: number;
  tos?: number;
  /** Flags and offset of IPv4 as they stand in the header. */
  fragment?: number;
}

const isV6 = (address: string) => address.includes(':');

function addressBytes(address: string): Bytes {
  if (!isV6(address)) return Uint8Array.from(address.split('.').map(Number));
  const [head, tail = ''] = address.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const left = groups(head);
  const right = groups(tail);
  const all = [...left, ...new Array(8 - left.length - right.length).fill(0), ...right];
  return bytes(...all.map(u16));
}

/** An IP packet without link layer. */
export function ip(protocol: number, rest: Bytes, fields: IpFields = {}): Bytes {
  const { from = '10.0.0.1', to = '10.0.0.2', id = 1, ttl = 64, tos = 0, fragment = 0 } = fields;
  if (isV6(from))
    return bytes(
      u32((6 << 28) | (tos << 20)),
      u16(rest.length),
      protocol,
      ttl,
      addressBytes(from),
      addressBytes(to),
      rest,
    );
  return bytes(
    0x45,
    tos,
    u16(20 + rest.length),
    u16(id),
    u16(fragment),
    ttl,
    protocol,
    u16(0),
    addressBytes(from),
    addressBytes(to),
    rest,
  );
}

/** On Ethernet, inside of the VLANs, outermost first. */
export function onEthernet(packet: Bytes, ...vlans: number[]): Bytes {
  let type = packet[0] >> 4 === 6 ? 0x86dd : 0x0800;
  let rest = packet;
  for (const vlan of vlans.toReversed()) {
    rest = tag(vlan, type, rest);
    type = 0x8100;
  }
  return eth(type, rest);
}

export interface TcpFields extends IpFields {
  flags?: string;
  seq?: number;
  ack?: number;
  window?: number;
  payload?: string | Bytes;
}

/** A TCP segment on Ethernet. */
export function tcpFrame(sourcePort: number, destinationPort: number, fields: TcpFields = {}): Bytes {
  const { flags = 'A', seq = 0, ack = 0, window = 64240, payload = '' } = fields;
  let bits = 0;
  for (const letter of flags) bits |= 1 << FLAGS.indexOf(letter);
  const body = typeof payload === 'string' ? text(payload) : payload;
  return onEthernet(
    ip(
      6,
      bytes(u16(sourcePort), u16(destinationPort), u32(seq), u32(ack), 0x50, bits, u16(window), u32(0), body),
      fields,
    ),
  );
}

export function udpDatagram(sourcePort: number, destinationPort: number, payload: string | Bytes = ''): Bytes {
  const body = typeof payload === 'string' ? text(payload) : payload;
  return bytes(u16(sourcePort), u16(destinationPort), u16(8 + body.length), u16(0), body);
}

/** A UDP datagram on Ethernet. */
export function udpFrame(
  sourcePort: number,
  destinationPort: number,
  fields: IpFields & { payload?: string | Bytes } = {},
): Bytes {
  return onEthernet(ip(17, udpDatagram(sourcePort, destinationPort, fields.payload), fields));
}

export function icmpFrame(type: number, code: number, rest: Bytes, fields: IpFields = {}): Bytes {
  return onEthernet(ip(isV6(fields.from ?? '') ? 58 : 1, bytes(type, code, u16(0), rest), fields));
}

/** One batch of all packets; `numbers` from `first`. */
export function batchOf(packets: readonly MadePacket[], first = 1): PacketBatch {
  const batch = newPacketBatch(Buffer.concat(packets.map((packet) => packet.bytes)), Math.max(1, packets.length));
  let at = 0;
  packets.forEach((packet, i) => {
    batch.numbers[i] = first + i;
    batch.offset[i] = at;
    batch.capturedLength[i] = packet.bytes.length;
    batch.wireLength[i] = packet.wireLength ?? packet.bytes.length;
    const seconds = BEGIN + packet.at;
    batch.seconds[i] = Math.floor(seconds);
    batch.nanos[i] = Math.round((packet.at - Math.floor(packet.at)) * 1e9) % 1e9;
    batch.linkType[i] = packet.linkType ?? 1;
    at += packet.bytes.length;
  });
  batch.count = packets.length;
  return batch;
}

/** Gives made packets in batches of `size`. */
export class MadeSource implements PacketSource {
  readonly interfaces = [];
  readonly secrets = [];
  readonly names = [];
  readonly #packets: readonly MadePacket[];
  readonly #size: number;
  #at = 0;

  constructor(packets: readonly MadePacket[], size = 100) {
    this.#packets = packets;
    this.#size = size;
  }
  async open(): Promise<void> {}
  next(): PacketBatch | 'end' {
    if (this.#at >= this.#packets.length) return 'end';
    const batch = batchOf(this.#packets.slice(this.#at, this.#at + this.#size), this.#at + 1);
    this.#at += batch.count;
    return batch;
  }
  release(batch: PacketBatch): void {
    // Whoever still reads it now reads garbage.
    batch.bytes.fill(0xee);
  }
  stats(): SourceStats {
    return sourceStats({ packets: this.#at });
  }
  async close(): Promise<void> {}
}
