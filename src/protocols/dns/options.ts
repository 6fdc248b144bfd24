// Options of the DNS analyzer: Packetbeat's, with its names and presets.

import { z } from 'zod';
import { commonOptions } from '../common-options.ts';

export const PORT_DNS = 53;
export const PORT_MDNS = 5353;
export const PORT_LLMNR = 5355;

export const options = z.strictObject({
  ...commonOptions({ ports: [PORT_DNS, PORT_MDNS, PORT_LLMNR], transactionTimeout: '10s' }),
  include_authorities: z.boolean().default(false).describe('put the authority section into `dns.authorities`'),
  include_additionals: z.boolean().default(false).describe('put the additional section into `dns.additionals`'),
});

export type DnsOptions = z.output<typeof options>;
