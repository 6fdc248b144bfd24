// The links of this network namespace as all of a thread follow them: listed once for all, and again when the kernel has told of a change.
// A thousand interfaces are captured by a thousand sources, and a list of a thousand links takes milliseconds.

import { hasChanged, type Link, listLinks, watchLinks } from './links.ts';
import { NETLINK, type NetlinkSocket, openNetlink } from './netlink.ts';

/** So many links that are gone are known yet: those that went last. */
const MOST_GONE = 4096;

/** What is shared. */
interface Followed {
  asking: NetlinkSocket;
  watching: NetlinkSocket;
  /** Grows with each word of a change. */
  version: number;
  links: readonly Link[];
  byIndex: Map<number, Link>;
  /** The version that `links` has. */
  listed: number;
  /** Those that were there and are gone, by index: packets of theirs may not have been read yet. */
  gone: Map<number, Link>;
}

let followed: Promise<Followed> | undefined;
let holders = 0;

export class LinkWatch {
  readonly #followed: Followed;
  #seen: number;
  #isClosed = false;

  private constructor(shared: Followed) {
    this.#followed = shared;
    this.#seen = shared.version;
  }

  /** Close it when it is needed no longer. Rejects with NetlinkError. */
  static async open(): Promise<LinkWatch> {
    holders++;
    try {
      followed ??= follow();
      return new LinkWatch(await followed);
    } catch (error) {
      letGo();
      throw error;
    }
  }

  /** Can be read when there is word of links that none of the thread has heard. */
  get fd(): number {
    return this.#followed.watching.fd;
  }

  /** Whether there was word of links since this was asked last. Throws NetlinkError. */
  hasChanged(): boolean {
    hear(this.#followed);
    const isNew = this.#seen !== this.#followed.version;
    this.#seen = this.#followed.version;
    return isNew;
  }

  /** All of them as they are now, by index. Throws NetlinkError. */
  list(): readonly Link[] {
    const shared = this.#followed;
    hear(shared);
    if (shared.listed !== shared.version) list(shared);
    return shared.links;
  }

  /** Which has this index, or had it last. Throws NetlinkError. */
  withIndex(index: number): Link | undefined {
    this.list();
    return this.#followed.byIndex.get(index) ?? this.#followed.gone.get(index);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    letGo();
  }
}

async function follow(): Promise<Followed> {
  const asking = await openNetlink(NETLINK.ROUTE);
  try {
    const watching = await watchLinks();
    return { asking, watching, version: 1, links: [], byIndex: new Map(), listed: 0, gone: new Map() };
  } catch (error) {
    asking.close();
    throw error;
  }
}

function hear(shared: Followed): void {
  if (hasChanged(shared.watching)) shared.version++;
}

function list(shared: Followed): void {
  const { version, gone, byIndex: before } = shared;
  shared.links = listLinks(shared.asking);
  shared.byIndex = new Map(shared.links.map((link) => [link.index, link]));
  shared.listed = version;
  for (const [index, link] of before) if (!shared.byIndex.has(index)) gone.set(index, link);
  for (const index of gone.keys()) if (shared.byIndex.has(index) || gone.size > MOST_GONE) gone.delete(index);
}

/** The last one that needs it closes it. */
function letGo(): void {
  if (--holders > 0) return;
  const last = followed;
  followed = undefined;
  last?.then(
    ({ asking, watching }) => {
      asking.close();
      watching.close();
    },
    () => undefined,
  );
}
