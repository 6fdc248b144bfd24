// Messages of sock_diag(7) about TCP sockets: the request for a dump, and what is told of a socket (include/uapi/linux/inet_diag.h,
// struct tcp_info of include/uapi/linux/tcp.h). Ports and addresses are in network byte order, the rest is little-endian.

import type { Address } from '../../records/address.ts';
import { clearCounters, type TcpEvent } from '../event.ts';
import { CLOSED } from '../states.ts';

export const SOCK_DIAG_BY_FAMILY = 20;
/** Multicast groups: sockets that are done for, by family. */
export const DESTROYED_GROUPS = [1, 3] as const;
export const FAMILIES = [2, 10] as const;
const AF_INET = 2;
const IPPROTO_TCP = 6;
const ALL_STATES = 0xffffffff;
/** Extension INET_DIAG_INFO, as a bit and as an attribute. */
const WITH_INFO = 1 << 1;
const INET_DIAG_INFO = 2;
const INET_DIAG_PROTOCOL = 10;
const INET_DIAG_MARK = 15;
const INET_DIAG_CGROUP_ID = 21;
const MESSAGE_BYTES = 72;
const IPV4_MAPPED = 0xffff;
/** TIME-WAIT, CLOSE-WAIT, LAST-ACK, CLOSING: the other side has said all. */
const BEHIND_FIN: readonly number[] = [6, 8, 9, 11];
const NS_PER_US = 1000;

/** struct inet_diag_req_v2: all TCP sockets of a family. */
export function dumpRequest(family: number): Buffer {
  const request = Buffer.alloc(56);
  request[0] = family;
  request[1] = IPPROTO_TCP;
  request[2] = WITH_INFO;
  request.writeUInt32LE(ALL_STATES, 4);
  return request;
}

/** What a message says of a socket beside what stands in the event. */
export interface Told {
  cookie: number;
  /** Number of states.ts. */
  state: number;
}

/** Fills the event from a message; undefined when it is not about a TCP socket. */
export function readSocket(event: TcpEvent, body: Buffer): Told | undefined {
  if (body.length < MESSAGE_BYTES) return undefined;
  const family = body[0];
  const state = body[1];
  event.localPort = body.readUInt16BE(4);
  event.remotePort = body.readUInt16BE(6);
  readAddress(event.local, body, 8, family);
  readAddress(event.remote, body, 24, family);
  event.interfaceIndex = body.readUInt32LE(40) || undefined;
  const cookie = body.readUInt32LE(44) + body.readUInt32LE(48) * 0x100000000;
  event.socket = cookie;
  event.inode = body.readUInt32LE(68) || undefined;
  // Of a socket that nobody has open any more, and in notices, the kernel leaves both empty: that is not root.
  event.uid = event.inode === undefined ? undefined : body.readUInt32LE(64);
  event.protocol = 'tcp';
  event.cgroup = undefined;
  event.mark = undefined;
  clearCounters(event);
  for (let at = MESSAGE_BYTES; at + 4 <= body.length; ) {
    const length = body.readUInt16LE(at);
    if (length < 4 || at + length > body.length) break;
    const value = body.subarray(at + 4, at + length);
    switch (body.readUInt16LE(at + 2)) {
      case INET_DIAG_INFO:
        readInfo(event, value, state);
        break;
      case INET_DIAG_PROTOCOL:
        if (value[0] !== IPPROTO_TCP) return undefined;
        break;
      case INET_DIAG_MARK:
        event.mark = value.readUInt32LE(0) || undefined;
        break;
      case INET_DIAG_CGROUP_ID:
        event.cgroup = Number(value.readBigUInt64LE(0)) || undefined;
    }
    at += Math.ceil(length / 4) * 4;
  }
  return { cookie, state };
}

/** struct tcp_info grows at its end from kernel to kernel. */
function readInfo(event: TcpEvent, info: Buffer, state: number): void {
  if (info.length < 104) return;
  event.rttNs = info.readUInt32LE(68) * NS_PER_US || undefined;
  event.retransmissions = info.readUInt32LE(100);
  if (info.length < 144) return;
  event.bytesSent = Number(info.readBigUInt64LE(120));
  event.bytesReceived = Number(info.readBigUInt64LE(128));
  event.segmentsSent = info.readUInt32LE(136);
  event.segmentsReceived = info.readUInt32LE(140);
  if (info.length < 152) return;
  const least = info.readUInt32LE(148);
  event.minRttNs = least === 0 || least === 0xffffffff ? undefined : least * NS_PER_US;
  if (info.length < 216) return;
  // Acknowledged bytes count SYN and FIN, sent ones do not.
  const acknowledged = event.bytesSent;
  event.bytesSent = Number(info.readBigUInt64LE(200) - info.readBigUInt64LE(208));
  if (event.bytesReceived > 0 && isFinished(event, state, acknowledged - event.bytesSent)) event.bytesReceived--;
}

/**
 * Whether the other side's FIN was received, which counts as a byte. Of a socket that is done for it is not told: then it was, if our own FIN
 * was acknowledged, besides the SYN of a client. Who is one is not told either: the lower port is the server's, as it mostly is.
 */
function isFinished({ localPort, remotePort }: TcpEvent, state: number, acknowledgedFlags: number): boolean {
  if (state !== CLOSED) return BEHIND_FIN.includes(state);
  return acknowledgedFlags > (localPort < remotePort ? 0 : 1);
}

function readAddress(address: Address, body: Buffer, at: number, family: number): void {
  const w0 = body.readUInt32BE(at);
  if (family === AF_INET) {
    address.setV4(w0);
    return;
  }
  const w1 = body.readUInt32BE(at + 4);
  const w2 = body.readUInt32BE(at + 8);
  const w3 = body.readUInt32BE(at + 12);
  if (w0 === 0 && w1 === 0 && w2 === IPV4_MAPPED) address.setV4(w3);
  else address.setV6(w0, w1, w2, w3);
}
