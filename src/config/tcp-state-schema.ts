// The part of netscribe.yml about TCP events, which the daemon makes beside what packets give.

import { z } from 'zod';
import { RECORD_KINDS } from '../tcp-state/lifecycle.ts';
import { parseNetworks, parsePorts, parseStates, parseUsers } from '../tcp-state/parse-filter.ts';
import { LEAST_BUFFER_BYTES, MOST_BUFFER_BYTES } from '../tcp-state/source.ts';
import { sizeOption } from './size.ts';

/** A port or user alone is a number to YAML. `read` throws when the words are wrong; what need not be there yet is looked for at the start. */
const words = (what: string, read?: (text: string) => unknown) =>
  z
    .union([z.string(), z.int().transform(String)])
    .superRefine((text, context) => {
      try {
        if (text.trim() === '') throw new Error('it is empty: leave it out');
        read?.(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message });
      }
    })
    .optional()
    .describe(what);

export const tcpStateShape = {
  tcp_state: z
    .strictObject({
      enabled: z.boolean().default(false).describe('of the daemon: record what happens to TCP sockets'),
      event: z.string().default('auto').describe('auto, bpf, tracefs, sock-diag, ./MODULE.js or PACKAGE'),
      kinds: z.array(z.enum(RECORD_KINDS)).default([]).describe('kinds of records; none named: all'),
      buffer: sizeOption(0)
        .refine(
          (bytes) => bytes === 0 || (bytes >= LEAST_BUFFER_BYTES && bytes <= MOST_BUFFER_BYTES),
          'write 64KiB to 256MiB, or 0',
        )
        .describe('room in the kernel for events that wait; 0: as the source sees fit'),
      port: words('only these local or remote ports: 443, 8000-8999', parsePorts),
      local_port: words('only these local ports', parsePorts),
      remote_port: words('only these remote ports', parsePorts),
      net: words('only addresses in these networks', parseNetworks),
      state: words('only changes from or to these states', parseStates),
      command: words('only sockets of processes with these names'),
      uid: words('only sockets of these users', parseUsers),
      cgroup: words('only sockets in these cgroups, by path or number'),
      netns: words('only sockets in these network namespaces'),
    })
    .prefault({}),
};
export type TcpStateConfig = z.infer<(typeof tcpStateShape)['tcp_state']>;
