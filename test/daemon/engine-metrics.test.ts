// What Prometheus is told besides the interfaces: per protocol, the ledger, sinks, the store, hold-ups.

import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { EngineMetrics } from '../../src/daemon/engine-metrics.ts';
import type { ThreadStatus } from '../../src/daemon/messages.ts';
import { LATENCY_BOUNDS } from '../../src/engine/latencies.ts';
import { Ledger, OUTCOMES } from '../../src/engine/ledger.ts';

function status(times: number): ThreadStatus {
  const ledger = new Ledger();
  ledger.outcome(OUTCOMES.indexOf('flow'), 100 * times, 6400 * times);
  for (const [what, n] of [
    ['stream.gap', 2],
    ['flows.evicted', 3],
    ['dns.unmatchedRequests', 4],
    ['http.unmatchedResponses', 5],
  ] as const)
    ledger.count(what, n * times);
  const buckets = [...LATENCY_BOUNDS.map(() => 0), 0];
  buckets[1] = 6 * times;
  buckets[buckets.length - 1] = times;
  return {
    interfaces: {},
    engine: {
      packets: 100 * times,
      flows: 7,
      ledger: ledger.snapshot(),
      records: { dns: 10 * times, flow: 0 },
      errors: { dns: times },
      latencies: { dns: { buckets, sumSeconds: 1.5 * times } },
    },
    sinks: [
      {
        name: 'store:x',
        rows: 10 * times,
        bytes: 500,
        lostRows: times,
        waitingBytes: 8,
        error: '',
        segments: 2,
        segmentBytes: 99,
        logBytes: 11,
      },
      { name: 'ndjson:y', rows: 0, bytes: 0, error: 'the disk is full' },
    ],
    flowSource: { used: 'ring', why: '' },
    holdUp: { seconds: 0.2, cpuSeconds: 0.03 },
    lastWriteout: 0,
    writeoutSeconds: [0.3],
  };
}

const TOLD = (times: number) => [
  `netscribe_records_total{type="dns"} ${10 * times}`,
  'netscribe_records_total{type="flow"} 0',
  `netscribe_transaction_errors_total{type="dns"} ${times}`,
  `netscribe_transactions_unmatched_total{protocol="dns",side="requests"} ${4 * times}`,
  `netscribe_transactions_unmatched_total{protocol="http",side="responses"} ${5 * times}`,
  'netscribe_transaction_duration_seconds_bucket{type="dns",le="0.0005"} 0',
  `netscribe_transaction_duration_seconds_bucket{type="dns",le="0.001"} ${6 * times}`,
  `netscribe_transaction_duration_seconds_bucket{type="dns",le="10"} ${6 * times}`,
  `netscribe_transaction_duration_seconds_bucket{type="dns",le="+Inf"} ${7 * times}`,
  `netscribe_transaction_duration_seconds_sum{type="dns"} ${1.5 * times}`,
  `netscribe_transaction_duration_seconds_count{type="dns"} ${7 * times}`,
  `netscribe_packets_by_outcome_total{outcome="flow"} ${100 * times}`,
  `netscribe_ledger_total{what="stream.gap"} ${2 * times}`,
  `netscribe_ledger_total{what="flows.evicted"} ${3 * times}`,
  'netscribe_flows 7',
  `netscribe_sink_rows_total{sink="store:x"} ${10 * times}`,
  `netscribe_sink_lost_rows_total{sink="store:x"} ${times}`,
  'netscribe_sink_waiting_bytes{sink="store:x"} 8',
  'netscribe_sink_up{sink="store:x"} 1',
  'netscribe_sink_up{sink="ndjson:y"} 0',
  'netscribe_store_segments 2',
  'netscribe_store_segment_bytes 99',
  'netscribe_store_log_bytes 11',
  `netscribe_store_writeout_duration_seconds_count ${times}`,
  'netscribe_capture_event_loop_delay_seconds 0.2',
  'netscribe_capture_event_loop_cpu_seconds 0.03',
  'netscribe_capture_restarts_total 0',
];

test('counters follow the totals; a thread that begins anew goes on from there', async () => {
  const metrics = new EngineMetrics(new Registry());
  metrics.observe(status(1), 0);
  expect((await metrics.text()).split('\n')).toEqual(expect.arrayContaining(TOLD(1)));
  metrics.observe(status(2), 0);
  expect((await metrics.text()).split('\n')).toEqual(expect.arrayContaining(TOLD(2)));
  metrics.restarted({ 'packets.unread': 3, 'flows.unwritten': 0 });
  metrics.observe(status(1), 1);
  const text = await metrics.text();
  for (const line of [
    'netscribe_records_total{type="dns"} 30',
    'netscribe_capture_restarts_total 1',
    'netscribe_transaction_duration_seconds_count{type="dns"} 21',
    'netscribe_transaction_duration_seconds_bucket{type="dns",le="+Inf"} 21',
  ])
    expect(text.split('\n')).toContain(line);
  // Of the process itself.
  expect(text).toMatch(/^process_resident_memory_bytes \d/m);
  expect(text).toMatch(/^nodejs_eventloop_lag_seconds \d/m);
});

test('a sink that a reload leaves out is not told as ill for ever; one that is opened anew goes on from where it was', async () => {
  const metrics = new EngineMetrics(new Registry());
  const rows = async () => /^netscribe_sink_rows_total\{sink="store:x"\} (\d+)$/m.exec(await metrics.text())?.[1];
  metrics.observe(status(2), 0);
  metrics.observe({ ...status(2), sinks: status(2).sinks.slice(0, 1) }, 0);
  expect(await metrics.text()).not.toMatch(/^netscribe_sink_(up|waiting_bytes)\{sink="ndjson:y"\}/m);
  expect(await rows()).toBe('20');
  metrics.observe(status(1), 0);
  expect(await rows()).toBe('30');
  metrics.observe({ ...status(1), sinks: [] }, 0);
  metrics.observe(status(3), 0);
  expect(await rows()).toBe('60');
});
