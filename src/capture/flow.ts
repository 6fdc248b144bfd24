// The counters of a flow, and what is told of one. Received and sent are the interface's view: what came in, what went out.

/** Kinds of packets as the kernel names them (linux/if_packet.h, sll_pkttype). */
export const PACKET_THIS_HOST = 0;
export const PACKET_BROADCAST = 1;
export const PACKET_MULTICAST = 2;
export const PACKET_OTHER_HOST = 3;
export const PACKET_OUTGOING_TYPE = 4;

export interface Flow {
  bytesRcvd: number;
  bytesSent: number;
  packetsRcvd: number;
  packetsSent: number;
}

/** Names of a flow in front of its counters. */
export interface FlowKey {
  sip: string;
  dip: string;
  sport: number;
  dport: number;
  proto: number;
}

export interface FlowInfo {
  /** Nothing passed since the last rotation: the flow is kept one interval so that its direction is remembered. */
  idle: boolean;
  /** Who began was seen (TCP flags, the kind of an ICMP message, multicast), not guessed. */
  direction_confidence_high: boolean;
  flow: FlowKey & Flow;
}

/** A flow with its first packet. `packetSize` is the frame's length on the wire in bytes. */
export function newFlow(packetType: number, packetSize: number): Flow {
  const flow = { bytesRcvd: 0, bytesSent: 0, packetsRcvd: 0, packetsSent: 0 };
  updateFlow(flow, packetType, packetSize);
  return flow;
}

/** Counts a packet. Everything that does not go out came in, also what was meant for another host. */
export function updateFlow(flow: Flow, packetType: number, packetSize: number): void {
  if (packetType === PACKET_OUTGOING_TYPE) {
    flow.bytesSent += packetSize;
    flow.packetsSent++;
  } else {
    flow.bytesRcvd += packetSize;
    flow.packetsRcvd++;
  }
}

export function addCounters(to: Flow, from: Flow): void {
  to.bytesRcvd += from.bytesRcvd;
  to.bytesSent += from.bytesSent;
  to.packetsRcvd += from.packetsRcvd;
  to.packetsSent += from.packetsSent;
}
