// How large the ring of an interface is. The memory of all rings together is bounded whatever the number of interfaces and of threads, so the
// more there are, the smaller each is. Blocks have a power of two of bytes: the kernel takes so much for a block anyway (get_order).

import { type CaptureConfig, ConfigError, MAX_INTERFACES } from './interface-config.ts';

/** Bytes of all rings together: what is left of `MAX_RING_BYTES` is for rings that are opened beside them. */
export const ALL_RINGS = 192 * 1024 * 1024;
const MOST_RING = 64 * 1024 * 1024;
const MOST_BLOCK = 256 * 1024;
/** Holds the largest packet that the kernel hands over (GSO: 64 KiB and headers); where there is less room such a packet is cut. */
const WHOLE_BLOCK = 128 * 1024;
const LEAST_BLOCK = 16 * 1024;
/** So many interfaces have the largest rings. */
const FEW = 3;

/**
 * For how many interfaces rings are sized when there are so many: it doubles, so that those that are open already become smaller a few
 * times at most, and not with each new interface.
 */
export function sharers(interfaces: number): number {
  let n = FEW;
  while (n < interfaces) n *= 2;
  return Math.min(n, MAX_INTERFACES);
}

/** Throws a ConfigError when there are more rings than there can be. `rings`: how many share the memory. */
export function ringSize(
  { ring_buffer: asked }: CaptureConfig,
  rings: number,
): { ringBytes: number; blockBytes: number } {
  const share = ALL_RINGS / Math.max(1, rings);
  const most = Math.min(share / 2, asked?.block_size ?? Math.max(WHOLE_BLOCK, Math.min(MOST_BLOCK, share / 4)));
  const blockBytes = 2 ** Math.floor(Math.log2(most));
  if (share < 2 * LEAST_BLOCK)
    throw new ConfigError(`there is no memory for ${rings} rings: let fewer workers capture, or name fewer interfaces`);
  const wanted = asked?.num_blocks === undefined ? MOST_RING : asked.num_blocks * blockBytes;
  const blocks = Math.max(2, Math.floor(Math.min(wanted, share) / blockBytes));
  return { blockBytes, ringBytes: blocks * blockBytes };
}
