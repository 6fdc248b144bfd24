// The links of this machine as the manager needs them: which there are, and whether that has changed.

export interface LinkState {
  name: string;
  isUp: boolean;
}

export interface LinkTable {
  list(): LinkState[];
  /** Whether anything changed since the last call: a look at a socket, not at the links. */
  hasChanged(): boolean;
  close(): void;
}

/** The kernel's links, by netlink. Rejects where the kernel can not be asked (no FFI). */
export async function kernelLinks(): Promise<LinkTable> {
  const [{ NETLINK, openNetlink }, { hasChanged, listLinks, watchLinks }] = await Promise.all([
    import('../system/netlink.ts'),
    import('../system/links.ts'),
  ]);
  const netlink = await openNetlink(NETLINK.ROUTE);
  const watch = await watchLinks();
  return {
    list: () => listLinks(netlink),
    hasChanged: () => hasChanged(watch),
    close: () => {
      netlink.close();
      watch.close();
    },
  };
}
