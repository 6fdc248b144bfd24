// The links of this machine as the manager needs them: which there are, and whether that has changed.

import { existsSync, readdirSync, readFileSync } from 'node:fs';

const SYS_NET = '/sys/class/net';
/** linux/if.h */
const IFF_UP = 1;

export interface LinkState {
  name: string;
  isUp: boolean;
}

export interface LinkTable {
  list(): readonly LinkState[];
  /** Whether anything changed since the last call: a look at a socket, not at the links. */
  hasChanged(): boolean;
  close(): void;
}

/** By netlink, or where there is no FFI by looking at files. Undefined when neither can be. */
export async function linksOfMachine(): Promise<LinkTable | undefined> {
  try {
    return await kernelLinks();
  } catch {
    return existsSync(SYS_NET) ? fileLinks() : undefined;
  }
}

/** Links as sysfs shows them; whoever asks for changes looks at all of them. */
export function fileLinks(): LinkTable {
  const list = (): LinkState[] =>
    readdirSync(SYS_NET).flatMap((name) => {
      try {
        return [{ name, isUp: (Number(readFileSync(`${SYS_NET}/${name}/flags`, 'utf8')) & IFF_UP) !== 0 }];
      } catch {
        // Gone since, or a file that is no link (bonding_masters).
        return [];
      }
    });
  let last = '';
  return {
    list,
    hasChanged() {
      const now = JSON.stringify(list());
      const before = last;
      last = now;
      return now !== before;
    },
    close() {},
  };
}

/** The kernel's links, by netlink. Rejects where the kernel can not be asked (no FFI). */
export async function kernelLinks(): Promise<LinkTable> {
  const { LinkWatch } = await import('../system/link-watch.ts');
  const watch = await LinkWatch.open();
  return {
    list: () => watch.list(),
    hasChanged: () => watch.hasChanged(),
    close: () => watch.close(),
  };
}
