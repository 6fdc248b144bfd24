// bpf(2), mmap(2) and what else of libc the BPF loader needs, by FFI. The layouts of `union bpf_attr` are those of
// include/uapi/linux/bpf.h; the kernel takes a longer attribute than it knows when the rest is zero.

import { BpfError, systemError } from './error.ts';

/** bpf(2) commands (enum bpf_cmd). */
export const COMMAND = {
  MAP_CREATE: 0,
  MAP_LOOKUP_ELEM: 1,
  MAP_UPDATE_ELEM: 2,
  MAP_DELETE_ELEM: 3,
  MAP_GET_NEXT_KEY: 4,
  PROG_LOAD: 5,
  PROG_TEST_RUN: 10,
  OBJ_GET_INFO_BY_FD: 15,
  RAW_TRACEPOINT_OPEN: 17,
  BTF_LOAD: 18,
  MAP_FREEZE: 22,
  MAP_LOOKUP_BATCH: 24,
  MAP_LOOKUP_AND_DELETE_BATCH: 25,
  LINK_CREATE: 28,
  ENABLE_STATS: 32,
  ITER_CREATE: 33,
} as const;

const EAGAIN = 11;
/** The verifier gives up when a signal comes in between (as libbpf, we ask again; a signal at each attempt is a profiler at work). */
const LOAD_ATTEMPTS = 10;

const SYS_BPF: Partial<Record<NodeJS.Architecture, number>> = { x64: 321, arm64: 280 };
const SC_PAGESIZE = 30;
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;

export interface Mapping {
  readonly buffer: ArrayBuffer;
  /** The buffer must not be touched afterwards: there is nothing behind it any more. */
  unmap(): void;
}

/** An attribute of bpf(2) being filled in: fields by offset, as the union lays them out. Keeps the buffers that it points to alive. */
export class Attribute {
  readonly bytes = Buffer.alloc(128);
  readonly #address: (of: Uint8Array) => bigint;
  readonly #kept: Uint8Array[] = [];

  constructor(address: (of: Uint8Array) => bigint) {
    this.#address = address;
  }
  u32(at: number, value: number): this {
    this.bytes.writeUInt32LE(value >>> 0, at);
    return this;
  }
  u64(at: number, value: bigint): this {
    this.bytes.writeBigUInt64LE(value, at);
    return this;
  }
  pointer(at: number, to: Uint8Array): this {
    this.#kept.push(to);
    return this.u64(at, this.#address(to));
  }
  name(at: number, name: string): this {
    this.bytes.write(name.slice(0, 15), at, 'latin1');
    return this;
  }
}

export interface Kernel {
  readonly pageSize: number;
  attribute(): Attribute;
  /** The call's result, or minus the errno. */
  try(command: number, attribute: Attribute): number;
  /** The call's result; throws BpfError, which begins with `what`. */
  call(command: number, attribute: Attribute, what: string): number;
  /** Maps `length` bytes of a descriptor, shared. */
  map(fd: number, offset: number, length: number, isWritable: boolean): Mapping;
}

let kernel: Promise<Kernel> | undefined;

/** Loads koffi and libc once. Rejects with a BpfError that says what is missing. */
export function loadKernel(): Promise<Kernel> {
  kernel ??= load();
  return kernel;
}

async function load(): Promise<Kernel> {
  const number = SYS_BPF[process.arch];
  if (process.platform !== 'linux' || number === undefined) {
    throw new BpfError(`BPF needs Linux on x64 or arm64; this is ${process.platform} on ${process.arch}`);
  }
  let koffi: typeof import('koffi');
  try {
    koffi = await import('koffi');
  } catch {
    throw new BpfError(
      'BPF needs the optional package koffi, which is not installed here; run "npm install" without --omit=optional',
    );
  }
  const libc = koffi.load(process.report === undefined ? 'libc.so.6' : libcName());
  const syscall = libc.func('syscall', 'long', ['long', 'long', 'void *', 'long']);
  const sysconf = libc.func('sysconf', 'long', ['int']);
  const mmap = libc.func('mmap', 'void *', ['void *', 'size_t', 'int', 'int', 'int', 'int64']);
  const munmap = libc.func('munmap', 'int', ['void *', 'size_t']);
  const address = (of: Uint8Array): bigint => koffi.address(of);

  const tryCall = (command: number, attribute: Attribute): number => {
    for (let attempt = 1; ; attempt++) {
      const result = Number(syscall(number, command, attribute.bytes, attribute.bytes.length));
      if (result >= 0) return result;
      const errno = koffi.errno();
      if (command !== COMMAND.PROG_LOAD || errno !== EAGAIN || attempt === LOAD_ATTEMPTS) return -errno;
    }
  };
  return {
    pageSize: Number(sysconf(SC_PAGESIZE)),
    attribute: () => new Attribute(address),
    try: tryCall,
    call(command, attribute, what) {
      const result = tryCall(command, attribute);
      if (result < 0) throw systemError(what, -result);
      return result;
    },
    map(fd, offset, length, isWritable) {
      const pointer = mmap(null, length, PROT_READ | (isWritable ? PROT_WRITE : 0), MAP_SHARED, fd, offset);
      if (BigInt.asIntN(64, koffi.address(pointer)) === -1n) throw systemError('mmap of a BPF map', koffi.errno());
      return {
        buffer: koffi.view(pointer, length),
        unmap() {
          munmap(pointer, length);
        },
      };
    },
  };
}

/** glibc and musl name it differently. */
function libcName(): string {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime === undefined ? 'libc.so' : 'libc.so.6';
}
