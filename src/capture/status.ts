// What is told of an interface that is captured. Everything only counts up: a reader takes nothing from another one.

import type { Flow } from './flow.ts';
import { PARSING_ERROR_NAMES } from './parsing-error.ts';

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

/** Of an interface of which nothing is known yet. */
export function newStatus(): CaptureStatus {
  return {
    state: 'waiting',
    error: '',
    started_at: 0,
    received_total: 0,
    processed_total: 0,
    dropped_total: 0,
    received: 0,
    processed: 0,
    dropped: 0,
    parsing_errors: PARSING_ERROR_NAMES.map(() => 0),
    overflow_packets: 0,
    flows: 0,
    totals: { bytesRcvd: 0, bytesSent: 0, packetsRcvd: 0, packetsSent: 0 },
  };
}

/** One interface as two threads saw it that share its packets. It captures when both do. */
export function mergeStatus(a: CaptureStatus, b: CaptureStatus): CaptureStatus {
  const { state, error } = a.state === 'capturing' ? b : a;
  const begins = [a.started_at, b.started_at].filter((at) => at > 0);
  return {
    state,
    error,
    started_at: begins.length === 0 ? 0 : Math.min(...begins),
    received_total: a.received_total + b.received_total,
    processed_total: a.processed_total + b.processed_total,
    dropped_total: a.dropped_total + b.dropped_total,
    received: a.received + b.received,
    processed: a.processed + b.processed,
    dropped: a.dropped + b.dropped,
    parsing_errors: a.parsing_errors.map((n, i) => n + b.parsing_errors[i]),
    overflow_packets: a.overflow_packets + b.overflow_packets,
    flows: a.flows + b.flows,
    totals: {
      bytesRcvd: a.totals.bytesRcvd + b.totals.bytesRcvd,
      bytesSent: a.totals.bytesSent + b.totals.bytesSent,
      packetsRcvd: a.totals.packetsRcvd + b.totals.packetsRcvd,
      packetsSent: a.totals.packetsSent + b.totals.packetsSent,
    },
  };
}
