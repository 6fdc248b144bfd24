// Three protocols share DNS's messages: DNS itself, multicast DNS (RFC 6762) and LLMNR (RFC 4795). Ports tell them apart, but for those who
// put a DNS server on the port of multicast DNS: many resolvers in containers listen there.

import type { Address } from '../../records/address.ts';
import type { FlowView } from '../flow-view.ts';
import type { Message } from './message.ts';
import { nameText } from './names.ts';
import { PORT_DNS, PORT_LLMNR, PORT_MDNS } from './options.ts';

/** Also the value of `network.protocol`. */
export type Dialect = 'dns' | 'mdns' | 'llmnr';

/** What a flow speaks; undefined: the first message tells (`dialectOfMessage`). */
export function dialectOf(flow: FlowView): Dialect | undefined {
  const { sourcePort, destinationPort, transport } = flow;
  if (destinationPort === PORT_DNS || sourcePort === PORT_DNS) return 'dns';
  if (destinationPort === PORT_MDNS || sourcePort === PORT_MDNS) {
    // Multicast DNS has no TCP. Whoever takes part in it sends from its port; others ask there, and are answered from there.
    if (transport === 'tcp') return 'dns';
    return sourcePort === destinationPort || isMulticast(flow) ? 'mdns' : undefined;
  }
  return destinationPort === PORT_LLMNR || sourcePort === PORT_LLMNR ? 'llmnr' : 'dns';
}

/** RFC 6762 sections 3 and 4: names of the link, and of its addresses. */
const OF_THE_LINK = /(?:^|\.)(?:local|254\.169\.in-addr\.arpa|[89ab]\.e\.f\.ip6\.arpa)$/i;

/** Multicast DNS is for names of the link; DNS is not. */
export function dialectOfMessage(message: Message): Dialect {
  const records = message.questions + message.answers + message.authorities + message.additionals;
  return records > 0 && OF_THE_LINK.test(nameText(message.bytes, message.at, message.nameAt[0])) ? 'mdns' : 'dns';
}

/** Does one side of the flow stand for a group? */
export function isMulticast({ source, destination }: FlowView): boolean {
  return isGroup(destination) || isGroup(source);
}

/** 224.0.0.0/4, ff00::/8. */
function isGroup(address: Address): boolean {
  return address.v6 ? address.w0 >>> 24 === 0xff : address.w3 >>> 28 === 0xe;
}
