// IANA's keywords of IP protocol numbers, in lower case as ECS wants `network.transport`.

const NAMES: Readonly<Record<number, string>> = {
  0: 'hopopt',
  1: 'icmp',
  2: 'igmp',
  4: 'ipv4',
  6: 'tcp',
  8: 'egp',
  9: 'igp',
  17: 'udp',
  27: 'rdp',
  33: 'dccp',
  41: 'ipv6',
  43: 'ipv6-route',
  44: 'ipv6-frag',
  46: 'rsvp',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'ipv6-icmp',
  59: 'ipv6-nonxt',
  60: 'ipv6-opts',
  88: 'eigrp',
  89: 'ospf',
  94: 'ipip',
  97: 'etherip',
  98: 'encap',
  103: 'pim',
  108: 'ipcomp',
  112: 'vrrp',
  115: 'l2tp',
  132: 'sctp',
  133: 'fc',
  135: 'mobility',
  136: 'udplite',
  137: 'mpls-in-ip',
  139: 'hip',
  140: 'shim6',
};
/** The words of all protocol numbers, by number. */
export const TRANSPORTS: readonly string[] = Array.from(
  { length: 256 },
  (_, number) => NAMES[number] ?? String(number),
);

/** Keyword of an IP protocol; the number as text where there is none in common use. */
export function transportName(protocol: number): string {
  return TRANSPORTS[protocol] ?? String(protocol);
}
