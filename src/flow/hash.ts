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
