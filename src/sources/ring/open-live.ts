// From what a user names (interfaces) to one source of live packets.

import { loadLibc } from '../../system/libc.ts';
import { MAX_RING_BYTES } from '../../system/packet-ring.ts';
import type { CaptureDirection } from './kernel-filter.ts';
import type { Needed, RingSourceOptions } from './ring-options.ts';
import { RingSource } from './ring-source.ts';
import type { RingTeam } from './ring-team.ts';
import { selectInterfaces } from './selection.ts';
import { UserFilter } from './user-filter.ts';

export interface LiveOptions {
  /** Names, `any`, `/pattern/`, `!name`; commas separate. */
  interfaces: readonly string[];
  /** As tcpdump takes it; '' for none. */
  filter?: string;
  /** Bytes kept of each packet (default 262,144). */
  snapLength?: number;
  /** What is needed where it changes while packets come. */
  needed?: Needed;
  /** All packets that the filter passes, whatever is needed (default false). */
  takesAll?: boolean;
  /** Packets for other machines too (default true, as tcpdump); never for `any`. */
  promiscuous?: boolean;
  direction?: CaptureDirection;
  /** Memory of the ring (default 64 MiB; 256 MiB is the most for all rings together). */
  ringBytes?: number;
  blockBytes?: number;
  retireMs?: number;
  fanOutGroup?: number;
  team?: RingTeam;
  wait?: RingSourceOptions['wait'];
  tell?: RingSourceOptions['tell'];
}

/** Bytes that are kept where headers are enough: Ethernet, tags, a tunnel, the inner headers. */
export const HEADERS_SNAP = 256;

export const LIVE_DEFAULTS = {
  filter: '',
  snapLength: 262_144,
  takesAll: false,
  promiscuous: true,
  direction: 'inout',
  ringBytes: 64 * 1024 * 1024,
  // Many small blocks: how long the reader may pause is the lesser of all blocks' retire time and all their bytes.
  blockBytes: 256 * 1024,
  retireMs: 60,
  wait: 'later',
  tell: () => undefined,
} as const satisfies Omit<LiveOptions, 'interfaces'>;

/**
 * A source that is not open yet. Rejects with MissingError without FFI, FilterError, or InputError for a selection that makes no
 * sense. `open()` then rejects with SystemError when the kernel refuses (EPERM without CAP_NET_RAW).
 */
export async function openLive(options: LiveOptions): Promise<RingSource> {
  const all = await ringOptions(options);
  return new RingSource(await loadLibc(), all);
}

/** Lets an open source go on with other options: filter, snap length, promiscuous mode, size of the ring. No packet is missed. */
export async function renewLive(source: RingSource, options: LiveOptions): Promise<void> {
  await source.renew(await ringOptions(options));
}

async function ringOptions(options: LiveOptions): Promise<RingSourceOptions> {
  const { interfaces, fanOutGroup, team, needed, ...rest } = options;
  const all = { ...LIVE_DEFAULTS, ...rest };
  const selection = selectInterfaces(interfaces);
  if (all.ringBytes > MAX_RING_BYTES) throw new RangeError(`a ring may have ${MAX_RING_BYTES} bytes at most`);
  const filter = await UserFilter.load(all.filter, all.snapLength);
  return { ...all, selection, filter, fanOutGroup, team, needed: withSnap(needed, options.snapLength) };
}

/** A snap length that was given stays. */
function withSnap(needed: Needed | undefined, snapLength: number | undefined): Needed | undefined {
  if (needed === undefined || snapLength === undefined) return needed;
  return {
    bytes: snapLength,
    get packets() {
      return needed.packets;
    },
  };
}
