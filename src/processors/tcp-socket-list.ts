// The TCP sockets of this network namespace by sock_diag(7): the kernel goes through its table once for both families, which takes a fifth of
// what the two lists in /proc/net take it. Truth: include/uapi/linux/inet_diag.h; the legacy request (TCPDIAG_GETSOCK) is the one that
// asks for no family.

import { FLAG, NETLINK, type NetlinkSocket, openNetlink } from '../system/netlink.ts';
import { TcpEvent } from '../tcp-state/event.ts';
import { readSocket } from '../tcp-state/sock-diag/message.ts';
import { keyOfSocket, type ListedSocket, listSockets } from './socket-list.ts';

const TCPDIAG_GETSOCK = 18;
/** struct inet_diag_req */
const REQUEST_BYTES = 60;
const STATES_AT = 52;
const TIME_WAIT = 6;
const SYN_RECEIVED = 3;
const NEW_SYN_RECEIVED = 12;
/** What nobody has open is not asked for: what waits for its last segments, what no program has accepted yet. */
const OPEN_STATES = 0xfff & ~((1 << TIME_WAIT) | (1 << SYN_RECEIVED) | (1 << NEW_SYN_RECEIVED));

export interface TcpSocketList {
  list(): ListedSocket[];
  close(): void;
  /** Where it comes from. */
  readonly source: 'netlink' | 'proc';
}

/** From /proc where there is no netlink to be had (no koffi), or the kernel was built without tcp_diag. */
export async function openTcpSocketList(): Promise<TcpSocketList> {
  let socket: NetlinkSocket | undefined;
  try {
    socket = await openNetlink(NETLINK.SOCK_DIAG);
    ask(socket);
  } catch {
    socket?.close();
    return { source: 'proc', list: () => listSockets('tcp'), close: () => undefined };
  }
  const open = socket;
  return { source: 'netlink', list: () => ask(open), close: () => open.close() };
}

function ask(socket: NetlinkSocket): ListedSocket[] {
  const found: ListedSocket[] = [];
  const event = new TcpEvent();
  const request = Buffer.alloc(REQUEST_BYTES);
  request.writeUInt32LE(OPEN_STATES, STATES_AT);
  socket.request('the sockets can not be listed', TCPDIAG_GETSOCK, FLAG.DUMP, request, ({ body }) => {
    if (readSocket(event, body) === undefined || event.inode === undefined) return;
    const { local, localPort, remote, remotePort, inode } = event;
    found.push({ key: keyOfSocket('tcp', local, localPort, remote, remotePort), inode });
  });
  return found;
}
