// Giving up what is not needed any more: Linux capabilities of a thread. Truth: capabilities(7), capget(2), prctl(2).
//
// Capabilities belong to threads. The thread that opens rings keeps CAP_NET_RAW; all others have none in effect.

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
  return wanted.filter((name) => !has('CapEff', name));
}

/** Of the calling thread: a change of user does not take its capabilities. */
export async function keepCapabilitiesAcrossUsers(): Promise<void> {
  (await load())?.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
}

/** Of the calling thread: these and no others from now on, for it and for what it may start. True when the kernel has agreed. */
export async function limitCapabilities(wanted: readonly Capability[]): Promise<boolean> {
  const c = await load();
  if (c === undefined) return false;
  gainNothing(c);
  return set(c, wanted, wanted);
}

/** Of the calling thread: none from now on, but programs that it may start gain what is theirs. */
export async function giveUpCapabilities(): Promise<void> {
  const c = await load();
  if (c !== undefined) set(c, [], []);
}

let reserve: (<T>(start: () => T) => T) | undefined;

/**
 * Of the calling thread: no capability is in effect from now on. Those of `wanted` that it has can be again, for threads that it starts
 * with `withReserved`.
 */
export async function reserveCapabilities(wanted: readonly Capability[]): Promise<void> {
  const c = await load();
  if (c === undefined) return;
  const kept = wanted.filter((name) => has('CapPrm', name));
  gainNothing(c);
  if (!set(c, [], kept)) return;
  reserve = (start) => {
    set(c, kept, kept);
    try {
      return start();
    } finally {
      set(c, [], kept);
    }
  };
}

/** A thread that is started here has what was reserved; where nothing was, what the calling one has. */
export function withReserved<T>(start: () => T): T {
  return reserve === undefined ? start() : reserve(start);
}

/** From programs that it may start, neither. */
function gainNothing(c: Calls): void {
  c.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  c.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

function has(which: 'CapEff' | 'CapPrm', name: Capability): boolean {
  const status = readFileSync('/proc/thread-self/status', 'latin1');
  const bits = BigInt(`0x${new RegExp(`^${which}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
  return ((bits >> BigInt(CAPABILITIES[name])) & 1n) === 1n;
}

/** capset(2) for the calling thread. */
function set(c: Calls, effective: readonly Capability[], permitted: readonly Capability[]): boolean {
  const header = new DataView(new ArrayBuffer(8));
  header.setUint32(0, LINUX_CAPABILITY_VERSION_3, true);
  // Two sets of three words: effective, permitted, inheritable.
  const data = new DataView(new ArrayBuffer(24));
  for (const [at, names] of [
    [0, effective],
    [4, permitted],
  ] as const) {
    for (const name of names) {
      const bit = CAPABILITIES[name];
      const word = at + (bit < 32 ? 0 : 12);
      data.setUint32(word, (data.getUint32(word, true) | (1 << (bit & 31))) >>> 0, true);
    }
  }
  return c.capset(new Uint8Array(header.buffer), new Uint8Array(data.buffer)) === 0;
}
