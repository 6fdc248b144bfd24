// libpcap by FFI, for one thing only: filter text → BPF program. Optional, as koffi is: without either, everything but
// filters works, and a filter says what to install.

import type { LibraryHandle } from 'koffi';

export interface BpfInstruction {
  code: number;
  /** Instructions to skip when the comparison is true, and when it is false. */
  jt: number;
  jf: number;
  k: number;
}

/** A filter that can not be used: its text is wrong, or what compiles it is missing. */
export class FilterError extends Error {
  override name = 'FilterError';
}

export interface FilterCompiler {
  /** Program for packets of this DLT_ type; throws FilterError with libpcap's words when the text is wrong. */
  compile(filter: string, dlt: number, snapLength: number): BpfInstruction[];
  /** Program for packets that this interface receives, whose VLAN tags the kernel keeps apart; needs CAP_NET_RAW. */
  compileLive(filter: string, device: string, snapLength: number): BpfInstruction[];
}

const LIBRARIES = ['libpcap.so.1', 'libpcap.so.0.8', 'libpcap.so', 'libpcap.A.dylib'];
const PCAP_NETMASK_UNKNOWN = 0xffffffff;
/** pcap_compile writes a bpf_program: a 32-bit count, padding, a pointer. */
const OPTIMIZE = 1;
/** PCAP_ERRBUF_SIZE. */
const ERROR_BYTES = 256;
/** Nothing is read from the handle that a filter is compiled on. */
const HANDLE_BUFFER_BYTES = 512 * 1024;

let compiler: Promise<FilterCompiler> | undefined;

/** Loads koffi and libpcap once. Rejects with a FilterError that names what to install. */
export function loadFilterCompiler(): Promise<FilterCompiler> {
  compiler ??= load();
  return compiler;
}

async function load(): Promise<FilterCompiler> {
  let koffi: typeof import('koffi');
  try {
    koffi = await import('koffi');
  } catch {
    throw new FilterError(
      'a filter needs the optional package koffi, which is not installed here; run "npm install" without --omit=optional',
    );
  }
  return bind(koffi, openLibrary(koffi));
}

function openLibrary(koffi: typeof import('koffi')): LibraryHandle {
  for (const name of LIBRARIES) {
    try {
      return koffi.load(name);
    } catch {
      // The next name: distributions differ.
    }
  }
  throw new FilterError(
    'a filter needs libpcap, which is not installed here; install it (Debian and Ubuntu: apt install libpcap0.8, ' +
      'Fedora: dnf install libpcap, Alpine: apk add libpcap) or leave the filter out',
  );
}

function bind(koffi: typeof import('koffi'), library: LibraryHandle): FilterCompiler {
  // Anonymous types: a named one could be declared only once per process.
  const instruction = koffi.struct({ code: 'uint16', jt: 'uint8', jf: 'uint8', k: 'uint32' });
  const program = koffi.struct({ bf_len: 'uint32', bf_insns: koffi.pointer(instruction) });
  const openDead = library.func('pcap_open_dead', 'void *', ['int', 'int']);
  const compile = library.func('pcap_compile', 'int', [
    'void *',
    koffi.out(koffi.pointer(program)),
    'str',
    'int',
    'uint32',
  ]);
  const freeCode = library.func('pcap_freecode', 'void', [koffi.pointer(program)]);
  const lastError = library.func('pcap_geterr', 'str', ['void *']);
  const close = library.func('pcap_close', 'void', ['void *']);

  const create = library.func('pcap_create', 'void *', ['str', 'void *']);
  const setBuffer = library.func('pcap_set_buffer_size', 'int', ['void *', 'int']);
  const setSnap = library.func('pcap_set_snaplen', 'int', ['void *', 'int']);
  const activate = library.func('pcap_activate', 'int', ['void *']);

  /** Compiles on a handle and closes it. */
  const compileOn = (handle: unknown, filter: string): BpfInstruction[] => {
    try {
      const compiled: { bf_len: number; bf_insns: unknown } = { bf_len: 0, bf_insns: null };
      if (compile(handle, compiled, filter, OPTIMIZE, PCAP_NETMASK_UNKNOWN) !== 0) {
        throw new FilterError(`the filter “${filter}” can not be used: ${lastError(handle)}`);
      }
      try {
        return koffi.decode(compiled.bf_insns, koffi.array(instruction, compiled.bf_len)) as BpfInstruction[];
      } finally {
        freeCode(compiled);
      }
    } finally {
      close(handle);
    }
  };
  const check = (filter: string) => {
    if (filter.includes('\0')) throw new FilterError('the filter holds a zero byte');
  };

  return {
    compile(filter, dlt, snapLength) {
      check(filter);
      return compileOn(openDead(dlt, snapLength), filter);
    },
    compileLive(filter, device, snapLength) {
      check(filter);
      const handle = create(device, Buffer.alloc(ERROR_BYTES));
      setSnap(handle, snapLength);
      setBuffer(handle, HANDLE_BUFFER_BYTES);
      if (activate(handle) < 0) {
        const why = lastError(handle);
        close(handle);
        throw new FilterError(`the filter “${filter}” can not be understood on ${device}: ${why}`);
      }
      return compileOn(handle, filter);
    },
  };
}
