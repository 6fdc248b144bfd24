// The source of an interface when nothing else is asked for: a ring of its own. The memory of all rings together is bounded, so the more
// interfaces there are, the smaller are their rings.

import type { RingTeam, SnapLength } from '../sources/ring/ring-source.ts';
import type { PacketSource } from '../sources/source.ts';
import type { SourceInit } from './capture.ts';
import type { CaptureConfig } from './interface-config.ts';

/** Bytes of all rings together. */
const ALL_RINGS = 192 * 1024 * 1024;
const BLOCK_BYTES = 256 * 1024;
/** A block must hold the largest packet that the kernel hands over (GSO: 64 KiB and headers). */
const LEAST_BLOCK = 128 * 1024;
const MOST_RING = 64 * 1024 * 1024;

export function liveSource(iface: string, config: CaptureConfig, rings: number): Promise<PacketSource> {
  return ringOf(iface, config, rings, {});
}

export interface LiveSourceOptions {
  /** Threads that share the packets of each interface. */
  team?: RingTeam;
  /** What is kept of packets of interfaces whose configuration does not say it. */
  snap?: SnapLength;
}

/** The same for who has more to say. */
export function liveSourceWith(options: LiveSourceOptions): SourceInit {
  return (iface, config, rings) => ringOf(iface, config, rings * (options.team?.size ?? 1), options);
}

async function ringOf(
  iface: string,
  config: CaptureConfig,
  rings: number,
  { team, snap }: LiveSourceOptions,
): Promise<PacketSource> {
  const { openLive } = await import('../sources/ring/open-live.ts');
  const share = Math.floor(ALL_RINGS / Math.max(1, rings));
  const asked = config.ring_buffer;
  const blockBytes = Math.max(LEAST_BLOCK, asked?.block_size ?? Math.min(BLOCK_BYTES, pageMultiple(share / 4)));
  const wanted = asked?.num_blocks === undefined ? MOST_RING : asked.num_blocks * blockBytes;
  const filter = [config.filter === undefined || config.filter === '' ? '' : `(${config.filter})`];
  if (config.ignore_vlans === true) filter.push('not vlan');
  return openLive({
    interfaces: [iface],
    filter: filter.filter((part) => part !== '').join(' and '),
    promiscuous: config.promisc === true,
    ...(config.snap_length !== undefined ? { snapLength: config.snap_length } : snap !== undefined ? { snap } : {}),
    ringBytes: Math.max(2 * blockBytes, Math.min(wanted, share)),
    blockBytes,
    wait: 'never',
    ...(team === undefined ? {} : { team }),
  });
}

function pageMultiple(bytes: number): number {
  return Math.max(1, Math.floor(bytes / 4096)) * 4096;
}
