// One AF_PACKET socket with its receive ring (TPACKET_V3), which the kernel fills with blocks of packets and we read in place.
// Truth: Documentation/networking/packet_mmap.rst, linux/if_packet.h, net/packet/af_packet.c.
//
// The order of the calls matters: the socket has protocol 0 until `bind`, so no packet that the filter refuses slips in before it.

import {
  AF_PACKET,
  BLOCK_STATUS,
  ETH_P_ALL,
  PACKET_ADD_MEMBERSHIP,
  PACKET_DROP_MEMBERSHIP,
  PACKET_FANOUT,
  PACKET_FANOUT_CBPF,
  PACKET_FANOUT_DATA,
  PACKET_FANOUT_FLAG_UNIQUEID,
  PACKET_IGNORE_OUTGOING,
  PACKET_MR_PROMISC,
  PACKET_RX_RING,
  PACKET_STATISTICS,
  PACKET_VERSION,
  PACKET_VNET_HDR,
  SO_ATTACH_FILTER,
  SO_ERROR,
  SOCK_CLOEXEC,
  SOCK_RAW,
  SOL_PACKET,
  SOL_SOCKET,
  TP_STATUS_USER,
  TPACKET_V3,
} from './abi.ts';
import { collectGarbage } from './collect-garbage.ts';
import type { Libc, Pointer } from './libc.ts';

/** All rings of this thread together; the kernel answers more with the OOM killer, and its victims are others. */
export const MAX_RING_BYTES = 256 * 1024 * 1024;
const FRAME_BYTES = 2048;

export interface RingOptions {
  blockBytes: number;
  blocks: number;
  /** After so long the kernel hands over a block that is not full. */
  retireMs: number;
  /** A classic BPF program (struct sock_filter[]); it also says how much of a packet is kept. */
  filter: Uint8Array;
  /** 0: all interfaces. */
  ifindex: number;
  ignoreOutgoing: boolean;
}

let ringBytes = 0;

export class PacketRing {
  readonly fd: number;
  readonly blockBytes: number;
  readonly blocks: number;
  /** The whole ring. */
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly halves: Uint16Array;
  /** Counted by the kernel since the ring was opened. */
  received = 0;
  dropped = 0;
  /** The filter that was set last. */
  program: Uint8Array | undefined;
  /** The program that packets of its group are shared out by, if it was set here: kept, for the kernel may be reading it. */
  sharedOut: Uint8Array | undefined;
  /** How often the ring was full. */
  freezes = 0;
  readonly #libc: Libc;
  readonly #status: Int32Array;
  readonly #memory: Pointer;
  readonly #statistics = new Uint8Array(12);
  /** Bytes that the kernel has for it. */
  readonly #taken: number;
  #block = 0;
  #isClosed = false;

