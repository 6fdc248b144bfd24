// Options of the ICMP protocol. There is no `ports`: ICMP has none.

import { z } from 'zod';
import { commonOptions } from '../common-options.ts';

const { ports: _none, ...common } = commonOptions({ ports: [], transactionTimeout: '10s' });

export const options = z.strictObject(common);
export type IcmpOptions = z.output<typeof options>;
