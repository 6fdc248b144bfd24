// What is told of an interface that is captured. Everything only counts up: a reader takes nothing from another one.

import type { Flow } from './flow.ts';

/**
 * `capturing`: packets come in. `waiting`: the interface is not there, or down; it is captured as soon as it is. `failed`: it can
 * not be captured, `error` says why; it is tried again. `disabled`: the configuration says so.
 */
export type CaptureState = 'capturing' | 'waiting' | 'failed' | 'disabled';

export interface CaptureStatus {
  state: CaptureState;
  /** Why it waits or failed, in words; '' otherwise. */
  error: string;
  /** Unix milliseconds of the begin of its capture; 0 when it never began. */
  started_at: number;
  /** Packets that the kernel saw for us, those that it dropped included. */
  received_total: number;
  /** Packets that were read and understood, or not; fragments behind the first are not among them. */
  processed_total: number;
  dropped_total: number;
  /** The same since the last rotation. */
  received: number;
  processed: number;
  dropped: number;
  /** Packets by error, in the order of `PARSING_ERROR_NAMES`. */
  parsing_errors: number[];
  /** Packets that found the flow log full. */
  overflow_packets: number;
  /** Flows held now. */
  flows: number;
  /** Packets and bytes that were counted in flows. */
  totals: Flow;
}