  /**
   * Throws SystemError: EPERM without CAP_NET_RAW, ENOMEM when the ring can not be had. V8 takes the ring for memory of this thread that has
   * grown, and would soon collect everything because of it, with packets waiting. For the thread's only ring `settle` has that done before
   * packets can come; where there are others, theirs would wait.
   */
  constructor(libc: Libc, options: RingOptions, fd = prepare(libc, options), settle = collectGarbage) {
    const { blockBytes, blocks } = options;
    const length = blockBytes * blocks;
    this.#taken = bytesTaken(options);
    this.#libc = libc;
    this.blockBytes = blockBytes;
    this.blocks = blocks;
    this.fd = fd;
    try {
      this.setFilter(options.filter);
      this.#memory = libc.mmap(length, fd);
    } catch (error) {
      ringBytes -= this.#taken;
      libc.close(fd);
      throw error;
    }
    const memory = libc.view(this.#memory, length);
    this.bytes = new Uint8Array(memory);
    this.words = new Uint32Array(memory);
    this.halves = new Uint16Array(memory);
    this.#status = new Int32Array(memory);
    if (ringBytes === this.#taken) settle();
    try {
      this.bind(options.ifindex);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The same, and the kernel finds the memory while this thread goes on. Rejects with what the constructor throws. */
  static async openLater(libc: Libc, options: RingOptions): Promise<PacketRing> {
    const fd = begin(libc, options);
    try {
      await libc.setsockoptLater(fd, SOL_PACKET, PACKET_RX_RING, memoryRequest(options));
    } catch (error) {
      giveUp(libc, options, fd);
      throw error;
    }
    return new PacketRing(libc, options, fd);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether the next block is ours to read. An acquire: what the kernel wrote before is visible. */
  get isReady(): boolean {
    return (Atomics.load(this.#status, (this.blockOffset + BLOCK_STATUS) >>> 2) & TP_STATUS_USER) !== 0;
  }

  /** Offset in `bytes` of the next block. */
  get blockOffset(): number {
    return this.#block * this.blockBytes;
  }

  /** Blocks that wait to be read: the next one and those behind it. */
  get waiting(): number {
    let n = 0;
    while (n < this.blocks) {
      const at = ((this.#block + n) % this.blocks) * this.blockBytes;
      if ((Atomics.load(this.#status, (at + BLOCK_STATUS) >>> 2) & TP_STATUS_USER) === 0) break;
      n++;
    }
    return n;
  }

  /** Gives the block at `blockOffset` back to the kernel and moves on. */
  release(): void {
    Atomics.store(this.#status, (this.blockOffset + BLOCK_STATUS) >>> 2, 0);
    this.#block = this.#block + 1 === this.blocks ? 0 : this.#block + 1;
  }

  /** Packets of this interface from now on; 0 is all. Not possible in a fan-out group. */
  bind(ifindex: number): void {
    const address = new DataView(new ArrayBuffer(20));
    address.setUint16(0, AF_PACKET, true);
    address.setUint16(2, ETH_P_ALL);
    address.setInt32(4, ifindex, true);
    this.#libc.bind(this.fd, new Uint8Array(address.buffer));
  }

  /** Index of the interface that it hears; 0 for all, -1 once that interface has left: it does not hear it again when it comes back. */
  get bound(): number {
    const address = new DataView(new ArrayBuffer(20));
    this.#libc.getsockname(this.fd, new Uint8Array(address.buffer));
    return address.getInt32(4, true);
  }

  /** Replaces the filter; no packet passes unfiltered in between. */
  setFilter(program: Uint8Array): void {
    this.program = program;
    this.#libc.setsockopt(this.fd, SOL_SOCKET, SO_ATTACH_FILTER, fprogOf(this.#libc, program));
  }

  /**
   * Joins a group of sockets of the same interface that share its packets, behind those that are in it; `undefined` makes a group whose
   * number no other has. Gives the number of the group. Throws SystemError: EINVAL when the group is of another kind or, before Linux 6.13, when the interface is down.
   */
  join(group: number | undefined): number {
    const kind = group === undefined ? PACKET_FANOUT_CBPF | PACKET_FANOUT_FLAG_UNIQUEID : PACKET_FANOUT_CBPF;
    this.#set(PACKET_FANOUT, (kind << 16) | ((group ?? 0) & 0xffff));
    const value = new Int32Array(1);
    this.#libc.getsockopt(this.fd, SOL_PACKET, PACKET_FANOUT, new Uint8Array(value.buffer));
    return value[0] & 0xffff;
  }

  /**
   * `program` gives a number for each packet; the rest of its division by the number of members is the place of the one that takes it. When
   * this returns no packet is shared out by the former program any more.
   */
  shareOut(program: Uint8Array): void {
    this.#libc.setsockopt(this.fd, SOL_PACKET, PACKET_FANOUT_DATA, fprogOf(this.#libc, program));
  }
  /** The same, while this thread goes on. */
  shareOutLater(program: Uint8Array): Promise<void> {
    this.sharedOut = program;
    return this.#libc.setsockoptLater(this.fd, SOL_PACKET, PACKET_FANOUT_DATA, fprogOf(this.#libc, program));
  }

  /** Packets for other machines too. */
  setPromiscuous(ifindex: number, on: boolean): void {
    this.#set(on ? PACKET_ADD_MEMBERSHIP : PACKET_DROP_MEMBERSHIP, ifindex, PACKET_MR_PROMISC, 0, 0);
  }

  /** Why the socket is not well (100: an interface went down), once; 0 when it is. Until asked, polling returns at once. */
  takeError(): number {
    return this.takeErrorOf(this.fd);
  }
  /** The same of another packet socket of this process. */
  takeErrorOf(fd: number): number {
    const value = new Int32Array(1);
    this.#libc.getsockopt(fd, SOL_SOCKET, SO_ERROR, new Uint8Array(value.buffer));
    return value[0];
  }

  /** Brings `received`, `dropped` and `freezes` up to date. The kernel's own counters are 32 bits wide and start over when read. */
  count(): void {
    if (this.#isClosed) return;
    this.#libc.getsockopt(this.fd, SOL_PACKET, PACKET_STATISTICS, this.#statistics);
    const figures = new DataView(this.#statistics.buffer);
    this.received += figures.getUint32(0, true);
    this.dropped += figures.getUint32(4, true);
    this.freezes += figures.getUint32(8, true);
  }

  /** Nothing of the ring can be read afterwards: its views are empty. */
  close(): void {
    if (this.#isClosed) return;
    this.#unmap();
    this.#libc.close(this.fd);
    ringBytes -= this.#taken;
  }
  /** The same, and the kernel takes its time for it while this thread goes on. */
  async closeLater(): Promise<void> {
    if (this.#isClosed) return;
    this.#unmap();
    await this.#libc.closeLater(this.fd);
    ringBytes -= this.#taken;
  }

  #unmap(): void {
    this.#isClosed = true;
    const { length } = this.bytes;
    // Reading unmapped memory would end the process; detached views read as undefined.
    (this.bytes.buffer as ArrayBuffer).transfer(0);
    this.#libc.munmap(this.#memory, length);
  }

  #set(option: number, ...words: number[]): void {
    set(this.#libc, this.fd, option, ...words);
  }
}

/** A socket that takes nothing, whose options that come before the ring are set. Throws SystemError, or RangeError where there is no room. */
function begin(libc: Libc, options: RingOptions): number {
  const taken = bytesTaken(options);
  if (ringBytes + taken > MAX_RING_BYTES) {
    throw new RangeError(
      `rings of ${(ringBytes + taken) / 1048576} MiB were asked for; all together may have ${MAX_RING_BYTES / 1048576} MiB`,
    );
  }
  const fd = libc.socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  ringBytes += taken;
  try {
    set(libc, fd, PACKET_VERSION, TPACKET_V3);
    // Before the ring, and after which each packet says how many it stands for.
    set(libc, fd, PACKET_VNET_HDR, 1);
    if (options.ignoreOutgoing) set(libc, fd, PACKET_IGNORE_OUTGOING, 1);
  } catch (error) {
    giveUp(libc, options, fd);
    throw error;
  }
  return fd;
}

function prepare(libc: Libc, options: RingOptions): number {
  const fd = begin(libc, options);
  try {
    libc.setsockopt(fd, SOL_PACKET, PACKET_RX_RING, memoryRequest(options));
  } catch (error) {
    giveUp(libc, options, fd);
    throw error;
  }
  return fd;
}

function giveUp(libc: Libc, options: RingOptions, fd: number): void {
  ringBytes -= bytesTaken(options);
  libc.close(fd);
}

/** A block takes a power of two of pages, whatever of it is used. */
function bytesTaken({ blocks, blockBytes }: RingOptions): number {
  return blocks * 2 ** Math.ceil(Math.log2(blockBytes));
}

/** struct tpacket_req3 */
function memoryRequest({ blockBytes, blocks, retireMs }: RingOptions): Uint8Array {
  const frames = (blockBytes * blocks) / FRAME_BYTES;
  return new Uint8Array(Uint32Array.of(blockBytes, blocks, FRAME_BYTES, frames, retireMs, 0, 0).buffer);
}

function set(libc: Libc, fd: number, option: number, ...words: number[]): void {
  libc.setsockopt(fd, SOL_PACKET, option, new Uint8Array(Int32Array.from(words).buffer));
}

/** struct sock_fprog. The kernel reads the program by its address during the call: it has to be kept until then. */
function fprogOf(libc: Libc, program: Uint8Array): Uint8Array {
  const fprog = new DataView(new ArrayBuffer(16));
  fprog.setUint16(0, program.length / 8, true);
  fprog.setBigUint64(8, libc.address(program), true);
  return new Uint8Array(fprog.buffer);
}
