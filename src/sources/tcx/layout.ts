// Keys and values of the maps in bpf/flow.bpf.c, as userspace reads them. Little endian but for addresses, which are as on the wire.

import type { FlowCount } from '../flow-count.ts';

export const VALUE_BYTES = 48;
const PACKETS = 0;
const BYTES = 8;
const PAYLOAD = 16;
const FIRST = 24;
const LAST = 32;
const FLAGS = 40;
const TTL = 44;
const TOS = 45;
const FIRST_FLAGS = 46;

/** Indexes of the counters. */
export const COUNTERS = {
  noIp: 0,
  noIpBytes: 1,
  broken: 2,
  brokenBytes: 3,
  overflown: 4,
  lost: 5,
  lostBytes: 6,
} as const;

/** Where things stand in a key with addresses of so many words. */
export class FlowLayout {
  readonly keyBytes: number;
  readonly #words: number;

  constructor(words: 1 | 4) {
    this.#words = words;
    this.keyBytes = words * 8 + 16;
  }

  /** The row whose key and value begin at these offsets. `wallMs`: what CLOCK_MONOTONIC in ms lacks to Unix time. */
  read(
    keys: DataView,
    key: number,
    values: DataView,
    value: number,
    wallMs: number,
    interfaceId: (ifindex: number) => number,
  ): FlowCount {
    const words = this.#words;
    const rest = key + words * 8;
    const address = (at: number) => {
      const read = Array.from({ length: words }, (_, i) => keys.getInt32(at + 4 * i));
      return words === 1 ? [0, 0, 0, read[0]] : read;
    };
    const first = time(u64(values, value + FIRST), wallMs);
    const last = time(u64(values, value + LAST), wallMs);
    return {
      v6: words === 4,
      source: address(key),
      destination: address(key + words * 4),
      sourcePort: keys.getUint16(rest, true),
      destinationPort: keys.getUint16(rest + 2, true),
      vlan: keys.getUint16(rest + 4, true),
      innerVlan: keys.getUint16(rest + 6, true),
      interfaceId: interfaceId(keys.getUint32(rest + 8, true)),
      protocol: keys.getUint8(rest + 12),
      packets: u64(values, value + PACKETS),
      bytes: u64(values, value + BYTES),
      payload: u64(values, value + PAYLOAD),
      tcpFlags: values.getUint32(value + FLAGS, true),
      firstTcpFlags: values.getUint8(value + FIRST_FLAGS),
      ttl: values.getUint8(value + TTL),
      dscp: values.getUint8(value + TOS) >> 2,
      firstSeconds: first.seconds,
      firstNanos: first.nanos,
      lastSeconds: last.seconds,
      lastNanos: last.nanos,
    };
  }
}

function u64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 0x100000000 + view.getUint32(at, true);
}

function time(monotonicNs: number, wallMs: number): { seconds: number; nanos: number } {
  const ms = monotonicNs / 1e6 + wallMs;
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.min(999_999_999, Math.floor((ms - seconds * 1000) * 1e6)) };
}
