// The interfaces that a ring source takes packets of: which of the machine's links they are now, as the kernel tells of them, and the numbers
// that packets name them by.

import { hasChanged, type Link, listLinks, watchLinks } from '../../system/links.ts';
import { NETLINK, type NetlinkSocket, openNetlink } from '../../system/netlink.ts';
import type { InterfaceDescription } from '../source.ts';
import { linkTypeOfInterface } from './link-type.ts';
import { keptBytes, type RingSourceOptions } from './ring-options.ts';
import { checkNames } from './selection.ts';

/** So many links that are gone are known yet: those that went last. */
const MOST_GONE = 4096;

export class WantedLinks {
  readonly interfaces: InterfaceDescription[] = [];
  readonly #options: RingSourceOptions;
  readonly #numbers = new Map<number, number>();
  #netlink: NetlinkSocket | undefined;
  #watch: NetlinkSocket | undefined;
  #links: Link[] = [];
  /** Those that were there and are gone, by index: packets of theirs may not have been read yet. */
  readonly #gone = new Map<number, Link>();
  /** The wanted links as people know them: the links may have been asked for since, by a packet of an unknown one. */
  #told: Link[] = [];

  constructor(options: RingSourceOptions) {
    this.#options = options;
  }

  /** Rejects with InputError when an interface is not there, SystemError when the kernel can not be asked. */
  async open(): Promise<void> {
    this.#netlink = await openNetlink(NETLINK.ROUTE);
    this.#watch = await watchLinks();
    this.#links = listLinks(this.#netlink);
    this.#told = this.wanted();
    checkNames(this.#options.selection, this.#links, this.#options.tell);
  }

  /** Can be read when there is word of links. */
  get fd(): number {
    return this.#watch!.fd;
  }

  /** Whether there was word of links since the last call. */
  hasChanged(): boolean {
    return hasChanged(this.#watch!);
  }

  /** Asks the kernel which links there are. */
  list(): void {
    const before = this.#links;
    this.#links = listLinks(this.#netlink!);
    const there = new Set(this.#links.map(({ index }) => index));
    for (const link of before) if (!there.has(link.index)) this.#gone.set(link.index, link);
    for (const index of this.#gone.keys()) {
      if (there.has(index) || this.#gone.size > MOST_GONE) this.#gone.delete(index);
    }
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

  /** An interface keeps its number when it comes back with another index. */
  numberOf(ifindex: number): number {
    const known = this.#numbers.get(ifindex);
    if (known !== undefined) return known;
    let link = this.#linkOf(ifindex);
    if (link === undefined) {
      this.list();
      link = this.#linkOf(ifindex);
    }
    const name = link?.name ?? `if${ifindex}`;
    let number = this.interfaces.findIndex((one) => one.name === name);
    if (number < 0) {
      number = this.interfaces.length;
      this.interfaces.push({
        name,
        linkType: linkTypeOfInterface(link?.hardwareType ?? 0),
        snapLength: keptBytes(this.#options),
        file: '',
      });
    }
    this.#numbers.set(ifindex, number);
    return number;
  }

  #linkOf(ifindex: number): Link | undefined {
    return this.#links.find(({ index }) => index === ifindex) ?? this.#gone.get(ifindex);
  }

  close(): void {
    this.#watch?.close();
    this.#netlink?.close();
  }
}
