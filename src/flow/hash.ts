// Hashes of the flow key. Two of them: one without salt that spreads flows over the logical shards, the same in every run and
// for any number of workers; one with a salt of this process that says where the table looks, so that nobody who chooses
// addresses can choose collisions.

export const SHARDS = 64;

/** Shard of a flow key: a function of nothing but the key. */
export function shardOf(a: number, b: number, ports: number, protocol: number): number {
  const h = Math.imul(a ^ Math.imul(b ^ ports, 0x9e3779b1), 0x85ebca77) + Math.imul(ports ^ protocol, 0xc2b2ae3d);
  return (h ^ (h >>> 15)) >>> 26;
}

/** Salted hash of a flow key. */
export function tableHash(a: number, b: number, ports: number, protocol: number, salt0: number, salt1: number): number {
  let h = Math.imul(a ^ salt0, 0x9e3779b1) ^ Math.imul(b ^ salt1, 0x85ebca77);
  h ^= h >>> 15;
  h = Math.imul(h ^ ports, 0xc2b2ae3d) ^ Math.imul(protocol ^ salt0, 0x27d4eb2f);
  h ^= h >>> 13;
  h = Math.imul(h, 0x297a2d39);
  return h ^ (h >>> 16);
}

/** Folds the four words of an IPv6 address into one; the table compares the whole address besides. */
export function foldV6(w0: number, w1: number, w2: number, w3: number): number {
  return (
    (Math.imul(w0, 0x9e3779b1) ^ Math.imul(w1, 0x85ebca77) ^ Math.imul(w2, 0xc2b2ae3d) ^ Math.imul(w3, 0x27d4eb2f)) | 0
  );
}

const HEX = '0123456789abcdef';

/** 64 bits of a key's words and its first packet's number, as 16 hexadecimal digits: `flow.id`. Never salted. */
export function flowId(words: ArrayLike<number>, from: number, to: number, extra: number, firstPacket: number): string {
  let h = 0x243f6a88 ^ extra;
  let g = 0x85a308d3 ^ firstPacket;
  for (let i = from; i < to; i++) {
    h = Math.imul(h ^ words[i], 0x9e3779b1);
    h ^= h >>> 15;
    g = Math.imul(g ^ words[i], 0x85ebca6b);
    g ^= g >>> 13;
  }
  h = Math.imul(h ^ firstPacket, 0x2c1b3c6d);
  h ^= h >>> 16;
  g = Math.imul(g ^ Math.floor(firstPacket / 0x100000000), 0xc2b2ae35);
  g ^= g >>> 16;
  h = Math.imul(h ^ g, 0x297a2d39);
  h ^= h >>> 15;
  let out = '';
  for (let shift = 28; shift >= 0; shift -= 4) out += HEX[(h >>> shift) & 15];
  for (let shift = 28; shift >= 0; shift -= 4) out += HEX[(g >>> shift) & 15];
  return out;
}
