// What a SYN says that holds for the whole connection, in one word: window | TTL << 16 | window scale << 24 | flags.

import type { TcpOptions } from '../wire/tcp-options.ts';

const SCALE_SHIFT = 24;
/** The window scale option was there. */
export const SYN_FACTS_SCALED = 1 << 28;
const SIGNED = 1 << 29;
/** There was a SYN. */
const PRESENT = 1 << 30;
/** Its checksum was wrong, and that of every copy: checksums are made behind the point of capture. */
export const SYN_FACTS_OFFLOADED = 1 << 31;

export function synFacts(options: TcpOptions, window: number, ttl: number): number {
  return (
    PRESENT |
    window |
    (ttl << 16) |
    (options.windowScale >= 0 ? SYN_FACTS_SCALED | (options.windowScale << SCALE_SHIFT) : 0) |
    (options.isSigned ? SIGNED : 0)
  );
}

export const windowOf = (facts: number): number => facts & 0xffff;
export const ttlOf = (facts: number): number => (facts >>> 16) & 0xff;
export const scaleOf = (facts: number): number => (facts >>> SCALE_SHIFT) & 15;
export const offloadedOf = (facts: number): boolean => (facts & SYN_FACTS_OFFLOADED) !== 0;
export const signedOf = (facts: number): boolean => (facts & SIGNED) !== 0;
