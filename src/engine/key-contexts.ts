// What tells equal addresses apart: VLANs, the virtual network of a tunnel, the capturing interface. Each combination gets a
// number by first appearance; the number is part of the flow key.

import type { Cursor } from '../wire/cursor.ts';
import type { Ledger } from './ledger.ts';

/** Contexts told apart; beyond, new ones share numbers by hash, which is counted. The key has 24 bits for them. */
const MAX_CONTEXTS = 1 << 20;

export class KeyContexts {
  readonly #ids = new Map<number, number>();
  readonly #byInterface = new Map<string, number>();
  readonly #ledger: Ledger;
  #next = 1;
  #lastKey = 0;
  #lastId = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Context of the packet at the cursor; `interfaceId` -1 when interfaces are not told apart. 0: none of it. */
  id(c: Cursor, interfaceId: number): number {
    const vlans = c.vlanOuter * 4096 + c.vlanInner;
    // 24 bits of VLANs and 28 of virtual network (VNI and VSID have 24) are exact in a double.
    const key = vlans * 0x10000000 + c.virtualNetwork;
    if (interfaceId >= 0) return this.#withInterface(`${interfaceId}/${key}`, key);
    if (key === 0) return 0;
    if (key === this.#lastKey) return this.#lastId;
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#new(key);
      if (this.#ids.size < MAX_CONTEXTS) this.#ids.set(key, id);
    }
    this.#lastKey = key;
    this.#lastId = id;
    return id;
  }

  #withInterface(text: string, key: number): number {
    let id = this.#byInterface.get(text);
    if (id === undefined) {
      id = this.#new(key);
      if (this.#byInterface.size < MAX_CONTEXTS) this.#byInterface.set(text, id);
    }
    return id;
  }

  #new(key: number): number {
    if (this.#next < MAX_CONTEXTS) return this.#next++;
    this.#ledger.count('contexts.shared');
    return MAX_CONTEXTS + (Math.imul(key | 0, 0x9e3779b1) >>> 12);
  }
}
