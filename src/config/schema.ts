// The schema of netscribe.yml: what there is to set, what it means, what it is by default. Keys are spelled as users of the field's
// other tools spell them; `protocols` takes each protocol's own options.

import { z } from 'zod';
import { DISSECT_DEFAULTS, FLOW_DEFAULTS, MAX_CONVERSATION_BYTES } from '../engine/plan.ts';
import { isNetwork, RANGE_NAMES } from '../flow/internal-networks.ts';
import { customOptions } from '../processors/customise.ts';
import { durationOption } from '../protocols/common-options.ts';
import { PROTOCOLS } from '../protocols/registry.ts';
import { STREAM_DEFAULTS, URGENT_POLICIES } from '../stream/options.ts';
import { FRAGMENT_POLICIES, TCP_POLICIES } from '../stream/overlap.ts';
import { daemonShape } from './daemon-schema.ts';
import { tcpStateShape } from './tcp-state-schema.ts';

const positive = z.int().positive();

export const configSchema = z.strictObject({
  workers: positive.max(64).default(1).describe('analysing threads; of the daemon, threads that capture'),
  flows: z
    .strictObject({
      max: positive
        .default(FLOW_DEFAULTS.maxFlows)
        .describe('flows held at most; beyond, half-open ones are ended first'),
      interval: durationOption(FLOW_DEFAULTS.intervalSeconds).describe('documents of flows that go on; 0 for none'),
      timeout: durationOption(FLOW_DEFAULTS.timeoutSeconds).describe('idle time after which flows other than TCP end'),
      by_interface: z
        .boolean()
        .default(DISSECT_DEFAULTS.interfaceInKey)
        .describe('the same packets on two interfaces are two flows; those of the daemon always are'),
      kernel_entries: positive
        .max(1 << 20)
        .default(65_536)
        .describe(
          'flows and directions that the kernel counts between two readings, with --flow-source tcx; IPv6 has half',
        ),
      ...customOptions,
    })
    .prefault({}),
  tcp: z
    .strictObject({
      timeout: durationOption(FLOW_DEFAULTS.tcpTimeoutSeconds).describe(
        'idle time after which an established connection ends',
      ),
      half_open: durationOption(FLOW_DEFAULTS.halfOpenSeconds).describe('the same for one that was never answered'),
      linger: durationOption(FLOW_DEFAULTS.lingerSeconds).describe('how long a closed connection waits for stragglers'),
      overlap: z.enum(TCP_POLICIES).default(STREAM_DEFAULTS.policy).describe('who wins where segments disagree'),
      urgent: z
        .enum(URGENT_POLICIES)
        .default(STREAM_DEFAULTS.urgent)
        .describe('urgent bytes: left out of their stream as sockets do it, or left in'),
      ttl: z
        .enum(['ignore', 'handshake'])
        .default('ignore')
        .describe("handshake: doubt segments whose TTL is not that of their side's SYN"),
      max_waiting: positive
        .default(STREAM_DEFAULTS.maxWaitingBytes)
        .describe('bytes that may wait behind a hole, per connection'),
    })
    .prefault({}),
  conversations: z
    .strictObject({
      max_bytes: positive
        .default(MAX_CONVERSATION_BYTES)
        .describe(
          'bytes that flows whose protocols are looked into may take together; beyond, the oldest are given up',
        ),
    })
    .prefault({}),
  fragments: z
    .strictObject({
      overlap: z
        .enum(FRAGMENT_POLICIES)
        .default(DISSECT_DEFAULTS.defragment.policy)
        .describe('who wins where fragments disagree'),
      timeout: durationOption(DISSECT_DEFAULTS.defragment.timeoutSeconds).describe(
        'how long a datagram waits for its fragments',
      ),
      max_datagrams: positive.default(DISSECT_DEFAULTS.defragment.maxDatagrams).describe('datagrams waiting at most'),
      max_bytes: positive.default(DISSECT_DEFAULTS.defragment.maxBytes).describe('bytes waiting at most'),
    })
    .prefault({}),
  internal_networks: z
    .array(
      z.string().refine(isNetwork, {
        error: ({ input }) =>
          `'${input}' is no network: write 10.0.0.0/8, 2001:db8::/32 or one of ${RANGE_NAMES.join(', ')}`,
      }),
    )
    .default([])
    .describe('your own networks: they make network.direction internal, inbound, outbound or external'),
  geoip: z
    .strictObject({
      databases: z
        .union([z.string().transform((one) => [one]), z.array(z.string())])
        .default([])
        .describe("files in MaxMind's format (GeoLite2-City.mmdb, GeoLite2-ASN.mmdb): source.geo, source.as, …"),
    })
    .prefault({}),
  procs: z
    .strictObject({
      enabled: z.boolean().default(false).describe('live: whose process of this machine an end of a flow is'),
      args: z.boolean().default(false).describe('words that it was started with, among which secrets may be'),
      event: z
        .enum(['auto', 'none'])
        .default('auto')
        .describe('hear of TCP connections when they are made, where BPF may be used; none: lists of sockets are all'),
      monitored: z
        .array(z.strictObject({ process: z.string().min(1), cmdline_grep: z.string().min(1) }))
        .default([])
        .describe('other names for processes whose command line has cmdline_grep in it'),
    })
    .prefault({}),
  checksums: z
    .enum(['auto', 'ignore', 'count', 'drop'])
    .default('auto')
    .describe('what a wrong checksum means; auto: streams believe such a segment when its receiver acknowledges it'),
  protocols: z
    .strictObject(Object.fromEntries(PROTOCOLS.map((protocol) => [protocol.name, protocol.options.optional()])))
    .prefault({}),
  ...daemonShape,
  ...tcpStateShape,
});
export type Config = z.infer<typeof configSchema>;
