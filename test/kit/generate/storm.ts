// Frames of 64 bytes, nothing but UDP headers and a few bytes: a flood of one target by a thousand sources.

import type { Frame } from './frame.ts';
import type { Traffic } from './pcap-writer.ts';
import { mix, Random } from './random.ts';

const SOURCES = 1024;
const FRAME_BYTES = 64;
const PAYLOAD = new Uint8Array(64);

export class StormTraffic implements Traffic {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  packet(frame: Frame): void {
    const n = this.#random.below(SOURCES);
    frame.ethernet(0x200, 0x100).ip4(0xc6336400 | (n & 255), 0xcb007101, 50 + (n & 7), this.#random.word() & 0xffff);
    frame.udp(1024 + (mix(n, 1) % 60_000), 40_000 + (n & 3));
    frame.payload(PAYLOAD, 0, FRAME_BYTES - frame.length);
  }
}
