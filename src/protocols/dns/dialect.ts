// Three protocols share DNS's messages: DNS itself, multicast DNS (RFC 6762) and LLMNR (RFC 4795). Ports tell them apart.

import type { Address } from '../../records/address.ts';
import type { FlowView } from '../flow-view.ts';
import { PORT_DNS, PORT_LLMNR, PORT_MDNS } from './options.ts';

/** Also the value of `network.protocol`. */
export type Dialect = 'dns' | 'mdns' | 'llmnr';

export function dialectOf({ sourcePort, destinationPort }: FlowView): Dialect {
  if (destinationPort === PORT_DNS || sourcePort === PORT_DNS) return 'dns';
  if (destinationPort === PORT_MDNS || sourcePort === PORT_MDNS) return 'mdns';
  return destinationPort === PORT_LLMNR || sourcePort === PORT_LLMNR ? 'llmnr' : 'dns';
}

/** Does one side of the flow stand for a group? */
export function isMulticast({ source, destination }: FlowView): boolean {
  return isGroup(destination) || isGroup(source);
}

/** 224.0.0.0/4, ff00::/8. */
function isGroup(address: Address): boolean {
  return address.v6 ? address.w0 >>> 24 === 0xff : address.w3 >>> 28 === 0xe;
}
