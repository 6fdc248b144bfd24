// What the capture formats have in common: each is a walker over whatever stretch of the file is at hand. A walker fills the
// columns of a batch with the whole records it finds and says where it stopped; the bytes behind that come again, with more
// behind them. So the packets do not depend on how the input was cut into chunks.

import { LAST_SECOND } from '../records/columns.ts';
import type { EmbeddedName, EmbeddedSecrets, InterfaceDescription, PacketBatch } from './source.ts';

/** What walkers find beside packets. Shared by all files of a run, so that interface numbers are global. */
export interface Findings {
  interfaces: InterfaceDescription[];
  secrets: EmbeddedSecrets[];
  names: EmbeddedName[];
  /** Packets whose time was before 1970 or after 2106. */
  timesOutside: number;
}

export interface Walker {
  /**
   * Appends the whole records of `batch.bytes[from, to)` behind `batch.count`, until the batch is full, a record is
   * incomplete, or `damage` is set. Packets are numbered from `number` on.
   * Returns the position of the first byte that was not used up: the start of a record.
   */
  walk(batch: PacketBatch, from: number, to: number, number: number): number;
  /** Why nothing can be read from where the last walk stopped; '' as long as all is well. */
  readonly damage: string;
  /** What is missing when the file ends with the incomplete record `batch.bytes[from, to)`; '' when it may end here. */
  cut(batch: PacketBatch, from: number, to: number): string;
}

/** The largest snap length that libpcap and Wireshark believe (MAXIMUM_SNAPLEN, WTAP_MAX_PACKET_SIZE_STANDARD). */
export const MAX_SNAP_LENGTH = 262_144;
/** What they believe when a file announces more, as captures of USB and D-Bus do (WTAP_MAX_PACKET_SIZE_USBPCAP). */
export const MAX_ANNOUNCED_SNAP_LENGTH = 128 * 1024 * 1024;

/** The longest packet that a file with this snap length may hold, in bytes. */
export function longestPacket(snapLength: number): number {
  if (snapLength <= MAX_SNAP_LENGTH) return MAX_SNAP_LENGTH;
  return snapLength < MAX_ANNOUNCED_SNAP_LENGTH ? snapLength : MAX_ANNOUNCED_SNAP_LENGTH;
}

/** Seconds and what a fraction of more than one adds to them; the last second is the end. */
export function clampSeconds(seconds: number): number {
  return seconds < LAST_SECOND ? seconds : LAST_SECOND;
}

/** Numbers in messages: 1514 → '1,514'. */
export const counted = (n: number): string => n.toLocaleString('en-US');
