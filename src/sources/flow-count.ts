// What a source gives that counts flows instead of handing over packets: one row per flow and direction, for a span of time.

import type { InterfaceDescription, SourceStats } from './source.ts';

/** Packets with the same source, destination, protocol, ports and VLANs on one interface. */
export interface FlowCount {
  v6: boolean;
  /** Address as four 32-bit words, most significant first; IPv4 is in the last one. */
  source: readonly number[];
  destination: readonly number[];
  protocol: number;
  /** Of ICMP: type and code. */
  sourcePort: number;
  destinationPort: number;
  /** 0 for none. */
  vlan: number;
  innerVlan: number;
  interfaceId: number;
  packets: number;
  /** As on the wire: frame length. */
  bytes: number;
  payload: number;
  /** TCP flags of all packets together, and of the first. */
  tcpFlags: number;
  firstTcpFlags: number;
  ttl: number;
  dscp: number;
  /** Unix time. */
  firstSeconds: number;
  firstNanos: number;
  lastSeconds: number;
  lastNanos: number;
}

export interface CountStats extends SourceStats {
  /** Packets that belong to no flow, and their bytes: not IP, broken. */
  noIp: { packets: number; bytes: number };
  broken: { packets: number; bytes: number };
  /** Packets that found no room in the map and came one by one. */
  overflown: number;
}

export interface FlowCountSource {
  readonly interfaces: readonly InterfaceDescription[];
  open(): Promise<void>;
  /** Everything counted since the last call, exactly once, in the order of the first packets. */
  drain(): FlowCount[];
  stats(): CountStats;
  close(): Promise<void>;
}
