// Netlink sockets by FFI (RFC 3549, include/uapi/linux/netlink.h): requests with their answers, and multicast groups.
// All integers of netlink are in the machine's byte order; the machines we run on are little-endian.

import { getSystemErrorName } from 'node:util';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const MSG_DONTWAIT = 0x40;
const EAGAIN = 11;
const EINTR = 4;
const ENOBUFS = 105;

/** Protocols (NETLINK_…). */
export const NETLINK = { ROUTE: 0, SOCK_DIAG: 4 } as const;
/** Flags of requests (NLM_F_…). */
export const FLAG = { REQUEST: 1, ACK: 4, DUMP: 0x300, REPLACE: 0x100, EXCLUSIVE: 0x200, CREATE: 0x400 } as const;
const TYPE_ERROR = 2;
const TYPE_DONE = 3;
const HEADER_BYTES = 16;

export class NetlinkError extends Error {
  override name = 'NetlinkError';
  /** Name of the errno, such as `EPERM`. */
  readonly code: string;
  constructor(what: string, errno: number) {
    const code = getSystemErrorName(-errno);
    super(`${what}: ${code}`);
    this.code = code;
  }
}

export interface NetlinkMessage {
  readonly type: number;
  /** What follows the header; valid until the next call. */
  readonly body: Buffer;
}

export interface NetlinkSocket extends Disposable {
  /** To wait on together with others. */
  readonly fd: number;
  /** Sends a request and gives each message of its answer to `visit`. Throws NetlinkError when it is refused; `what` is for its words. */
  request(what: string, type: number, flags: number, body: Uint8Array, visit?: (message: NetlinkMessage) => void): void;
  join(group: number): void;
  /**
   * Gives what multicast groups have sent to `visit`, without waiting. Returns true when the kernel had to throw messages away because
   * the socket's buffer was full: how many, it does not say.
   */
  receive(visit: (message: NetlinkMessage) => void): boolean;
  close(): void;
}

/** A netlink attribute: length, type, value, padded to four bytes. */
export function attribute(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, 4);
  return bytes;
}

/** `receiveBytes`: room for messages that wait; more than the system's limit needs CAP_NET_ADMIN. Throws NetlinkError. */
export async function openNetlink(protocol: number, receiveBytes = 0): Promise<NetlinkSocket> {
  const koffi = await import('koffi');
  const libc = koffi.load('libc.so.6');
  const socket = libc.func('socket', 'int', ['int', 'int', 'int']);
  const bind = libc.func('bind', 'int', ['int', 'void *', 'uint']);
  const send = libc.func('send', 'long', ['int', 'void *', 'size_t', 'int']);
  const recv = libc.func('recv', 'long', ['int', 'void *', 'size_t', 'int']);
  const setsockopt = libc.func('setsockopt', 'int', ['int', 'int', 'int', 'void *', 'uint']);
  const closeFd = libc.func('close', 'int', ['int']);

  const fd: number = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (fd < 0) throw new NetlinkError('a netlink socket can not be opened', koffi.errno());
  const setOption = (level: number, option: number, value: number): boolean => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return setsockopt(fd, level, option, bytes, 4) === 0;
  };
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK, 0);
  if (bind(fd, address, address.length) !== 0) {
    const error = new NetlinkError('a netlink socket can not be bound', koffi.errno());
    closeFd(fd);
    throw error;
  }
  if (receiveBytes > 0 && !setOption(SOL_SOCKET, SO_RCVBUFFORCE, receiveBytes)) {
    setOption(SOL_SOCKET, SO_RCVBUF, receiveBytes);
  }
  const buffer = Buffer.allocUnsafeSlow(256 * 1024);
  let sequence = 0;
  let isOpen = true;

  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    closeFd(fd);
  };
  return {
    fd,
    request(what, type, flags, body, visit) {
      const message = Buffer.alloc(HEADER_BYTES + Math.ceil(body.length / 4) * 4);
      message.writeUInt32LE(HEADER_BYTES + body.length, 0);
      message.writeUInt16LE(type, 4);
      message.writeUInt16LE(flags | FLAG.REQUEST, 6);
      message.writeUInt32LE(++sequence, 8);
      message.set(body, HEADER_BYTES);
      if (Number(send(fd, message, message.length, 0)) < 0) throw new NetlinkError(what, koffi.errno());
      for (let done = false; !done; ) {
        const length = Number(recv(fd, buffer, buffer.length, 0));
        if (length < 0) {
          const errno = koffi.errno();
          if (errno === EINTR) continue;
          throw new NetlinkError(what, errno);
        }
        for (const { type: kind, sequence: of, body: answer } of messagesIn(buffer, length)) {
          if (of !== sequence) continue;
          if (kind === TYPE_ERROR) {
            const errno = -answer.readInt32LE(0);
            if (errno !== 0) throw new NetlinkError(what, errno);
            done = true;
          } else if (kind === TYPE_DONE) done = true;
          else visit?.({ type: kind, body: answer });
        }
      }
    },
    join(group) {
      if (!setOption(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)) {
        throw new NetlinkError(`netlink group ${group} can not be joined`, koffi.errno());
      }
    },
    receive(visit) {
      let isLossy = false;
      for (;;) {
        const length = Number(recv(fd, buffer, buffer.length, MSG_DONTWAIT));
        if (length >= 0) {
          for (const message of messagesIn(buffer, length)) visit(message);
          continue;
        }
        const errno = koffi.errno();
        if (errno === EAGAIN) return isLossy;
        if (errno === ENOBUFS) isLossy = true;
        else if (errno !== EINTR) throw new NetlinkError('netlink can not be read', errno);
      }
    },
    close,
    [Symbol.dispose]: close,
  };
}

function* messagesIn(buffer: Buffer, length: number): Generator<NetlinkMessage & { sequence: number }> {
  for (let at = 0; at + HEADER_BYTES <= length; ) {
    const size = buffer.readUInt32LE(at);
    if (size < HEADER_BYTES || at + size > length) return;
    yield {
      type: buffer.readUInt16LE(at + 4),
      sequence: buffer.readUInt32LE(at + 8),
      body: buffer.subarray(at + HEADER_BYTES, at + size),
    };
    at += Math.ceil(size / 4) * 4;
  }
}
