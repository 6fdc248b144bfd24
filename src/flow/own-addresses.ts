// The addresses of this machine, by which the direction of what it captures is told: to it or from it. As the system says now; asked again now and
// then, for interfaces and addresses come and go.

import { networkInterfaces } from 'node:os';
import type { Address } from '../records/address.ts';
import { parseAddress } from '../records/parse-address.ts';

const ASK_MS = 5000;

export class OwnAddresses {
  readonly #list: () => readonly string[];
  readonly #askMs: number;
  #own: readonly Address[] = [];
  #askAtMs = Number.NEGATIVE_INFINITY;

  /** `list`: the addresses as text, those of the system where nothing else is said; `askMs`: they are asked for again after so long. */
  constructor(list: () => readonly string[] = addressesOfSystem, askMs = ASK_MS) {
    this.#list = list;
    this.#askMs = askMs;
  }

  has(address: Address): boolean {
    const now = performance.now();
    if (now >= this.#askAtMs) {
      this.#askAtMs = now + this.#askMs;
      // A scope (`fe80::1%eth0`) is not in packets.
      this.#own = this.#list().flatMap((text) => parseAddress(text.split('%')[0]) ?? []);
    }
    const own = this.#own;
    for (let i = 0; i < own.length; i++) if (own[i].equals(address)) return true;
    return false;
  }
}

function addressesOfSystem(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
}
