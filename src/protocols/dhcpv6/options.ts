// Options of the DHCPv6 analyzer.

import { z } from 'zod';
import { commonOptions } from '../common-options.ts';

export const PORT_CLIENT = 546;
export const PORT_SERVER = 547;

const {
  send_request: _request,
  send_response: _response,
  ...common
} = commonOptions({
  ports: [PORT_CLIENT, PORT_SERVER],
  transactionTimeout: '60s',
});

export const options = z.strictObject(common);
export type Dhcpv6Options = z.output<typeof options>;
