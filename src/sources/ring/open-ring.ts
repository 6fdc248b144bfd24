// Making the ring of a source: alone, in a group of a given number, or as a member of a team.

import type { Libc } from '../../system/libc.ts';
import { PacketRing, type RingOptions } from '../../system/packet-ring.ts';
import { addressPairProgram, REFUSE_ALL } from './kernel-filter.ts';
import { blocksOf, type RingSize, type RingSourceOptions } from './ring-options.ts';
import { RingShare, type RingTeam } from './ring-team.ts';

/** What differs between the rings that a source has one after the other. */
export interface RingPlan extends RingSize {
  ifindex: number;
}

/** As the kernel is asked for it. */
export function ringOptions(
  { retireMs, direction }: RingSourceOptions,
  { ifindex, ...size }: RingPlan,
  filter: Uint8Array,
): RingOptions {
  return {
    blockBytes: size.blockBytes,
    blocks: blocksOf(size),
    retireMs,
    filter,
    ifindex,
    ignoreOutgoing: direction === 'in',
  };
}

/**
 * A ring without a team. In a group it takes no packets yet; alone those that `program` passes. Throws SystemError when the kernel refuses,
 * RangeError when there is no memory for it.
 */
export function openAlone(
  libc: Libc,
  options: RingSourceOptions,
  ifindex: number,
  program: () => Uint8Array,
): PacketRing {
  const { fanOutGroup } = options;
  const filter = fanOutGroup === undefined ? program() : REFUSE_ALL;
  const ring = new PacketRing(libc, ringOptions(options, { ...options, ifindex }, filter));
  if (fanOutGroup === undefined) return ring;
  try {
    ring.join(fanOutGroup);
    ring.shareOut(addressPairProgram());
  } catch (error) {
    ring.close();
    throw error;
  }
  return ring;
}

/** A ring that is a member of the team, and takes no packets yet. Rejects with what `openAlone` throws. */
export async function openMember(
  libc: Libc,
  options: RingSourceOptions,
  ifindex: number,
  team: RingTeam,
): Promise<{ ring: PacketRing; share: RingShare }> {
  const share = new RingShare(team, ifindex);
  const make = () => PacketRing.openLater(libc, ringOptions(options, { ...options, ifindex }, REFUSE_ALL));
  let entering: Promise<PacketRing> | undefined;
  while ((entering = share.tryEnter(make)) === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
  return { ring: await entering, share };
}
