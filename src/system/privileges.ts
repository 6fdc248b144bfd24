// Giving up what is not needed any more: Linux capabilities of a thread. Truth: capabilities(7), capget(2), prctl(2).
//
// Capabilities belong to threads. The thread that opens rings keeps CAP_NET_RAW; all others keep nothing.

import { readFileSync } from 'node:fs';
import type { LibraryHandle } from 'koffi';

const PR_SET_KEEPCAPS = 8;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const LINUX_CAPABILITY_VERSION_3 = 0x20080522;

export const CAPABILITIES = {
  dac_read_search: 2,
  net_admin: 12,
  net_raw: 13,
  sys_ptrace: 19,
  perfmon: 38,
  bpf: 39,
} as const;
export type Capability = keyof typeof CAPABILITIES;

interface Calls {
  prctl(option: number, a: number, b: number, c: number, d: number): number;
  capset(header: Uint8Array, data: Uint8Array): number;
}

let calls: Promise<Calls | undefined> | undefined;

function load(): Promise<Calls | undefined> {
  calls ??= (async () => {
    try {
      const koffi = await import('koffi');
      const libc: LibraryHandle = koffi.load('libc.so.6');
      return {
        prctl: libc.func('int prctl(int option, ulong a, ulong b, ulong c, ulong d)') as unknown as Calls['prctl'],
        capset: libc.func('int capset(const void *header, const void *data)') as unknown as Calls['capset'],
      };
    } catch {
      // Without FFI there are no rings either, and nothing to keep.
      return undefined;
    }
  })();
  return calls;
}

/** Those of `wanted` that the calling thread lacks. */
export function missingCapabilities(wanted: readonly Capability[]): Capability[] {
  const status = readFileSync('/proc/thread-self/status', 'latin1');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return wanted.filter((name) => ((effective >> BigInt(CAPABILITIES[name])) & 1n) === 0n);
}

/** Of the calling thread: a change of user does not take its capabilities. */
export async function keepCapabilitiesAcrossUsers(): Promise<void> {
  (await load())?.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
}

/** Of the calling thread: these and no others from now on, for it and for what it may start. True when the kernel has agreed. */
export async function limitCapabilities(wanted: readonly Capability[]): Promise<boolean> {
  const c = await load();
  if (c === undefined) return false;
  c.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  c.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const header = new DataView(new ArrayBuffer(8));
  header.setUint32(0, LINUX_CAPABILITY_VERSION_3, true);
  // Two sets of three words: effective, permitted, inheritable.
  const data = new DataView(new ArrayBuffer(24));
  for (const name of wanted) {
    const bit = CAPABILITIES[name];
    const at = bit < 32 ? 0 : 12;
    for (const word of [0, 4])
      data.setUint32(at + word, (data.getUint32(at + word, true) | (1 << (bit & 31))) >>> 0, true);
  }
  return c.capset(new Uint8Array(header.buffer), new Uint8Array(data.buffer)) === 0;
}
