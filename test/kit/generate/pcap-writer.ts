// Writes classic pcap files (nanosecond magic, Ethernet) fast: frames are built in place in one buffer, so that a file of hundreds
// of megabytes takes seconds. Time advances at a steady rate with some jitter, so that N packets are a prefix of 4N packets.

import { closeSync, openSync, writeSync } from 'node:fs';
import { Frame } from './frame.ts';
import { Random } from './random.ts';

const MAGIC_NANOSECONDS = 0xa1b23c4d;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const SNAP_LENGTH = 262_144;
const LINKTYPE_ETHERNET = 1;
const BUFFER_BYTES = 4 * 1024 * 1024;
const LARGEST_FRAME_BYTES = 64 * 1024;

/** A kind of traffic: builds its next frame when asked. */
export interface Traffic {
  /** Builds one frame, without finishing it. `seconds` is packet time, counted from the first packet. */
  packet(frame: Frame, seconds: number): void;
}

export interface WriteOptions {
  packets: number;
  packetsPerSecond: number;
  seed: number;
  /** Unix time of the first packet. The default lies 10 s before a full five minutes, so that reports come early. */
  startSeconds?: number;
}

/** What was written. */
export interface Written {
  packets: number;
  bytes: number;
}

/** 2026-03-01T11:59:50Z. */
const DEFAULT_START = 1_772_366_390;

export function writePcap(path: string, traffic: Traffic, options: WriteOptions): Written {
  const fd = openSync(path, 'w');
  const bytes = new Uint8Array(BUFFER_BYTES);
  const view = new DataView(bytes.buffer);
  const frame = new Frame();
  const random = new Random(options.seed);
  const { startSeconds = DEFAULT_START, packets } = options;
  const gapNanos = 1e9 / options.packetsPerSecond;
  view.setUint32(0, MAGIC_NANOSECONDS, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, SNAP_LENGTH, true);
  view.setUint32(20, LINKTYPE_ETHERNET, true);
  let at = FILE_HEADER_BYTES;
  let total = 0;
  let seconds = 0;
  let nanos = 0;
  try {
    for (let i = 0; i < packets; i++) {
      if (at + LARGEST_FRAME_BYTES + RECORD_HEADER_BYTES > bytes.length) {
        writeSync(fd, bytes, 0, at);
        total += at;
        at = 0;
      }
      frame.begin(bytes, view, at + RECORD_HEADER_BYTES);
      traffic.packet(frame, seconds);
      const length = frame.finish();
      view.setUint32(at, startSeconds + seconds, true);
      view.setUint32(at + 4, nanos, true);
      view.setUint32(at + 8, length, true);
      view.setUint32(at + 12, length, true);
      at += RECORD_HEADER_BYTES + length;
      nanos += Math.floor(gapNanos * (0.5 + random.word() / 0x100000000));
      while (nanos >= 1e9) {
        nanos -= 1e9;
        seconds++;
      }
    }
    writeSync(fd, bytes, 0, at);
    return { packets, bytes: total + at };
  } finally {
    closeSync(fd);
  }
}
