// Community IDs of connections, remembered for a while: a hash costs more than all else of a record, and a connection has many records.

import { communityId, IP_TCP } from '../flow/community-id.ts';
import type { Address } from '../records/address.ts';

const SLOTS = 1024;
const WORDS = 9;

export class CommunityIds {
  readonly #words = new Int32Array(SLOTS * WORDS);
  readonly #ids: (string | undefined)[] = new Array(SLOTS).fill(undefined);

  of(source: Address, destination: Address, sourcePort: number, destinationPort: number): string {
    const ports = (sourcePort << 16) | destinationPort;
    let mixed = Math.imul(source.w3 ^ Math.imul(destination.w3, 31) ^ ports, 0x9e3779b1);
    if (source.v6) mixed ^= Math.imul(source.w2 ^ Math.imul(destination.w2, 31), 0x85ebca6b);
    const slot = mixed >>> 22;
    const words = this.#words;
    const w = slot * WORDS;
    const known = this.#ids[slot];
    if (known !== undefined && words[w] === ports && isAt(words, w + 1, source) && isAt(words, w + 5, destination)) {
      return known;
    }
    words[w] = ports;
    put(words, w + 1, source);
    put(words, w + 5, destination);
    return (this.#ids[slot] = communityId(source, destination, IP_TCP, sourcePort, destinationPort));
  }
}

/** An IPv4 address as a mapped one, so that the two families are apart. */
function put(words: Int32Array, at: number, address: Address): void {
  words[at] = address.w0;
  words[at + 1] = address.w1;
  words[at + 2] = address.v6 ? address.w2 : 0xffff;
  words[at + 3] = address.w3;
}
function isAt(words: Int32Array, at: number, address: Address): boolean {
  return (
    words[at + 3] === (address.w3 | 0) &&
    words[at + 2] === ((address.v6 ? address.w2 : 0xffff) | 0) &&
    words[at + 1] === (address.w1 | 0) &&
    words[at] === (address.w0 | 0)
  );
}
