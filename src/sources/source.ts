// What every packet source gives to the engine: batches of packets in one buffer, described by columns.
// Files, standard input, rings and pipes all look like this from the right-hand side.

/** Bits of `PacketBatch.flags`. */
export const PACKET_OUTGOING = 1;
/** The checksum was left to the network card: it says nothing. */
export const PACKET_CHECKSUM_PENDING = 2;
/** The direction is known (live captures and pcapng's epb_flags); without this bit `PACKET_OUTGOING` means nothing. */
export const PACKET_DIRECTION_KNOWN = 4;
/** The entry stands for several packets on the wire, which the kernel or the card cut or joined: `segments` has their number. */
export const PACKET_SEGMENTED = 8;

/**
 * Packets in one buffer, one entry per packet in every column; valid until `release()`.
 * Offsets and lengths are in bytes; `seconds` is Unix time (0 to 2^32-1, so captures up to 2106 keep their time),
 * `nanos` is 0 to 999,999,999.
 */
export interface PacketBatch {
  bytes: Uint8Array;
  view: DataView;
  count: number;
  /** Number of the first packet of this batch: `numbers[0]`. */
  firstPacket: number;
  /** Number of each packet in the whole input, counted from 1 as Wireshark counts frames. A filter leaves holes. */
  numbers: Float64Array;
  /** Where each packet's link-layer header starts in `bytes`. */
  offset: Uint32Array;
  capturedLength: Uint32Array;
  wireLength: Uint32Array;
  seconds: Uint32Array;
  nanos: Uint32Array;
  /** Which interface of the source: an index into `PacketSource.interfaces`. */
  interfaceId: Uint32Array;
  /** LINKTYPE_ value (tcpdump.org's registry), per packet because pcapng mixes them. */
  linkType: Uint16Array;
  /** VLAN tag that the kernel took out, 0 when none: TCI in the low 16 bits, bit 16 set when present. */
  vlan: Uint32Array;
  flags: Uint16Array;
  /** Packets on the wire that this entry stands for (GSO/GRO), with `PACKET_SEGMENTED`; `wireLength` is the sum of theirs. */
  segments: Uint16Array;
}

export interface InterfaceDescription {
  name: string;
  linkType: number;
  snapLength: number;
  /** Path of the file it came from, or '' for live. */
  file: string;
}

/** Where and why an input broke off. Everything before it was delivered. */
export interface Damage {
  file: string;
  /** Number of the packet that could not be read, counted from 1 within its file. */
  packet: number;
  /** Byte offset in the (uncompressed) file. */
  offset: number;
  reason: string;
  /** The input merely ends too early (a recording that was stopped or is still being written): nothing in it is wrong. */
  cutAtEnd: boolean;
}

export interface SourceStats {
  packets: number;
  /** Packets that the filter refused. They count as packets read (outcome `filtered`). */
  filtered: number;
  filteredBytes: number;
  /** Input bytes read so far and in all (compressed size where compressed); total is 0 when unknown. */
  bytesRead: number;
  bytesTotal: number;
  kernelDropped: number;
  /** Packets whose time was before 1970 or after 2106, and is told as the first or last moment between. */
  timesOutside: number;
  /** Of a live source only. */
  live?: LiveStats;
  damaged: Damage[];
}

/** Counters of a source that has nothing but these to tell. */
export function sourceStats(known: Partial<SourceStats>): SourceStats {
  return {
    packets: 0,
    filtered: 0,
    filteredBytes: 0,
    bytesRead: 0,
    bytesTotal: 0,
    kernelDropped: 0,
    timesOutside: 0,
    damaged: [],
    ...known,
  };
}

/** What the kernel counted for a live source. */
export interface LiveStats {
  /** Packets that passed the kernel's filter, the dropped ones among them. */
  received: number;
  dropped: number;
  /** How often the ring was full. */
  freezes: number;
  /** Blocks of the ring, and how many of them waited to be read at most. */
  ringBlocks: number;
  ringHighWater: number;
  ringBytes: number;
}

/** TLS or other key material found inside a capture (pcapng decryption secrets block). */
export interface EmbeddedSecrets {
  /** Secrets type as registered for pcapng: 0x544c534b is a TLS key log. */
  type: number;
  data: Uint8Array;
}

/** Address to name pairs found inside a capture (pcapng name resolution block). */
export interface EmbeddedName {
  address: string;
  names: string[];
}

export interface PacketSource {
  open(): Promise<void>;
  /** Synchronous when bytes are at hand, so that a file costs no promise per batch. */
  next(): PacketBatch | 'idle' | 'end' | Promise<PacketBatch | 'idle' | 'end'>;
  release(batch: PacketBatch): void;
  stats(): SourceStats;
  close(): Promise<void>;
  /**
   * Live sources have it: no more packets are taken in from now on, `next()` gives those that are there and then 'end'. What they
   * say is also what makes a source live: its clock goes on when it is idle.
   */
  stop?(): void;
  readonly interfaces: readonly InterfaceDescription[];
  readonly secrets: readonly EmbeddedSecrets[];
  readonly names: readonly EmbeddedName[];
}

/** Gives memory for columns and packet bytes: `SharedArrayBuffer` where batches cross threads. */
export type Allocate = (bytes: number) => ArrayBufferLike;

const allocateHere: Allocate = (bytes) => new ArrayBuffer(bytes);

/** A batch of `capacity` entries over `bytes`; sources reuse it. Columns get their memory from `allocate`. */
export function newPacketBatch(bytes: Uint8Array, capacity: number, allocate = allocateHere): PacketBatch {
  return {
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    count: 0,
    firstPacket: 1,
    numbers: new Float64Array(allocate(capacity * 8)),
    offset: new Uint32Array(allocate(capacity * 4)),
    capturedLength: new Uint32Array(allocate(capacity * 4)),
    wireLength: new Uint32Array(allocate(capacity * 4)),
    seconds: new Uint32Array(allocate(capacity * 4)),
    nanos: new Uint32Array(allocate(capacity * 4)),
    interfaceId: new Uint32Array(allocate(capacity * 4)),
    linkType: new Uint16Array(allocate(capacity * 2)),
    vlan: new Uint32Array(allocate(capacity * 4)),
    flags: new Uint16Array(allocate(capacity * 2)),
    segments: new Uint16Array(allocate(capacity * 2)),
  };
}

/** Gives `batch` a buffer of `size` bytes that begins with what the old one holds. */
export function growBatchBytes(batch: PacketBatch, size: number, allocate: Allocate): void {
  const bytes = new Uint8Array(allocate(size));
  bytes.set(batch.bytes);
  batch.bytes = bytes;
  batch.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
