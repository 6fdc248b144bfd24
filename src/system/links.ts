// The network interfaces of this network namespace, and word of their changes, from the kernel by rtnetlink.
// Truth: rtnetlink(7), linux/rtnetlink.h, linux/if_link.h.

import { FLAG, NETLINK, type NetlinkSocket, openNetlink } from './netlink.ts';

export interface Link {
  name: string;
  index: number;
  /** ARPHRD_ value. */
  hardwareType: number;
  isUp: boolean;
  isLoopback: boolean;
  mtu: number;
  /** `up`, `down`, `unknown`, … as RFC 2863 names them. */
  state: string;
  /** Link-layer address as hexadecimal pairs with colons, '' when there is none. */
  address: string;
  /** `veth`, `bridge`, `vlan`, …; '' for hardware. */
  kind: string;
  /** Index of the bridge or bond that it belongs to; 0 for none. */
  master: number;
  /** Index of the interface that carries its packets as they are, or with a tag; 0 for none. */
  carrier: number;
}

const RTNLGRP_LINK = 1;
const RTM_GETLINK = 18;
const RTM_NEWLINK = 16;
const IFINFO = 16;
const IFF_UP = 1;
const IFF_LOOPBACK = 8;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_OPERSTATE = 16;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;
const IFLA_LINK_NETNSID = 37;
/** What comes in by these is what came in by another interface. Ends of a tunnel, and of a pair, are something else. */
const CARRIED = new Set(['vlan', 'macvlan', 'macvtap', 'ipvlan', 'ipvtap']);
const NESTED = 0x3fff;
const STATES = ['unknown', 'not present', 'down', 'lower layer down', 'testing', 'dormant', 'up'];

/** All interfaces, by index, asked for on a socket of NETLINK.ROUTE. Throws NetlinkError. */
export function listLinks(netlink: NetlinkSocket): Link[] {
  const links: Link[] = [];
  netlink.request(
    'the interfaces can not be listed',
    RTM_GETLINK,
    FLAG.DUMP,
    new Uint8Array(IFINFO),
    ({ type, body }) => {
      if (type === RTM_NEWLINK) links.push(readLink(body));
    },
  );
  return links.sort((a, b) => a.index - b.index);
}

/** A socket that hears of changes: new links, vanished ones, up and down. */
export async function watchLinks(): Promise<NetlinkSocket> {
  const netlink = await openNetlink(NETLINK.ROUTE);
  netlink.join(RTNLGRP_LINK);
  return netlink;
}

/** Whether a watching socket heard anything since it was last asked. */
export function hasChanged(watch: NetlinkSocket): boolean {
  let changed = false;
  const lossy = watch.receive(() => {
    changed = true;
  });
  return changed || lossy;
}

function readLink(body: Buffer): Link {
  const flags = body.readUInt32LE(8);
  const link: Link = {
    name: '',
    index: body.readInt32LE(4),
    hardwareType: body.readUInt16LE(2),
    isUp: (flags & IFF_UP) !== 0,
    isLoopback: (flags & IFF_LOOPBACK) !== 0,
    mtu: 0,
    state: STATES[0],
    address: '',
    kind: '',
    master: 0,
    carrier: 0,
  };
  let isElsewhere = false;
  eachAttribute(body, IFINFO, body.length, (type, from, to) => {
    if (type === IFLA_IFNAME) link.name = text(body, from, to);
    else if (type === IFLA_LINK) link.carrier = body.readUInt32LE(from);
    else if (type === IFLA_MASTER) link.master = body.readUInt32LE(from);
    else if (type === IFLA_LINK_NETNSID) isElsewhere = true;
    else if (type === IFLA_MTU) link.mtu = body.readUInt32LE(from);
    else if (type === IFLA_OPERSTATE) link.state = STATES[body[from]] ?? STATES[0];
    else if (type === IFLA_ADDRESS)
      link.address = [...body.subarray(from, to)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
    else if (type === IFLA_LINKINFO)
      eachAttribute(body, from, to, (inner, a, b) => {
        if (inner === IFLA_INFO_KIND) link.kind = text(body, a, b);
      });
  });
  if (isElsewhere || !CARRIED.has(link.kind)) link.carrier = 0;
  return link;
}

function eachAttribute(
  body: Buffer,
  from: number,
  end: number,
  take: (type: number, from: number, to: number) => void,
) {
  for (let at = from; at + 4 <= end; ) {
    const length = body.readUInt16LE(at);
    if (length < 4 || at + length > end) return;
    take(body.readUInt16LE(at + 2) & NESTED, at + 4, at + length);
    at += (length + 3) & ~3;
  }
}

function text(body: Buffer, from: number, to: number): string {
  return body.toString('utf8', from, to).replace(/\0+$/, '');
}
