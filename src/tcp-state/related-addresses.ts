// The addresses of a socket's ends as texts, remembered for a while: the same two have many records.

import type { Address } from '../records/address.ts';

const SLOTS = 1024;

export class RelatedAddresses {
  readonly #texts: (readonly string[] | undefined)[] = new Array(SLOTS).fill(undefined);
  readonly #words = new Int32Array(SLOTS * 2);

  /** Each once; undefined when there is none. */
  of(source: Address | undefined, destination: Address | undefined): readonly string[] | undefined {
    if (source === undefined) return destination === undefined ? undefined : [destination.toString()];
    if (destination === undefined) return [source.toString()];
    if (source.v6 || destination.v6) return textsOf(source, destination);
    const slot = Math.imul(source.w3 ^ Math.imul(destination.w3, 31), 0x9e3779b1) >>> 22;
    const words = this.#words;
    const known = this.#texts[slot];
    if (known !== undefined && words[slot * 2] === (source.w3 | 0) && words[slot * 2 + 1] === (destination.w3 | 0)) {
      return known;
    }
    words[slot * 2] = source.w3;
    words[slot * 2 + 1] = destination.w3;
    return (this.#texts[slot] = textsOf(source, destination));
  }
}

function textsOf(source: Address, destination: Address): readonly string[] {
  return destination.equals(source) ? [source.toString()] : [source.toString(), destination.toString()];
}
