// How long the protocol of a flow of datagrams is looked for.

import type { Enabled } from './candidates.ts';

/** Where a protocol wants to see more, a datagram counts so many times less. */
const NOBODY = 16;
/** Four datagrams of which nobody can make anything, and the flow is of an unknown protocol. */
export const DATAGRAM_TRIES = 4 * NOBODY;

/** What a datagram counts to which detection had this answer. */
export function triesOf(found: Enabled | 'more' | null): number {
  return found === null ? NOBODY : 1;
}
