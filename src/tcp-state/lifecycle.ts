// What changes of state mean: a connection made, accepted, closed, or one that never came to be.

import { EVENT_KINDS, type EventKind, type TcpEvent } from './event.ts';
import * as states from './states.ts';

const { CLOSED, ESTABLISHED, LISTEN, SYN_RECEIVED, SYN_SENT, UNKNOWN } = states;

export const LIFE_KINDS = ['connect', 'accept', 'close', 'fail'] as const;
export type LifeKind = (typeof LIFE_KINDS)[number];
/** Kinds of records, in the order in which help names them. */
export const RECORD_KINDS = [...LIFE_KINDS, ...EVENT_KINDS] as const;
export type RecordKind = EventKind | LifeKind;

/** What a change of state means beyond itself; undefined: nothing. */
export function lifeKind(event: TcpEvent): LifeKind | undefined {
  const { oldState, newState } = event;
  if (newState === ESTABLISHED) {
    if (oldState === SYN_SENT) return 'connect';
    // Both sides may have called at the same moment.
    if (oldState === SYN_RECEIVED) return event.role === 'client' ? 'connect' : 'accept';
    return undefined;
  }
  if (newState !== CLOSED) return undefined;
  // Whose states are not known, and nobody is at the other end: it listened, or was never connected.
  if (oldState === UNKNOWN && event.remotePort === 0) return undefined;
  if (oldState === SYN_SENT || oldState === SYN_RECEIVED) return 'fail';
  return oldState === LISTEN || oldState === CLOSED ? undefined : 'close';
}

export const ECONNRESET = 104;
const ETIMEDOUT = 110;
export const EPIPE = 32;

/** How a connection ended; undefined: it is not known. */
export function endReason(event: TcpEvent): string | undefined {
  switch (event.error) {
    case undefined:
      if (event.oldState === UNKNOWN) return undefined;
      // Closed without the other side's or our FIN: with a reset of ours.
      return event.oldState === ESTABLISHED ? 'aborted' : 'closed';
    case ECONNRESET:
    case EPIPE:
      return 'reset';
    case ETIMEDOUT:
      return 'timeout';
    default:
      return 'error';
  }
}

/** Events that a source must tell so that the records of these kinds can be made. */
export function eventKindsFor(kinds: Iterable<RecordKind>): Set<EventKind> {
  return new Set(
    [...kinds].map((kind) => ((LIFE_KINDS as readonly string[]).includes(kind) ? 'state' : (kind as EventKind))),
  );
}
