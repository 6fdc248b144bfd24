// The layers a packet can be made of. A layer id says which decoder reads the bytes at the cursor.
// Names are Wireshark's protocol names, so that counts can be compared with it.

export const LAYER_NAMES = [
  // Nothing more to decode: what follows is payload.
  'done',
  // Link layers.
  'eth',
  'llc',
  'sll',
  'sll2',
  'null',
  'loop',
  'raw',
  'wlan',
  'radiotap',
  'ppi',
  'ppp',
  'chdlc',
  'fr',
  'nflog',
  'slip',
  'ipnet',
  'ipoib',
  'arcnet',
  'arcnet.linux',
  'atm',
  'clip',
  // Between link and network.
  'vlan',
  'etag',
  'vntag',
  'ieee8021ah',
  'cfp',
  'cmd',
  'macsec',
  'pppoe',
  'mpls',
  'arp',
  'other',
  // Network.
  'ip',
  'ipv6',
  'ipv6.hopopts',
  'ipv6.routing',
  'ipv6.fraghdr',
  'ipv6.dstopts',
  'ipv6.mobility',
  'ipv6.hip',
  'ipv6.shim6',
  'ah',
  // Tunnels.
  'gre',
  'erspan',
  'vxlan',
  'geneve',
  'gtp',
  'l2tp',
  'teredo',
  'nsh',
  'etherip',
  'capwap.data',
  'lisp-data',
  'ayiya',
  'tzsp',
  // Transport and the rest of what IP carries.
  'tcp',
  'udp',
  'udplite',
  'sctp',
  'dccp',
  'icmp',
  'icmpv6',
  'igmp',
  'esp',
  'ipproto',
] as const;
export type LayerName = (typeof LAYER_NAMES)[number];

/** Layer ids by name: `Layer.ip`, `Layer['ipv6.fraghdr']`. */
export const Layer = Object.freeze(Object.fromEntries(LAYER_NAMES.map((name, id) => [name, id]))) as unknown as {
  readonly [Name in LayerName]: number;
};
