// The parts of netscribe.yml that the daemon reads besides those of a capture: interfaces, where records go, the API.

import { z } from 'zod';
import { durationOption } from '../protocols/common-options.ts';
import { sizeOption } from './size.ts';
import { FITS_TIMER } from './timers.ts';

/** Who counts flows. */
export const FLOW_SOURCES = ['auto', 'ring', 'tcx'] as const;
export type FlowSource = (typeof FLOW_SOURCES)[number];

const positive = z.int().positive();

const interfaceSchema = z.strictObject({
  promisc: z.boolean().optional().describe('packets for other machines too'),
  ignore_vlans: z.boolean().optional().describe('leave out packets with a VLAN tag'),
  disable: z.boolean().optional().describe('known, but not captured'),
  filter: z.string().optional().describe('a filter as tcpdump takes it'),
  snap_length: positive.max(262_144).optional().describe('bytes kept of each packet'),
  ring_buffer: z
    .strictObject({
      block_size: positive.optional().describe('bytes of a block'),
      num_blocks: positive.optional().describe('blocks'),
    })
    .optional(),
});

export const interfacesSchema = z.record(
  z.string(),
  interfaceSchema.nullable().transform((config) => config ?? {}),
);

export const daemonShape = {
  capture: z
    .strictObject({
      interfaces: interfacesSchema
        .prefault({})
        .describe('by name or /regular expression/; none: all that are detected'),
      autodetection: z
        .strictObject({
          enabled: z
            .boolean()
            .optional()
            .describe('all links, those that appear later too; default: when none is named'),
          exclude: z.array(z.string()).default(['lo']).describe('names or /regular expressions/ that are left out'),
        })
        .prefault({}),
      records: z
        .array(z.string())
        .default(['flow', 'transactions', 'loss'])
        .describe('what is made, as --records takes it'),
      flow_source: z
        .enum(FLOW_SOURCES)
        .default('auto')
        .describe(
          'ring: packets; tcx: the kernel counts flows; auto: tcx where flows are all that is asked for and it can',
        ),
      user: z.string().optional().describe('who to be once everything is open, when started as root'),
    })
    .refine(({ interfaces, autodetection }) => autodetection.enabled !== true || Object.keys(interfaces).length === 0, {
      path: ['autodetection', 'enabled'],
      error: 'interfaces are either named or detected: leave it out, or the names in capture.interfaces',
    })
    .prefault({}),
  store: z
    .strictObject({
      enabled: z.boolean().default(true).describe('of the daemon: records go to the store'),
      directory: z.string().min(1).default('netscribe-data').describe('of the daemon: where it is'),
      retention: z
        .strictObject({
          // Of a number without a unit, days would be meant, and all but seconds would go.
          age: durationOption(0)
            .refine((seconds) => seconds === 0 || seconds >= 60, 'less than a minute: write 30d for days')
            .describe('how long live records are kept, and imports after they came; 0: for ever'),
          size: sizeOption(0).describe('size of the store at which the oldest goes; 0: without a limit'),
        })
        .prefault({}),
    })
    .prefault({}),
  to: z.array(z.string()).default([]).describe('more places for records, as --to takes them'),
  stop_timeout: durationOption(4.5)
    .refine(...FITS_TIMER)
    .describe('SIGTERM writes everything and ends within this'),
  api: z
    .strictObject({
      enabled: z.boolean().default(true),
      address: z.string().default('127.0.0.1:8145').describe('HOST:PORT; other than loopback needs tls'),
      token_file: z.string().optional().describe('default: api.token in the store; made when it is not there'),
      hosts: z.array(z.string()).default([]).describe('more names that this machine is called by'),
      origins: z.array(z.string()).default([]).describe('origins of web pages that may ask'),
      metrics: z.boolean().default(true).describe('serve /metrics'),
      disable_iface_metrics: z.boolean().default(false).describe('metrics of all interfaces together'),
      query_timeout: durationOption(60)
        .refine((seconds) => seconds > 0, 'without time nothing is answered: write 60s')
        .refine(...FITS_TIMER)
        .describe('queries are given up after so long'),
      tls: z
        .strictObject({
          certificate: z.string().describe('PEM file'),
          key: z.string().describe('PEM file'),
          client_ca: z.string().describe('PEM file: who signs the certificates of clients'),
        })
        .optional(),
    })
    .prefault({}),
};

const daemonSchema = z.strictObject(daemonShape);
export type DaemonConfig = z.infer<typeof daemonSchema>;
