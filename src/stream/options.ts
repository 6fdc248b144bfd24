// What reassembly of TCP goes by (docs/evasion.md), and its defaults.

import type { TcpPolicy } from './overlap.ts';

export const URGENT_POLICIES = ['out-of-band', 'inline'] as const;
export type UrgentPolicy = (typeof URGENT_POLICIES)[number];

export interface StreamOptions {
  policy: TcpPolicy;
  /** What becomes of an urgent byte: left out, as sockets do it, or left in. */
  urgent: UrgentPolicy;
  /** Doubt segments with a wrong checksum. */
  checksums: boolean;
  /** Doubt segments whose TTL is not that of the handshake. */
  ttl: boolean;
  /** Bytes that may wait behind a hole, per connection. */
  maxWaitingBytes: number;
  /** Bytes that may wait behind holes in all connections of a shard. */
  maxShardBytes: number;
  /** Packets of the connection that an acknowledged hole may stay open: captures reorder a little. */
  patience: number;
}

export const STREAM_DEFAULTS: StreamOptions = {
  policy: 'first',
  urgent: 'out-of-band',
  checksums: true,
  ttl: false,
  maxWaitingBytes: 4 * 1024 * 1024,
  maxShardBytes: 16 * 1024 * 1024,
  patience: 12,
};
