// Netlink sockets by FFI (RFC 3549, include/uapi/linux/netlink.h): requests with their answers, and multicast groups.
// All integers of netlink are in the machine's byte order; the machines we run on are little-endian.

import { getSystemErrorName } from 'node:util';
import { SystemError } from './errors.ts';
import { loadLibc } from './libc.ts';

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
  const libc = await loadLibc();
  const fd = saying('a netlink socket can not be opened', () =>
    libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol),
  );
  const setOption = (level: number, option: number, value: number): void => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    libc.setsockopt(fd, level, option, bytes);
  };
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK, 0);
  try {
    saying('a netlink socket can not be bound', () => libc.bind(fd, address));
    if (receiveBytes > 0) setReceiveBuffer(setOption, receiveBytes);
  } catch (error) {
    libc.close(fd);
    throw error;
  }
  const buffer = Buffer.allocUnsafeSlow(256 * 1024);
  let sequence = 0;
  let isOpen = true;

  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    libc.close(fd);
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
      saying(what, () => libc.send(fd, message));
      for (let done = false; !done; ) {
        const length = libc.receive(fd, buffer, 0);
        if (length === -EINTR) continue;
        if (length < 0) throw new NetlinkError(what, -length);
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
      saying(`netlink group ${group} can not be joined`, () => setOption(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group));
    },
    receive(visit) {
      let isLossy = false;
      for (;;) {
        const length = libc.receive(fd, buffer, MSG_DONTWAIT);
        if (length >= 0) {
          for (const message of messagesIn(buffer, length)) visit(message);
          continue;
        }
        if (length === -EAGAIN) return isLossy;
        if (length === -ENOBUFS) isLossy = true;
        else if (length !== -EINTR) throw new NetlinkError('netlink can not be read', -length);
      }
    },
    close,
    [Symbol.dispose]: close,
  };
}

/** More than the system's limit is for who has CAP_NET_ADMIN; others get what the limit allows. */
function setReceiveBuffer(setOption: (level: number, option: number, value: number) => void, bytes: number): void {
  try {
    setOption(SOL_SOCKET, SO_RCVBUFFORCE, bytes);
  } catch {
    setOption(SOL_SOCKET, SO_RCVBUF, bytes);
  }
}

/** A call whose failure is told as a NetlinkError in these words. */
function saying<Result>(what: string, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    if (error instanceof SystemError) throw new NetlinkError(what, error.errno);
    throw error;
  }
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
