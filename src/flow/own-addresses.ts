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
  #askAtMs = 0;
  /** By the last word of an address, mixed: whether one of ours may be it. Most addresses that are asked about need no second look. */
  readonly #hints = new Uint8Array(256);

  /** `list`: the addresses as text, those of the system where nothing else is said; `askMs`: `look` asks for them again after so long. */
  constructor(list: () => readonly string[] = addressesOfSystem, askMs = ASK_MS) {
    this.#list = list;
    this.#askMs = askMs;
    this.#ask();
  }

  /** Asks the system again when it is time. Now and then, not for each address: the clock costs more than the comparison. */
  look(): void {
    if (performance.now() >= this.#askAtMs) this.#ask();
  }

  has(address: Address): boolean {
    if (this.#hints[hintOf(address)] === 0) return false;
    const own = this.#own;
    for (let i = 0; i < own.length; i++) if (own[i].equals(address)) return true;
    return false;
  }

  #ask(): void {
    this.#askAtMs = performance.now() + this.#askMs;
    // A scope (`fe80::1%eth0`) is not in packets.
    this.#own = this.#list().flatMap((text) => parseAddress(text.split('%')[0]) ?? []);
    this.#hints.fill(0);
    for (const address of this.#own) this.#hints[hintOf(address)] = 1;
  }
}

function hintOf({ w3 }: Address): number {
  return Math.imul(w3, 0x9e3779b1) >>> 24;
}

function addressesOfSystem(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
}
