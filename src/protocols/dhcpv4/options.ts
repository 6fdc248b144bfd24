// Options of the DHCPv4 analyzer.

import { z } from 'zod';
import { commonOptions } from '../common-options.ts';

export const PORT_SERVER = 67;
export const PORT_CLIENT = 68;

const {
  send_request: _request,
  send_response: _response,
  ...common
} = commonOptions({
  ports: [PORT_SERVER, PORT_CLIENT],
  transactionTimeout: '60s',
});

export const options = z.strictObject(common);
export type Dhcpv4Options = z.output<typeof options>;
