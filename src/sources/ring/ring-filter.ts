// The kernel's filter of a ring source: made of what is asked for, of what is needed now, and of the links that there are.

import { kernelFilter, REFUSE_ALL } from './kernel-filter.ts';
import { keptBytes, type RingSourceOptions } from './ring-options.ts';
import type { UserFilter } from './user-filter.ts';
import type { WantedLinks } from './wanted-links.ts';

export class RingFilter {
  readonly #options: RingSourceOptions;
  readonly #links: WantedLinks;
  /** What the program that was made last keeps of a packet, and of which packets where that is derived. */
  #kept = 0;
  #derived: UserFilter | undefined;

  constructor(options: RingSourceOptions, links: WantedLinks) {
    this.#options = options;
    this.#links = links;
  }

  /** Whether the only interface is gone. */
  get isAway(): boolean {
    return this.#links.target < 0;
  }

  /** Whether something else is needed than when the last program was made. */
  get hasOtherNeeds(): boolean {
    return this.#kept !== keptBytes(this.#options) || this.#derived !== this.#options.needed?.packets;
  }

  /** As classic BPF. */
  program(): Uint8Array {
    const { selection, filter, direction, needed, takesAll } = this.#options;
    const snapLength = keptBytes(this.#options);
    this.#kept = snapLength;
    this.#derived = needed?.packets;
    // The socket still hears an interface that has another name now.
    if (this.isAway) return REFUSE_ALL;
    const user = takesAll || !filter.isEmpty ? filter : (needed?.packets ?? filter);
    const { all: links, isSingle } = this.#links;
    const loopback = links.find(({ isLoopback }) => isLoopback)?.index ?? 0;
    const all = isSingle || selection.isAny;
    const unwanted = isSingle ? [] : links.filter(({ name }) => !selection.wants(name));
    const only = all ? undefined : this.#links.wanted().map(({ index }) => index);
    return kernelFilter({
      snapLength,
      direction,
      loopback,
      only,
      except: all ? unwanted.map(({ index }) => index) : [],
      user: user.programs(links, selection),
    });
  }
}
