// `flow.id`: 64 bits that follow from a flow's endpoints and the number of its first packet, as 16 hexadecimal digits. No two flows
// of a run have the same first packet; the endpoints tell runs apart. All of it stands in the flow's record, so that the store
// computes the id instead of keeping eight random bytes a row (src/store/sql/computed.ts does in SQL what this file does).

import type { Address } from './address.ts';

/** Multipliers of the two 32-bit halves: four for the words of an address, one for its port, one for the first packet. */
export const HIGH_FACTORS = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1, 0x2c1b3c6d] as const;
export const LOW_FACTORS = [0x85ebca6b, 0xc2b2ae35, 0x9e3779b1, 0x297a2d39, 0x27d4eb2f, 0x1b873593] as const;
export const HIGH_SEED = 0x243f6a88;
export const LOW_SEED = 0x85a308d3;

type Factors = readonly [number, number, number, number, number, number];

/** One end. IPv4 counts as ::ffff:a.b.c.d; `port` -1 for protocols without ports. */
function end(address: Address, port: number, factors: Factors): number {
  const third = address.v6 ? address.w2 : 0xffff;
  const mixed =
    Math.imul(address.w0, factors[0]) ^
    Math.imul(address.w1, factors[1]) ^
    Math.imul(third, factors[2]) ^
    Math.imul(address.w3, factors[3]) ^
    Math.imul(port + 1, factors[4]);
  return Math.imul(mixed ^ (mixed >>> 15), factors[1]);
}

/** The ends are added up: which of them counts as the source makes no difference. */
function half(
  a: Address,
  aPort: number,
  b: Address,
  bPort: number,
  firstPacket: number,
  factors: Factors,
  seed: number,
): number {
  const ends = (end(a, aPort, factors) + end(b, bPort, factors)) | 0;
  const packet = Math.imul(firstPacket, factors[5]) ^ Math.imul(Math.floor(firstPacket / 0x1_0000_0000), factors[0]);
  const mixed = Math.imul(ends ^ packet ^ seed, factors[5]);
  return mixed ^ (mixed >>> 16);
}

const HEX = '0123456789abcdef';
const HEX_BYTES = Uint8Array.from(HEX, (c) => c.charCodeAt(0));
const HALF_DIGITS = 8;

/** Writes `flowId`'s digits as ASCII; returns the offset behind. */
export function writeFlowId(
  a: Address,
  aPort: number,
  b: Address,
  bPort: number,
  firstPacket: number,
  out: Uint8Array,
  at: number,
): number {
  const high = half(a, aPort, b, bPort, firstPacket, HIGH_FACTORS, HIGH_SEED);
  const low = half(a, aPort, b, bPort, firstPacket, LOW_FACTORS, LOW_SEED);
  for (let i = 0; i < HALF_DIGITS; i++) {
    const shift = 28 - 4 * i;
    out[at + i] = HEX_BYTES[(high >>> shift) & 15];
    out[at + HALF_DIGITS + i] = HEX_BYTES[(low >>> shift) & 15];
  }
  return at + 2 * HALF_DIGITS;
}

/** For protocols without ports these are -1. */
export function flowId(a: Address, aPort: number, b: Address, bPort: number, firstPacket: number): string {
  const high = half(a, aPort, b, bPort, firstPacket, HIGH_FACTORS, HIGH_SEED);
  const low = half(a, aPort, b, bPort, firstPacket, LOW_FACTORS, LOW_SEED);
  let out = '';
  for (let shift = 28; shift >= 0; shift -= 4) out += HEX[(high >>> shift) & 15];
  for (let shift = 28; shift >= 0; shift -= 4) out += HEX[(low >>> shift) & 15];
  return out;
}
