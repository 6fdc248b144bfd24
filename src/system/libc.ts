// The C library by FFI: the few calls that Node has no words for. Everything goes through buffers whose layout is that of the
// kernel's headers (see abi.ts), so nothing here knows structures.

import type { TypeObject } from 'koffi';
import { CallQueue } from './call-queue.ts';
import { MissingError, SystemError } from './errors.ts';

const LIBRARIES = ['libc.so.6', 'libc.so'];

/** A pointer as koffi hands it out. */
export type Pointer = unknown;

type Async<T> = { async(...values: [...unknown[], (error: unknown, result: T) => void]): void };

export interface Libc {
  /** Each returns what the call returns and throws SystemError when that is negative. */
  socket(domain: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array): void;
  /** The same in a thread of libuv's pool, for options that the kernel takes its time for. */
  setsockoptLater(fd: number, level: number, option: number, value: Uint8Array): Promise<void>;
  getsockopt(fd: number, level: number, option: number, value: Uint8Array): void;
  bind(fd: number, address: Uint8Array): void;
  /** Fills `address` with what the socket is bound to. */
  getsockname(fd: number, address: Uint8Array): void;
  mmap(length: number, fd: number): Pointer;
  munmap(at: Pointer, length: number): void;
  close(fd: number): void;
  closeLater(fd: number): Promise<void>;
  /** Number of descriptors with events; -1 when a signal came. `fds`: an array of struct pollfd. */
  poll(fds: Uint8Array, timeoutMs: number): number;
  /** The same, waiting in a thread of libuv's pool. */
  pollLater(fds: Uint8Array, timeoutMs: number): Promise<number>;
  send(fd: number, message: Uint8Array): void;
  /** Bytes received; the negative errno when there are none, for netlink says things by it that are no failure. */
  receive(fd: number, buffer: Uint8Array, flags: number): number;
  sendmmsg(fd: number, messages: Uint8Array, count: number): number;
  /** Memory at a pointer; valid until it is unmapped, and reading it after that ends the process. */
  view(at: Pointer, length: number): ArrayBuffer;
  /** The address of a buffer, which must stay alive as long as C uses it. */
  address(buffer: Uint8Array): bigint;
}

const EINTR = 4;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;

let loaded: Promise<Libc> | undefined;

/** Rejects with MissingError when koffi is not installed or there is no C library to load. */
export function loadLibc(): Promise<Libc> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Libc> {
  if (process.platform !== 'linux') throw new MissingError(`this needs Linux, and here is ${process.platform}`);
  let koffi: typeof import('koffi');
  try {
    koffi = await import('koffi');
  } catch {
    throw new MissingError(
      'the optional package koffi is not installed here; run "npm install" without --omit=optional',
    );
  }
  return bind(koffi);
}

function bind(koffi: typeof import('koffi')): Libc {
  const library = open(koffi);
  const define = (name: string, result: string, parameters: string[]) => library.func(name, result, parameters);
  const socket = define('socket', 'int', ['int', 'int', 'int']);
  const setsockopt = define('setsockopt', 'int', ['int', 'int', 'int', 'void *', 'uint32']);
  const getsockopt = define('getsockopt', 'int', ['int', 'int', 'int', 'void *', 'void *']);
  const bindSocket = define('bind', 'int', ['int', 'void *', 'uint32']);
  const getsockname = define('getsockname', 'int', ['int', 'void *', 'void *']);
  const mmap = define('mmap', 'void *', ['void *', 'uint64', 'int', 'int', 'int', 'int64']);
  const munmap = define('munmap', 'int', ['void *', 'uint64']);
  const close = define('close', 'int', ['int']);
  const poll = define('poll', 'int', ['void *', 'uint64', 'int']);
  const send = define('send', 'long', ['int', 'void *', 'uint64', 'int']);
  const receive = define('recv', 'long', ['int', 'void *', 'uint64', 'int']);
  const sendmmsg = define('sendmmsg', 'int', ['int', 'void *', 'uint32', 'int']);
  const queue = new CallQueue();
  const inPool = (call: unknown, ...values: unknown[]): Promise<number> =>
    queue.run(
      () =>
        new Promise((resolve, reject) => {
          (call as Async<number>).async(...values, (error, result) => {
            if (error) reject(error as Error);
            else resolve(result);
          });
        }),
    );
  const sure = (result: number, call: string): number => {
    if (result < 0) throw new SystemError(call, koffi.errno());
    return result;
  };
  const length = Buffer.alloc(4);
  return {
    socket: (domain, type, protocol) => sure(socket(domain, type, protocol), 'socket'),
    setsockopt(fd, level, option, value) {
      sure(setsockopt(fd, level, option, value, value.length), `setsockopt ${level}/${option}`);
    },
    async setsockoptLater(fd, level, option, value) {
      const result = await inPool(setsockopt, fd, level, option, value, value.length);
      // Why it failed is known to the thread that it failed in, so it is asked for here.
      if (result < 0) sure(setsockopt(fd, level, option, value, value.length), `setsockopt ${level}/${option}`);
    },
    getsockopt(fd, level, option, value) {
      length.writeUInt32LE(value.length, 0);
      sure(getsockopt(fd, level, option, value, length), `getsockopt ${level}/${option}`);
    },
    bind(fd, address) {
      sure(bindSocket(fd, address, address.length), 'bind');
    },
    getsockname(fd, address) {
      length.writeUInt32LE(address.length, 0);
      sure(getsockname(fd, address, length), 'getsockname');
    },
    mmap(bytes, fd) {
      const at = mmap(null, bytes, PROT_READ_WRITE, MAP_SHARED, fd, 0);
      // MAP_FAILED is -1, not null.
      if (koffi.address(at) === 0xffff_ffff_ffff_ffffn) throw new SystemError('mmap', koffi.errno());
      return at;
    },
    munmap(at, bytes) {
      sure(munmap(at, bytes), 'munmap');
    },
    close(fd) {
      close(fd);
    },
    async closeLater(fd) {
      await inPool(close, fd);
    },
    poll(fds, timeoutMs) {
      const n = poll(fds, fds.length / 8, timeoutMs);
      if (n < 0 && koffi.errno() === EINTR) return -1;
      return sure(n, 'poll');
    },
    pollLater: (fds, timeoutMs) => inPool(poll, fds, fds.length / 8, timeoutMs),
    send(fd, message) {
      sure(Number(send(fd, message, message.length, 0)), 'send');
    },
    receive(fd, buffer, flags) {
      const bytes = Number(receive(fd, buffer, buffer.length, flags));
      return bytes < 0 ? -koffi.errno() : bytes;
    },
    sendmmsg: (fd, messages, count) => sendmmsg(fd, messages, count, 0),
    view: (at, bytes) => koffi.view(at as TypeObject, bytes),
    address: (buffer) => koffi.address(buffer),
  };
}

function open(koffi: typeof import('koffi')): ReturnType<typeof koffi.load> {
  for (const name of LIBRARIES) {
    try {
      return koffi.load(name);
    } catch {
      // The next name: musl has another one.
    }
  }
  throw new MissingError(`no C library was found (tried ${LIBRARIES.join(', ')})`);
}
