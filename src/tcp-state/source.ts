// The contract of sources of TCP events. Built-in ones and those that users bring along (`--event ./my-source.js`: a module that
// exports `create(options)`) are the same to the rest of the program.

import type { TcpEvent } from './event.ts';
import type { TcpStateFilter } from './filter.ts';

/** Room in the kernel that may be asked for. */
export const LEAST_BUFFER_BYTES = 64 * 1024;
export const MOST_BUFFER_BYTES = 256 * 1024 * 1024;

/** Whether a source can run here. */
export interface Capability {
  usable: boolean;
  /** When it can not: the one thing that is missing, and how to get it. When it can: what it will not see. */
  detail: string;
}

export interface TcpStateStats {
  /** Events that the kernel made, as far as it says. */
  produced: number;
  /** Events handed on. */
  delivered: number;
  /** Events that the kernel had no room for. */
  lost: number;
}

export interface TcpStateSource {
  readonly name: string;
  /** Looks, without changing anything. */
  probe(): Promise<Capability>;
  /** Begins to listen. Throws TcpSourceError, with nothing left behind. */
  start(filter: TcpStateFilter): void | Promise<void>;
  /**
   * Hands on what has happened since, at most `max` events, without waiting. The event is valid during the call only. Returns how many.
   * What was lost is handed on besides, as an event of kind `lost`. `isLast`: nothing is asked for afterwards.
   */
  drain(max: number, emit: (event: TcpEvent) => void, isLast?: boolean): number;
  stats(): TcpStateStats;
  /** What alone it sees of what happens, for people, once it listens; undefined: everything that it is asked for. */
  readonly sees?: string;
  /** Whether the filter is applied by the source; else it is applied to what it hands on. */
  readonly filters?: boolean;
  close(): void | Promise<void>;
}

/** A source can not start or go on: what is missing, and what to do next. */
export class TcpSourceError extends Error {
  override name = 'TcpSourceError';
}
