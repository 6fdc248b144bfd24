// What analyzers and records see of a flow. Two of them exist per flow, one for each side as the source.

import { Address } from '../records/address.ts';

export class FlowView {
  readonly source = new Address();
  readonly destination = new Address();
  sourcePort = 0;
  destinationPort = 0;
  /** True for TCP, UDP, SCTP, DCCP, UDP-Lite: the ports mean something. */
  hasPorts = false;
  /** `tcp`, `udp`, `icmp`, `ipv6-icmp`, … (IANA keyword in lower case). */
  transport = '';
  /** IP protocol number. */
  protocol = 0;
  /** `ipv4` or `ipv6`. */
  type = '';
  /** Stable identity of the flow: a hash of its key and first packet. */
  id = '';
  /** Community ID v1, seed 0. */
  communityId = '';
  /** Both addresses, each once: `related.ip`. */
  relatedIp: readonly string[] = [];
  /** `network.direction`: `unknown` for files unless the internal networks are told. */
  direction = 'unknown';
  /** MAC addresses in ECS form (`00-11-22-AA-BB-CC`), undefined where the link has none. */
  sourceMac: string | undefined = undefined;
  destinationMac: string | undefined = undefined;
  /** VLAN ids, outermost first; undefined without. */
  vlan: readonly string[] | undefined = undefined;
}
