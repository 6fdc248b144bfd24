// The part of netscribe.yml about TCP events, which the daemon makes beside what packets give.

import { z } from 'zod';
import { RECORD_KINDS } from '../tcp-state/lifecycle.ts';
import { sizeOption } from './size.ts';

/** A port or user alone is a number to YAML. */
const words = (what: string) =>
  z
    .union([z.string(), z.int().transform(String)])
    .optional()
    .describe(what);

export const tcpStateShape = {
  tcp_state: z
    .strictObject({
      enabled: z.boolean().default(false).describe('of the daemon: record what happens to TCP sockets'),
      event: z.string().default('auto').describe('auto, bpf, tracefs, sock-diag, ./MODULE.js or PACKAGE'),
      kinds: z.array(z.enum(RECORD_KINDS)).default([]).describe('kinds of records; none named: all'),
      buffer: sizeOption(0).describe('room in the kernel for events that wait; 0: as the source sees fit'),
      port: words('only these local or remote ports: 443, 8000-8999'),
      local_port: words('only these local ports'),
      remote_port: words('only these remote ports'),
      net: words('only addresses in these networks'),
      state: words('only changes from or to these states'),
      command: words('only sockets of processes with these names'),
      uid: words('only sockets of these users'),
      cgroup: words('only sockets in these cgroups, by path or number'),
      netns: words('only sockets in these network namespaces'),
    })
    .prefault({}),
};
export type TcpStateConfig = z.infer<(typeof tcpStateShape)['tcp_state']>;
