// What tells equal addresses apart: VLANs, the virtual network of a tunnel, the capturing interface. Each combination gets a
// number by first appearance; the number is part of the flow key.

import type { Cursor } from '../wire/cursor.ts';
import type { Ledger } from './ledger.ts';

/** Contexts told apart; beyond, new ones share numbers by hash, which is counted. The key has 24 bits for them. */
const MAX_CONTEXTS = 1 << 20;

/** Interfaces that are looked up without a map. A file may number them as it likes. */
const MOST_PLAIN = 1 << 16;

export class KeyContexts {
  readonly #ids = new Map<number, number>();
  /** By number of the interface: contexts of its VLANs and virtual networks. */
  readonly #byInterface = new Map<number, Map<number, number>>();
  /** The same for packets that have neither, which is most of them; 0: not seen yet. */
  #plain = new Int32Array(16);
  /** By the context of what is around it and its id: the third VLAN, and those behind it. */
  readonly #deeper = new Map<number, number>();
  #known = 0;
  readonly #ledger: Ledger;
  #next = 1;
  #lastKey = 0;
  #lastId = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Context of the packet at the cursor; `interfaceId` -1 when interfaces are not told apart. 0: none of it. */
  id(c: Cursor, interfaceId: number): number {
    let id = this.#ofTwoVlans(c, interfaceId);
    for (let i = 2; i < c.vlanCount; i++) id = this.#in(this.#deeper, id * 4096 + c.vlanDeeper[i - 2]);
    return id;
  }

  #ofTwoVlans(c: Cursor, interfaceId: number): number {
    const vlans = c.vlanOuter * 4096 + c.vlanInner;
    // 24 bits of VLANs and 28 of virtual network (VNI and VSID have 24) are exact in a double.
    const key = vlans * 0x10000000 + c.virtualNetwork;
    if (key === 0) return interfaceId < 0 ? 0 : this.ofInterface(interfaceId);
    if (interfaceId >= 0) return this.#withInterface(interfaceId, key);
    if (key === this.#lastKey) return this.#lastId;
    const id = this.#in(this.#ids, key);
    this.#lastKey = key;
    this.#lastId = id;
    return id;
  }

  /** Context of a packet of this interface without VLANs and outside of virtual networks. */
  ofInterface(interfaceId: number): number {
    const id = interfaceId < this.#plain.length ? this.#plain[interfaceId] : 0;
    return id === 0 ? this.#newPlain(interfaceId) : id;
  }

  #newPlain(interfaceId: number): number {
    if (interfaceId >= MOST_PLAIN) return this.#withInterface(interfaceId, 0);
    if (interfaceId >= this.#plain.length) {
      const bigger = new Int32Array(2 * interfaceId);
      bigger.set(this.#plain);
      this.#plain = bigger;
    }
    const id = this.#new(0);
    this.#plain[interfaceId] = id;
    return id;
  }

  #withInterface(interfaceId: number, key: number): number {
    let ids = this.#byInterface.get(interfaceId);
    if (ids === undefined) {
      ids = new Map();
      this.#byInterface.set(interfaceId, ids);
    }
    return this.#in(ids, key);
  }

  #in(ids: Map<number, number>, key: number): number {
    let id = ids.get(key);
    if (id === undefined) {
      id = this.#new(key);
      if (this.#known < MAX_CONTEXTS) {
        ids.set(key, id);
        this.#known++;
      }
    }
    return id;
  }

  #new(key: number): number {
    if (this.#next < MAX_CONTEXTS) return this.#next++;
    this.#ledger.count('contexts.shared');
    return MAX_CONTEXTS + (Math.imul(key | 0, 0x9e3779b1) >>> 12);
  }
}
