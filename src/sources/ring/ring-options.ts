// What a ring source is told: which packets, how much of them, in how much memory. Some of it can be told anew while packets come.

import type { CaptureDirection } from './kernel-filter.ts';
import type { RingTeam } from './ring-team.ts';
import type { InterfaceSelection } from './selection.ts';
import type { UserFilter } from './user-filter.ts';

export interface RingSourceOptions extends RingSize {
  selection: InterfaceSelection;
  filter: UserFilter;
  /** Bytes kept of each packet. */
  snapLength: number;
  /** What is needed where it changes while packets come. */
  needed: Needed | undefined;
  /** All packets that `filter` passes, whatever is needed. */
  takesAll: boolean;
  promiscuous: boolean;
  direction: CaptureDirection;
  /** A block that is not full is handed over after so long: the delay of a packet on a quiet line. */
  retireMs: number;
  /** Share the packets with other sources of the same group, which has a number of its own on this machine. */
  fanOutGroup: number | undefined;
  /** The same for rings of one interface each, which can be replaced while packets come. No ring takes packets before all of its team are there. */
  team: RingTeam | undefined;
  /** Hears what people should know, while the capture runs. */
  tell: (words: string) => void;
  /**
   * `block`: `next()` itself waits, for a thread that has nothing else to do. `later`: it gives a promise. `never`: it says idle at once,
   * for whoever looks at many sources in turn.
   */
  wait: 'block' | 'later' | 'never';
}

/** In bytes. */
export interface RingSize {
  ringBytes: number;
  blockBytes: number;
}

/** What is needed of packets from now on: who changes it is followed with the next look at the ring. */
export interface Needed {
  /** Kept of each packet. */
  bytes: number;
  /** Packets that are needed, where no filter was given; undefined: all. */
  packets?: UserFilter | undefined;
}

/** Bytes kept of each packet, as it is needed now. */
export function keptBytes({ needed, snapLength }: RingSourceOptions): number {
  return needed?.bytes ?? snapLength;
}

export function blocksOf({ ringBytes, blockBytes }: RingSize): number {
  return Math.max(2, Math.floor(ringBytes / blockBytes));
}
