// The interfaces that a ring source takes packets of: which of the machine's links they are now, as the kernel tells of them, and the numbers
// that packets name them by.

import { LinkWatch } from '../../system/link-watch.ts';
import type { Link } from '../../system/links.ts';
import type { InterfaceDescription } from '../source.ts';
import { linkTypeOfInterface } from './link-type.ts';
import { keptBytes, type RingSourceOptions } from './ring-options.ts';
import { checkNames } from './selection.ts';

export class WantedLinks {
  readonly interfaces: InterfaceDescription[] = [];
  readonly #options: RingSourceOptions;
  readonly #numbers = new Map<number, number>();
  #watch: LinkWatch | undefined;
  #links: readonly Link[] = [];
  /** The wanted links as people know them. */
  #told: Link[] = [];

  constructor(options: RingSourceOptions) {
    this.#options = options;
  }

  /** Rejects with InputError when an interface is not there, SystemError when the kernel can not be asked. */
  async open(): Promise<void> {
    this.#watch = await LinkWatch.open();
    this.#links = this.#watch.list();
    this.#told = this.wanted();
    checkNames(this.#options.selection, this.#links, this.#options.tell);
  }

  /** Can be read when there is word of links, unless another source of this thread has heard it. */
  get fd(): number {
    return this.#watch!.fd;
  }

  /** Whether there was word of links since the last call. */
  hasChanged(): boolean {
    return this.#watch!.hasChanged();
  }

  /** Goes by the links that there are now. */
  list(): void {
    this.#links = this.#watch!.list();
  }

  /** All links of the machine, as of the last time they were asked for. */
  get all(): readonly Link[] {
    return this.#links;
  }

  wanted(): Link[] {
    return this.#links.filter(({ name }) => this.#options.selection.wants(name));
  }

  /** Those that hear packets for other machines too. */
  promiscuous(): Set<number> {
    const isWanted = this.#options.promiscuous && !this.#options.selection.isAny;
    const wanted = isWanted ? this.wanted().filter(({ isLoopback }) => !isLoopback) : [];
    return new Set(wanted.map(({ index }) => index));
  }

  /** A socket in a fan-out group can not be bound anew, so there the filter does the choosing. */
  get isSingle(): boolean {
    return this.#options.selection.single !== undefined && this.#options.fanOutGroup === undefined;
  }

  /** Index of the interface that a socket is to be bound to; 0 for all, -1 while the only one is gone. */
  get target(): number {
    if (!this.isSingle) return 0;
    return this.#links.find(({ name }) => name === this.#options.selection.single)?.index ?? -1;
  }

  /** People hear what became of the wanted links since they heard of them last. */
  tellChanges(): void {
    const { tell } = this.#options;
    const before = this.#told;
    const after = this.wanted();
    this.#told = after;
    for (const link of before) {
      const now = after.find(({ index }) => index === link.index);
      if (now === undefined) tell(`${link.name} is gone`);
      else if (now.isUp !== link.isUp) tell(`${link.name} is ${now.isUp ? 'up' : 'down'}`);
    }
    for (const { name, index } of after) {
      if (!before.some((link) => link.index === index)) tell(`${name} is there`);
    }
  }

  /** An index may mean another interface than before. */
  forgetNumbers(): void {
    this.#numbers.clear();
  }

  /**
   * An interface keeps its number when it comes back with another index, unless it is of another kind then. `hardwareType`: of a packet that came by
   * it, for one that nothing is known of any more.
   */
  numberOf(ifindex: number, hardwareType: number): number {
    const known = this.#numbers.get(ifindex);
    if (known !== undefined) return known;
    const link = this.#watch!.withIndex(ifindex);
    const name = link?.name ?? `if${ifindex}`;
    const linkType = linkTypeOfInterface(link?.hardwareType ?? hardwareType);
    let number = this.interfaces.findIndex((one) => one.name === name && one.linkType === linkType);
    if (number < 0) {
      number = this.interfaces.length;
      this.interfaces.push({ name, linkType, snapLength: keptBytes(this.#options), file: '' });
    }
    this.#numbers.set(ifindex, number);
    return number;
  }

  close(): void {
    this.#watch?.close();
  }
}
