// Who began a flow, decided once, at its first packet. The order of the signs is goProbe's: TCP flags, multicast, message types,
// ports; besides, all multicast ranges count, every ICMP type with a role has it, and the confidence is noted.

import { icmpRole } from './icmp-types.ts';
import { ACK, SYN } from './layout.ts';
import { INFO_ICMP, INFO_MULTICAST, INFO_PORTS, INFO_TCP, INFO_V6 } from './stage.ts';

export const GUESS = 0;
export const LIKELY = 1;
export const CERTAIN = 2;

/** First port of the dynamic range that goProbe and Linux (ip_local_port_range) agree on. */
const FIRST_EPHEMERAL = 32_768;

/**
 * The answer for the first packet's sender: confidence << 1 | 1 when it began the flow, confidence << 1 when the receiver did.
 * Ports are the packet's; for ICMP the source "port" is its type.
 */
export function senderBegan(info: number, tcpFlags: number, sourcePort: number, destinationPort: number): number {
  if ((info & INFO_TCP) !== 0 && (tcpFlags & SYN) !== 0) return (CERTAIN << 1) | ((tcpFlags & ACK) === 0 ? 1 : 0);
  if ((info & INFO_MULTICAST) !== 0) return (LIKELY << 1) | 1;
  if ((info & INFO_ICMP) !== 0) {
    const role = icmpRole((info & INFO_V6) !== 0 ? 6 : 4, sourcePort);
    return role === 0 ? (GUESS << 1) | 1 : (LIKELY << 1) | (role > 0 ? 1 : 0);
  }
  if ((info & INFO_PORTS) === 0 || sourcePort === destinationPort) return (GUESS << 1) | 1;
  const sourceEphemeral = sourcePort >= FIRST_EPHEMERAL || sourcePort === 0;
  const destinationEphemeral = destinationPort >= FIRST_EPHEMERAL || destinationPort === 0;
  if (sourceEphemeral !== destinationEphemeral) return (LIKELY << 1) | (sourceEphemeral ? 1 : 0);
  return (GUESS << 1) | (destinationPort < sourcePort ? 1 : 0);
}
