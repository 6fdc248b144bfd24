// What the capture tells Prometheus: goProbe's names and labels under `netscribe_capture_`, so that its dashboards need one prefix
// changed. `_total` on gauges is goProbe's spelling too; promtool does not mind.

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { PARSING_ERROR_NAMES } from './parsing-error.ts';
import type { CaptureStatus } from './status.ts';

export const PREFIX = 'netscribe_capture_';
/** goProbe's buckets of the rotation's duration, in seconds. */
export const ROTATION_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1];

export interface MetricsOptions {
  /** One series for all interfaces together: where there are many, or their names must not be seen. */
  disableIfaceTracking?: boolean;
  registry?: Registry;
}

/** What a capture has counted so far, in the order of its metrics. */
type Seen = Map<string, number>;

export class Metrics {
  readonly registry: Registry;
  readonly #labels: string[];
  readonly #byIface: boolean;
  readonly #processed: Counter;
  readonly #dropped: Counter;
  readonly #bytes: Counter;
  readonly #packets: Counter;
  readonly #issues: Counter;
  readonly #flows: Gauge;
  readonly #buffer: Gauge;
  readonly #capturing: Gauge;
  readonly #rotation: Histogram;
  readonly #overflow: Counter;
  /** Totals by interface at the last `observe`: counters only go up by what came since. */
  readonly #seen = new Map<string, Seen>();

  constructor(options: MetricsOptions = {}) {
    this.registry = options.registry ?? new Registry();
    this.#byIface = options.disableIfaceTracking !== true;
    this.#labels = this.#byIface ? ['iface'] : [];
    this.#processed = this.#counter('packets_processed_total', 'Packets that were captured and looked at');
    this.#dropped = this.#counter('packets_dropped_total', 'Packets that the kernel dropped before they were read');
    this.#bytes = this.#counter('bytes_total', 'Bytes on the wire that were counted in flows', ['direction']);
    this.#packets = this.#counter('packets_total', 'Packets that were counted in flows', ['direction']);
    this.#issues = this.#counter('capture_issues_total', 'Packets that could not be counted in a flow, by why', [
      'issue_type',
    ]);
    this.#overflow = this.#counter('flow_overflow_packets_total', 'Packets that found the flow log full');
    this.#flows = this.#gauge('flows_total', 'Flows held, as of the last second', this.#labels);
    this.#buffer = this.#gauge('global_packet_buffer_usage', 'Part of the local buffers in use, 0 to 1');
    this.#capturing = this.#gauge('manager_interfaces_capturing_total', 'Interfaces being captured');
    this.#rotation = new Histogram({
      name: `${PREFIX}manager_rotation_duration_seconds`,
      help: 'How long it took to write out the flows of all interfaces',
      buckets: ROTATION_BUCKETS,
      registers: [this.registry],
    });
  }

  /** Brings counters up to what the interfaces have counted. */
  observe(statuses: Readonly<Record<string, CaptureStatus>>, bufferUsage: number): void {
    let capturing = 0;
    let flows = 0;
    for (const [iface, status] of Object.entries(statuses)) {
      if (status.state === 'capturing') capturing++;
      flows += status.flows;
      const labels: Record<string, string> = this.#byIface ? { iface } : {};
      this.#raise(iface, 'processed', this.#processed, labels, status.processed_total);
      this.#raise(iface, 'dropped', this.#dropped, labels, status.dropped_total);
      const { totals } = status;
      for (const [direction, bytes, packets] of [
        ['inbound', totals.bytesRcvd, totals.packetsRcvd],
        ['outbound', totals.bytesSent, totals.packetsSent],
      ] as const) {
        this.#raise(iface, `bytes ${direction}`, this.#bytes, { ...labels, direction }, bytes);
        this.#raise(iface, `packets ${direction}`, this.#packets, { ...labels, direction }, packets);
      }
      for (const [i, issue_type] of PARSING_ERROR_NAMES.entries())
        this.#raise(iface, issue_type, this.#issues, { ...labels, issue_type }, status.parsing_errors[i]);
      this.#raise(iface, 'overflow', this.#overflow, labels, status.overflow_packets);
      if (this.#byIface) this.#flows.set({ iface }, status.flows);
    }
    if (!this.#byIface) this.#flows.set(flows);
    this.#capturing.set(capturing);
    this.#buffer.set(bufferUsage);
  }

  rotated(seconds: number): void {
    this.#rotation.observe(seconds);
  }

  /** The interface is captured no longer: its counters stay, its gauge goes; one of the same name begins at zero. */
  forget(iface: string): void {
    this.#seen.delete(iface);
    if (this.#byIface) this.#flows.remove({ iface });
  }

  /** As if nothing had been counted. Only tests may want that: Prometheus takes it for a restart. */
  resetCountersTestingOnly(): void {
    for (const metric of [this.#processed, this.#dropped, this.#bytes, this.#packets, this.#issues, this.#overflow])
      metric.reset();
    this.#flows.reset();
    this.#rotation.reset();
  }

  #raise(iface: string, what: string, counter: Counter, labels: Record<string, string>, total: number): void {
    let seen = this.#seen.get(iface);
    if (seen === undefined) {
      seen = new Map();
      this.#seen.set(iface, seen);
    }
    // Zero is told too: a series that is there from the start has a rate from the start.
    counter.inc(labels, Math.max(0, total - (seen.get(what) ?? 0)));
    seen.set(what, total);
  }

  #counter(name: string, help: string, more: string[] = []): Counter {
    return new Counter({
      name: PREFIX + name,
      help,
      labelNames: [...this.#labels, ...more],
      registers: [this.registry],
    });
  }
  #gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name: PREFIX + name, help, labelNames, registers: [this.registry] });
  }
}
