// Counts the packets of one interface in its flow log. While the log is read in steps (a rotation, a live view), packets wait as keys in a
// local buffer, so nothing stops; when the buffers are full they wait in the ring.

import type { PacketBatch } from '../sources/source.ts';
import { PACKET_DIRECTION_KNOWN, PACKET_OUTGOING, PACKET_SEGMENTED } from '../sources/source.ts';
import type { Capture } from './capture.ts';
import { epHashOf, keyOfEpHash } from './ep-hash.ts';
import { PACKET_OTHER_HOST, PACKET_OUTGOING_TYPE } from './flow.ts';
import { FlowLog, type FlowLogOptions } from './flow-log.ts';
import { IpLayerFinder, NO_IP } from './ip-layer.ts';
import type { LocalBuffer, LocalBufferPool } from './local-buffer.ts';
import { PacketKey } from './packet-key.ts';
import { ERRNO_OK, parsingFailed } from './parsing-error.ts';

/** Rows of a log that are read, and packets that are taken out of a buffer, before others have their turn: a few milliseconds. */
const ROWS_PER_STEP = 20_000;
const PACKETS_PER_STEP = 20_000;
const OUTGOING = PACKET_DIRECTION_KNOWN | PACKET_OUTGOING;

export class FlowCounter {
  readonly log: FlowLog;
  readonly capture: Capture;
  readonly #key: PacketKey;
  readonly #finder = new IpLayerFinder();
  readonly #pool: LocalBufferPool;
  readonly #overflowed: () => void;
  #buffer: LocalBuffer | undefined;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(capture: Capture, pool: LocalBufferPool, options: FlowLogOptions, overflowed: () => void) {
    this.capture = capture;
    this.log = new FlowLog(options);
    this.#key = new PacketKey(options.elidePorts);
    this.#pool = pool;
    this.#overflowed = overflowed;
  }

  /** Takes packets [from, count) of a batch; returns where it stopped, before the end when there is no more room to wait in. */
  take(batch: PacketBatch, from: number): number {
    const { bytes, view, offset, capturedLength, wireLength, flags, segments, count } = batch;
    const { capture, log } = this;
    const key = this.#key;
    for (let i = from; i < count; i++) {
      const at = this.#finder.find(batch, i);
      if (at === NO_IP) continue;
      const errno = key.read(bytes, view, at, offset[i] + capturedLength[i]);
      if (errno === ERRNO_OK) {
        const type = (flags[i] & OUTGOING) === OUTGOING ? PACKET_OUTGOING_TYPE : PACKET_OTHER_HOST;
        const packets = (flags[i] & PACKET_SEGMENTED) !== 0 ? segments[i] : 1;
        if (this.#buffer === undefined) log.add(key, type, wireLength[i], packets);
        else if (!this.#defer(key, type, wireLength[i], packets)) {
          capture.isPaused = true;
          this.#overflowed();
          return i;
        }
        capture.processed += packets;
      } else {
        capture.parsingErrors.count(errno);
        if (parsingFailed(errno)) capture.processed++;
      }
    }
    capture.flows = log.size;
    capture.overflowPackets = log.overflowTotal;
    return count;
  }

  /** Reads the log in steps; `step` says when it is done. Packets that come meanwhile are counted afterwards. */
  read(step: (rows: number) => boolean): Promise<void> {
    const turn = this.#reading.then(async () => {
      // Small enough to be read at once: nobody has to wait.
      if (this.log.size <= ROWS_PER_STEP) {
        while (!step(ROWS_PER_STEP));
        return;
      }
      this.#buffer = this.#pool.get();
      if (this.#buffer === undefined) this.capture.isPaused = true;
      while (!step(ROWS_PER_STEP)) await others();
      await this.#drain();
    });
    this.#reading = turn.catch(() => undefined);
    return turn;
  }

  /** A super-packet waits as what it stands for: its bytes once, and a number of packets without any. */
  #defer(key: PacketKey, type: number, size: number, packets: number): boolean {
    const buffer = this.#buffer!;
    const hash = epHashOf(key.words, 0, key.isV4);
    const { written } = buffer;
    for (let n = 0; n < packets; n++) {
      if (!buffer.add(hash, type, n === 0 ? size : 0, key.isV4, key.auxInfo, ERRNO_OK)) {
        // It comes again, whole, when there is room.
        buffer.rewind(written);
        return false;
      }
    }
    return true;
  }

  async #drain(): Promise<void> {
    const buffer = this.#buffer;
    if (buffer !== undefined) {
      const key = new PacketKey();
      for (let n = 1; ; n++) {
        const packet = buffer.next();
        if (packet === undefined) break;
        key.isV4 = packet.isIPv4;
        keyOfEpHash(packet.epHash, key.words);
        key.auxInfo = packet.auxInfo;
        this.log.add(key, packet.packetType, packet.packetSize, 1);
        if (n % PACKETS_PER_STEP === 0) await others();
      }
      this.#pool.put(buffer);
    }
    this.#buffer = undefined;
    this.capture.isPaused = false;
    this.capture.flows = this.log.size;
  }
}

function others(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
