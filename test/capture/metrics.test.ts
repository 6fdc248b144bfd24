// goProbe's metrics under our prefix.

import { expect, test } from 'vitest';
import { Metrics, ROTATION_BUCKETS } from '../../src/capture/metrics.ts';
import type { CaptureStatus } from '../../src/capture/status.ts';

const status = (more: Partial<CaptureStatus> = {}): CaptureStatus => ({
  state: 'capturing',
  error: '',
  started_at: 1,
  received_total: 0,
  processed_total: 0,
  dropped_total: 0,
  received: 0,
  processed: 0,
  dropped: 0,
  parsing_errors: [0, 0, 0],
  overflow_packets: 0,
  flows: 0,
  totals: { bytesRcvd: 0, bytesSent: 0, packetsRcvd: 0, packetsSent: 0 },
  ...more,
});

test('counters follow the totals, whoever else reads them', async () => {
  const metrics = new Metrics();
  const totals = { bytesRcvd: 100, bytesSent: 40, packetsRcvd: 2, packetsSent: 1 };
  metrics.observe({ eth0: status({ processed_total: 3, totals, flows: 2, parsing_errors: [1, 2, 3] }) }, 0.25);
  metrics.observe({ eth0: status({ processed_total: 5, totals, flows: 1, parsing_errors: [1, 2, 3] }) }, 0.5);
  metrics.rotated(0.002);
  const text = await metrics.registry.metrics();
  for (const line of [
    'netscribe_capture_packets_processed_total{iface="eth0"} 5',
    'netscribe_capture_packets_dropped_total{iface="eth0"} 0',
    'netscribe_capture_bytes_total{iface="eth0",direction="inbound"} 100',
    'netscribe_capture_packets_total{iface="eth0",direction="outbound"} 1',
    'netscribe_capture_capture_issues_total{iface="eth0",issue_type="packet truncated"} 3',
    'netscribe_capture_flows_total{iface="eth0"} 1',
    'netscribe_capture_global_packet_buffer_usage 0.5',
    'netscribe_capture_manager_interfaces_capturing_total 1',
    'netscribe_capture_manager_rotation_duration_seconds_bucket{le="0.005"} 1',
  ])
    expect(text.split('\n')).toContain(line);
  expect(ROTATION_BUCKETS).toEqual([0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1]);
});

test('without tracking of interfaces all are one, and nothing names them', async () => {
  const metrics = new Metrics({ disableIfaceTracking: true });
  metrics.observe(
    { eth0: status({ processed_total: 3, flows: 4 }), eth1: status({ processed_total: 4, flows: 5 }) },
    0,
  );
  const text = await metrics.registry.metrics();
  expect(text).toContain('netscribe_capture_packets_processed_total 7');
  expect(text).toContain('netscribe_capture_flows_total 9');
  expect(text).not.toContain('eth0');
});

test('an interface that was forgotten begins at zero', async () => {
  const metrics = new Metrics();
  metrics.observe({ eth0: status({ processed_total: 3 }) }, 0);
  metrics.forget('eth0');
  metrics.observe({ eth0: status({ processed_total: 2 }) }, 0);
  expect(await metrics.registry.metrics()).toContain('netscribe_capture_packets_processed_total{iface="eth0"} 5');
  metrics.resetCountersTestingOnly();
  expect(await metrics.registry.metrics()).not.toContain('netscribe_capture_packets_processed_total{iface="eth0"} 5');
});
