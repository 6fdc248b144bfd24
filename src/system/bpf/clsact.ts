// Attaching tc programs before TCX (Linux < 6.6): the clsact queueing discipline and a BPF filter in direct-action mode, by
// rtnetlink (tc-bpf(8), include/uapi/linux/pkt_cls.h). Unlike a link it outlives a killed process; attaching again replaces it.

import { attribute, FLAG, NETLINK, NetlinkError, type NetlinkSocket, openNetlink } from '../netlink.ts';
import { BpfError } from './error.ts';
import type { BpfProgram, TcDirection } from './program.ts';

const RTM_NEWQDISC = 36;
const RTM_NEWTFILTER = 44;
const RTM_DELTFILTER = 45;
const CLSACT_PARENT = 0xfffffff1;
const CLSACT_HANDLE = 0xffff0000;
/** Minor numbers of the two hooks in clsact. */
const HOOK: Readonly<Record<TcDirection, number>> = { ingress: 0xfff2, egress: 0xfff3 };
const TCA_KIND = 1;
const TCA_OPTIONS = 2;
const TCA_BPF_FD = 6;
const TCA_BPF_NAME = 7;
const TCA_BPF_FLAGS = 8;
const DIRECT_ACTION = 1;
/** ETH_P_ALL in network byte order. */
const ALL_PROTOCOLS = 0x0300;
/** Ours: attaching replaces what an earlier run left at this priority and handle. */
const PRIORITY = 0x4e53;
const HANDLE = 1;

export interface ClsactAttachment extends AsyncDisposable {
  /** Takes the filter away; the empty queueing discipline stays, for others may use it. */
  close(): Promise<void>;
}

/** Attaches a tc program by clsact. Needs CAP_NET_ADMIN. Throws BpfError. */
export async function attachClsact(
  program: BpfProgram,
  ifindex: number,
  direction: TcDirection,
): Promise<ClsactAttachment> {
  using socket = await openNetlink(NETLINK.ROUTE);
  try {
    addClsact(socket, ifindex);
    socket.request(
      `${program.name} can not be attached to the ${direction} of interface ${ifindex}`,
      RTM_NEWTFILTER,
      FLAG.ACK | FLAG.CREATE | FLAG.REPLACE,
      Buffer.concat([
        filterHeader(ifindex, direction),
        text(TCA_KIND, 'bpf'),
        attribute(TCA_OPTIONS, options(program)),
      ]),
    );
  } catch (error) {
    if (error instanceof NetlinkError) throw new BpfError(`${error.message} (needs CAP_NET_ADMIN)`, error.code);
    throw error;
  }
  let isAttached = true;
  const close = async () => {
    if (!isAttached) return;
    isAttached = false;
    await detachClsact(ifindex, direction);
  };
  return { close, [Symbol.asyncDispose]: close };
}

/** Takes away what a killed run left on an interface. false when there was nothing. */
export async function detachClsact(ifindex: number, direction: TcDirection): Promise<boolean> {
  using socket = await openNetlink(NETLINK.ROUTE);
  const body = Buffer.concat([filterHeader(ifindex, direction), text(TCA_KIND, 'bpf')]);
  try {
    socket.request('a BPF filter can not be taken away', RTM_DELTFILTER, FLAG.ACK, body);
    return true;
  } catch (error) {
    // The filter, the discipline or the interface is not there.
    if (error instanceof NetlinkError && ['ENOENT', 'EINVAL', 'ENODEV'].includes(error.code)) return false;
    throw error;
  }
}

function addClsact(socket: NetlinkSocket, ifindex: number): void {
  const body = Buffer.concat([tcMessage(ifindex, CLSACT_HANDLE, CLSACT_PARENT, 0), text(TCA_KIND, 'clsact')]);
  try {
    socket.request('clsact can not be added', RTM_NEWQDISC, FLAG.ACK | FLAG.CREATE | FLAG.EXCLUSIVE, body);
  } catch (error) {
    if (!(error instanceof NetlinkError) || error.code !== 'EEXIST') throw error;
  }
}

function filterHeader(ifindex: number, direction: TcDirection): Buffer {
  return tcMessage(ifindex, HANDLE, 0xffff0000 | HOOK[direction], (PRIORITY << 16) | ALL_PROTOCOLS);
}

/** struct tcmsg */
function tcMessage(ifindex: number, handle: number, parent: number, info: number): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.writeInt32LE(ifindex, 4);
  bytes.writeUInt32LE(handle >>> 0, 8);
  bytes.writeUInt32LE(parent >>> 0, 12);
  bytes.writeUInt32LE(info >>> 0, 16);
  return bytes;
}

function options(program: BpfProgram): Buffer {
  return Buffer.concat([
    attribute(TCA_BPF_FD, word(program.fd)),
    text(TCA_BPF_NAME, `netscribe_${program.name}`),
    attribute(TCA_BPF_FLAGS, word(DIRECT_ACTION)),
  ]);
}

function text(type: number, value: string): Buffer {
  return attribute(type, Buffer.from(`${value}\0`, 'latin1'));
}
function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
