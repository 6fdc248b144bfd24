// Protocols where both sides say that they are ready and TLS follows at once: Android's debug bridge (its "protocol.txt": STLS) and
// NoMachine's NX (a line with its version each).

import { Held, MAX_EARLY_OCTETS } from '../held.ts';
import type { Direction } from '../protocol.ts';
import type { Recogniser, Watched, Watcher } from './watcher.ts';

/** How long the message at the beginning is and whether it is the last one in clear; 'more' while that cannot be told. */
type Measure = (bytes: Uint8Array) => { octets: number; isLast: boolean } | 'more' | 'no';

const MAX_MESSAGES = 16;

class BothSides implements Watcher {
  readonly #measure: Measure;
  readonly #held = [new Held(), new Held()] as const;
  readonly #isReady: [boolean, boolean] = [false, false];
  #messages = 0;

  constructor(measure: Measure) {
    this.#measure = measure;
  }

  data(direction: Direction, bytes: Uint8Array, from: number, to: number): Watched {
    const held = this.#held[direction];
    held.add(bytes, from, to);
    // It speaks TLS before the other side was heard to be ready.
    if (this.#isReady[direction]) return held.length > MAX_EARLY_OCTETS ? 'over' : 'watch';
    while (held.bytes.length > 0) {
      const message = this.#measure(held.bytes);
      if (message === 'no' || ++this.#messages > MAX_MESSAGES) return 'over';
      if (message === 'more') {
        this.#messages--;
        return 'watch';
      }
      held.drop(message.octets);
      if (!message.isLast) continue;
      this.#isReady[direction] = true;
      if (!this.#isReady[0] || !this.#isReady[1]) return 'watch';
      return { protocol: 'tls', rest: held.length, early: this.#held[1 - direction].bytes };
    }
    return 'watch';
  }
}

// ---- Android's debug bridge: command, two arguments, length, check sum, the command inverted; little-endian

const ADB_HEADER_OCTETS = 24;
const MAX_ADB_OCTETS = 4096;
const CNXN = 0x4e584e43;
const STLS = 0x534c5453;

function u32(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

function measureAdb(bytes: Uint8Array): ReturnType<Measure> {
  if (bytes.length < ADB_HEADER_OCTETS) return 'more';
  const command = u32(bytes, 0);
  const length = u32(bytes, 12);
  if (u32(bytes, 20) !== ~command >>> 0 || length > MAX_ADB_OCTETS) return 'no';
  const octets = ADB_HEADER_OCTETS + length;
  return bytes.length < octets ? 'more' : { octets, isLast: command === STLS };
}

const adb: Recogniser = {
  name: 'adb',
  probe(_direction, bytes, from, to) {
    for (let i = 0; i < 4 && from + i < to; i++) if (bytes[from + i] !== ((CNXN >>> (8 * i)) & 255)) return 'no';
    if (to - from < ADB_HEADER_OCTETS) return 'more';
    return u32(bytes, from + 20) === ~CNXN >>> 0 ? 'yes' : 'no';
  },
  open: () => new BothSides(measureAdb),
};

// ---- NoMachine

const LF = 10;
const MAX_NX_OCTETS = 64;

function measureNx(bytes: Uint8Array): ReturnType<Measure> {
  if (bytes[0] !== 0x4e) return 'no';
  const end = bytes.subarray(0, MAX_NX_OCTETS).indexOf(LF);
  if (end < 0) return bytes.length < MAX_NX_OCTETS ? 'more' : 'no';
  return { octets: end + 1, isLast: true };
}

const nx: Recogniser = {
  name: 'nx',
  probe(direction, bytes, from, to) {
    const wanted = direction === 0 ? 'NXSH-' : 'NXD-';
    for (let i = 0; i < wanted.length; i++) {
      if (from + i >= to) return 'more';
      if (bytes[from + i] !== wanted.charCodeAt(i)) return 'no';
    }
    return 'yes';
  },
  open: () => new BothSides(measureNx),
};

export const BOTH_SIDES: readonly Recogniser[] = [adb, nx];
