// What the daemon tells Prometheus besides the capture's metrics: transactions, the ledger, sinks, the store, event loops.

import { Counter, collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client';
import { LATENCY_BOUNDS } from '../engine/latencies.ts';
import { OUTCOMES } from '../engine/ledger.ts';
import type { EngineFigures } from '../engine/view.ts';
import type { SinkStatus, ThreadStatus } from './messages.ts';

/** `dns.unmatchedRequests`: whose partner never came. */
const UNMATCHED = /^(.+)\.unmatched(Requests|Responses)$/;

export class EngineMetrics {
  readonly #registry: Registry;
  readonly #records: Counter;
  readonly #errors: Counter;
  readonly #unmatched: Counter;
  readonly #outcomes: Counter;
  readonly #ledger: Counter;
  readonly #flows: Gauge;
  readonly #sinkRows: Counter;
  readonly #sinkBytes: Counter;
  readonly #sinkLost: Counter;
  readonly #sinkWaiting: Gauge;
  readonly #sinkUp: Gauge;
  readonly #storeSegments: Gauge;
  readonly #storeBytes: Gauge;
  readonly #logBytes: Gauge;
  readonly #loopDelay: Gauge;
  readonly #loopCpu: Gauge;
  readonly #restarts: Counter;
  readonly #writeouts: Histogram;
  #latencies: EngineFigures['latencies'] = {};
  /** What capture threads that died had counted. */
  #formerLatencies: EngineFigures['latencies'] = {};
  #sinks: readonly string[] = [];
  readonly #seen = new Map<string, number>();
  /** Restarts that were told. */
  #told = 0;

  constructor(registry: Registry) {
    this.#registry = registry;
    collectDefaultMetrics({ register: registry });
    this.#records = this.#counter('records_total', 'Records made, by type', ['type']);
    this.#errors = this.#counter('transaction_errors_total', 'Transactions whose status is an error', ['type']);
    this.#unmatched = this.#counter(
      'transactions_unmatched_total',
      'Requests without a response and the other way round',
      ['protocol', 'side'],
    );
    this.#outcomes = this.#counter('packets_by_outcome_total', 'What became of packets; disjoint', ['outcome']);
    this.#ledger = this.#counter('ledger_total', 'Everything else that is counted: gaps, evictions, faults', ['what']);
    this.#flows = this.#gauge('flows', 'Flows that are open');
    this.#sinkRows = this.#counter('sink_rows_total', 'Rows that a sink took', ['sink']);
    this.#sinkBytes = this.#counter('sink_bytes_total', 'Bytes that a sink took', ['sink']);
    this.#sinkLost = this.#counter('sink_lost_rows_total', 'Rows that a sink did not take', ['sink']);
    this.#sinkWaiting = this.#gauge('sink_waiting_bytes', 'Bytes that wait for a sink', ['sink']);
    this.#sinkUp = this.#gauge('sink_up', '1 while the sink takes what it is given', ['sink']);
    this.#storeSegments = this.#gauge('store_segments', 'Segments of the store');
    this.#storeBytes = this.#gauge('store_segment_bytes', 'Bytes of the segments of the store');
    this.#logBytes = this.#gauge('store_log_bytes', 'Bytes of acknowledged rows that are not in segments yet');
    this.#loopDelay = this.#gauge(
      'capture_event_loop_delay_seconds',
      'Longest hold-up of the capture thread in the last second',
    );
    this.#loopCpu = this.#gauge(
      'capture_event_loop_cpu_seconds',
      'Most CPU time that the capture thread used without a pause in the last second: what of a hold-up is its own work',
    );
    this.#restarts = this.#counter(
      'capture_restarts_total',
      'Times that the capture thread died and was started again',
    );
    this.#writeouts = new Histogram({
      name: 'netscribe_store_writeout_duration_seconds',
      help: 'How long it took to make segments of what an interval brought',
      buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 10, 30, 60],
      registers: [registry],
    });
  }

  observe(status: ThreadStatus, restarts: number): void {
    if (status.engine !== undefined) this.#observeEngine(status.engine);
    this.#forgetSinks(status.sinks);
    for (const sink of status.sinks) this.#observeSink(sink);
    this.#loopDelay.set(status.holdUp.seconds);
    this.#loopCpu.set(status.holdUp.cpuSeconds);
    this.#restarts.inc(restarts - this.#told);
    this.#told = restarts;
    for (const seconds of status.writeoutSeconds) this.#writeouts.observe(seconds);
  }

  /** The capture thread begins anew, and its figures with it. `lost`: what nobody could count in them. */
  restarted(lost: Readonly<Record<string, number>>): void {
    for (const [what, n] of Object.entries(lost)) if (n > 0) this.#ledger.inc({ what }, n);
    this.#seen.clear();
    this.#formerLatencies = this.#latencies;
  }

  /** The text format. Gauges whose name ends as those of counters do, as goProbe's and Node's do, are told without a type. */
  async text(): Promise<string> {
    const text = (await this.#registry.metrics()).replace(/^(# TYPE \S+_total) gauge$/gm, '$1 untyped');
    return `${text}${latencyText(this.#latencies)}`;
  }

  #observeEngine(engine: EngineFigures): void {
    this.#flows.set(engine.flows);
    for (const [type, n] of Object.entries(engine.records)) this.#raise(this.#records, { type }, n);
    for (const [type, n] of Object.entries(engine.errors)) this.#raise(this.#errors, { type }, n);
    for (const [i, outcome] of OUTCOMES.entries()) this.#raise(this.#outcomes, { outcome }, engine.ledger.packets[i]);
    for (const [what, n] of engine.ledger.counts) {
      const unmatched = UNMATCHED.exec(what);
      if (unmatched === null) this.#raise(this.#ledger, { what }, n);
      else this.#raise(this.#unmatched, { protocol: unmatched[1], side: unmatched[2].toLowerCase() }, n);
    }
    this.#latencies = added(this.#formerLatencies, engine.latencies);
  }

  /** A sink that a reload has left out has no state any more; one of the same name begins at zero. */
  #forgetSinks(sinks: readonly SinkStatus[]): void {
    const names = sinks.map(({ name }) => name);
    for (const sink of this.#sinks.filter((name) => !names.includes(name))) {
      this.#sinkWaiting.remove({ sink });
      this.#sinkUp.remove({ sink });
      for (const counter of [this.#sinkRows, this.#sinkBytes, this.#sinkLost])
        this.#seen.delete(keyOf(counter, { sink }));
    }
    this.#sinks = names;
  }

  #observeSink({ name: sink, rows, bytes, lostRows, waitingBytes, error, ...figures }: SinkStatus): void {
    this.#raiseAnew(this.#sinkRows, { sink }, rows);
    this.#raiseAnew(this.#sinkBytes, { sink }, bytes);
    this.#raiseAnew(this.#sinkLost, { sink }, Number(lostRows ?? 0));
    this.#sinkWaiting.set({ sink }, Number(waitingBytes ?? 0));
    this.#sinkUp.set({ sink }, error === '' ? 1 : 0);
    if (figures.segments === undefined) return;
    this.#storeSegments.set(Number(figures.segments));
    this.#storeBytes.set(Number(figures.segmentBytes));
    this.#logBytes.set(Number(figures.logBytes));
  }

  #raise(counter: Counter, labels: Record<string, string>, total: number): void {
    const key = keyOf(counter, labels);
    counter.inc(labels, Math.max(0, total - (this.#seen.get(key) ?? 0)));
    this.#seen.set(key, total);
  }

  /** Of what begins at zero when it is opened anew, as sinks are by a reload. */
  #raiseAnew(counter: Counter, labels: Record<string, string>, total: number): void {
    const key = keyOf(counter, labels);
    if (total < (this.#seen.get(key) ?? 0)) this.#seen.delete(key);
    this.#raise(counter, labels, total);
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name: `netscribe_${name}`, help, labelNames, registers: [this.#registry] });
  }
  #gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name: `netscribe_${name}`, help, labelNames, registers: [this.#registry] });
  }
}

const keyOf = (counter: Counter, labels: Record<string, string>): string =>
  `${(counter as unknown as { name: string }).name} ${Object.values(labels).join(' ')}`;

function added(a: EngineFigures['latencies'], b: EngineFigures['latencies']): EngineFigures['latencies'] {
  const sums = { ...a };
  for (const [type, { buckets, sumSeconds }] of Object.entries(b)) {
    const known = sums[type];
    sums[type] =
      known === undefined
        ? { buckets, sumSeconds }
        : { buckets: buckets.map((n, i) => n + known.buckets[i]), sumSeconds: sumSeconds + known.sumSeconds };
  }
  return sums;
}

const LATENCY = 'netscribe_transaction_duration_seconds';

/** A histogram from sums that the capture thread has made: the library can only observe one at a time. */
function latencyText(latencies: EngineFigures['latencies']): string {
  const lines = [`# HELP ${LATENCY} From request to response, by type`, `# TYPE ${LATENCY} histogram`];
  for (const [type, { buckets, sumSeconds }] of Object.entries(latencies)) {
    let count = 0;
    for (const [i, n] of buckets.entries()) {
      count += n;
      lines.push(`${LATENCY}_bucket{type="${type}",le="${LATENCY_BOUNDS[i] ?? '+Inf'}"} ${count}`);
    }
    lines.push(`${LATENCY}_sum{type="${type}"} ${sumSeconds}`, `${LATENCY}_count{type="${type}"} ${count}`);
  }
  return lines.length === 2 ? '' : `${lines.join('\n')}\n`;
}
