// Packets between decoding and the flow table: one row of words per packet. Decoding fills rows for a whole batch, then the
// table reads them; because rows are plain words in one buffer, the table may stand in another thread.

import type { TunnelDescription } from '../wire/describe.ts';

/** Words of a row. All offsets are absolute in the batch's bytes. */
export const ROW = 16;
/** Rows of a stage at most, less 1. With `row & ROW_MASK` V8 knows that what is added to its place cannot overflow, and does not check. */
export const ROW_MASK = 0xffff;
/** Salted hash of the flow key: where the table looks. */
export const ROW_HASH = 0;
/** Logical shard, 0 to 63: an unsalted function of the key, the same in every run. */
export const ROW_SHARD = 1;
/** Lower and higher endpoint: the address for IPv4, a fold of it for IPv6 (the whole address stands in `wide`). */
export const ROW_A = 2;
export const ROW_B = 3;
/** Port of the lower endpoint << 16 | port of the higher. */
export const ROW_PORTS = 4;
/** Key context (VLANs, virtual network, interface) << 8 | IP protocol. */
export const ROW_PROTOCOL = 5;
/** `INFO_…` bits. */
export const ROW_INFO = 6;
/** Index of the packet in its batch; -1 when the row stands for fragments that were given up. */
export const ROW_PACKET = 7;
/** Offset of the transport header, -1 without. */
export const ROW_TRANSPORT = 8;
export const ROW_PAYLOAD = 9;
export const ROW_PAYLOAD_END = 10;
/** Payload bytes on the wire. */
export const ROW_PAYLOAD_LENGTH = 11;
/** TCP flags (low byte of RFC 9293's 12 bits) | TTL << 8 | DSCP << 16. */
export const ROW_MARKS = 12;
/** Index into `Stage.extras` of what does not fit a row; only with `INFO_EXTRA`. */
export const ROW_EXTRA = 13;
/** Offset of the network header. */
export const ROW_NETWORK = 14;
/** TCP sequence number. */
export const ROW_SEQUENCE = 15;

/** Words of a row of `wide`: the lower and the higher IPv6 address. */
export const WIDE = 8;

/** The packet went from the higher endpoint to the lower one. */
export const INFO_REVERSE = 1;
export const INFO_V6 = 2;
export const INFO_TCP = 4;
/** Ports are ports (TCP, UDP, SCTP, DCCP, UDP-Lite). */
export const INFO_PORTS = 8;
export const INFO_ICMP = 16;
/** Not a packet but word of an ICMP error that quotes this flow. */
export const INFO_NOTE = 32;
/** Came through a tunnel: the outer headers stand in the packet before the network header. */
export const INFO_TUNNEL = 64;
/** Multicast or broadcast destination: it cannot have begun the flow. */
export const INFO_MULTICAST = 128;
/** The transport header was faulty: counted, never analysed. */
export const INFO_FAULTY = 256;
/** The row stands for fragments that never became a datagram, or the like: no payload. */
export const INFO_BARE = 512;
/** `ROW_EXTRA` means something. */
export const INFO_EXTRA = 1024;
/** Several packets on the wire that were captured as one: `PacketBatch.segments` has their number. */
export const INFO_SEGMENTED = 2048;
/** The row stands for packets that were counted elsewhere: `Extra.counted` says the rest. Comes with `INFO_EXTRA`. */
export const INFO_COUNTED = 8192;
/** A TCP segment that is more than the next piece of a connection: SYN, FIN, RST, no ACK, or a closed window. */
export const INFO_SPECIAL = 4096;
/** With `INFO_FAULTY`: TCP's header is there but for its options, which the snap length cut. The connection can be followed. */
export const INFO_OPTIONS_CUT = 16384;
/** Bits 16 and up: 1 when the interface saw it going out, 2 coming in, 0 unknown. */
export const INFO_SEEN_SHIFT = 16;

/** What a row of a reassembled datagram (or of given-up fragments) has besides: several frames, bytes of its own. */
export interface Extra {
  /** The reassembled datagram; null when it was never whole. Row offsets are in these bytes. */
  bytes: Uint8Array | null;
  packets: number;
  frameBytes: number;
  firstPacket: number;
  /** Number of the packet at which it became whole or was given up, and a part of one (`Interludes`): the cause of what follows. */
  cause: number;
  firstSeconds: number;
  firstNanos: number;
  lastSeconds: number;
  lastNanos: number;
  /** Between the fragments and the datagram, where that came in fragments of fragments. */
  tunnels?: readonly TunnelDescription[] | undefined;
  /** With `INFO_COUNTED`. */
  counted?: { firstTcpFlags: number; interfaceId: number; vlan: readonly string[] | undefined };
}

/** Time passing: before row `row` packet time reached `seconds`. `epoch`: it went back by more than an hour, everything ends. */
export interface Tick {
  row: number;
  packet: number;
  seconds: number;
  epoch: boolean;
}

export class Stage {
  readonly capacity: number;
  readonly rows: Int32Array;
  readonly wide: Int32Array;
  count = 0;
  readonly extras: Extra[] = [];
  readonly ticks: Tick[] = [];
  readonly #columns: Int32Array[] = [];

  constructor(capacity: number, allocate: (bytes: number) => ArrayBufferLike = (bytes) => new ArrayBuffer(bytes)) {
    if (capacity > ROW_MASK + 1) throw new RangeError(`a stage has at most ${ROW_MASK + 1} rows, not ${capacity}`);
    this.capacity = capacity;
    this.rows = new Int32Array(allocate(capacity * ROW * 4));
    this.wide = new Int32Array(allocate(capacity * WIDE * 4));
  }

  /** A stage over rows that another thread fills. */
  static over(capacity: number, rows: Int32Array, wide: Int32Array): Stage {
    const buffers = [rows.buffer, wide.buffer];
    return new Stage(capacity, () => buffers.shift()!);
  }

  /**
   * Word `word` of all rows: what is `rows[row + word]` is `column(word)[row]`. All columns are of one length, so that V8, which looks at each access
   * whether it is inside of an array, looks once for all words of a row.
   */
  column(word: number): Int32Array {
    this.#columns[word] ??= this.rows.subarray(word, this.rows.length - ROW + 1 + word);
    return this.#columns[word];
  }

  clear(): void {
    this.count = 0;
    this.extras.length = 0;
    this.ticks.length = 0;
  }
}

/** View over the bytes of a reassembled datagram. */
export function viewOfExtra(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
