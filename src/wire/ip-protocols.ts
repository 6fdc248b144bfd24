// Protocol numbers of IP, which IPv6 calls next headers (IANA "Protocol Numbers").

export const PROTOCOL_HOP_BY_HOP = 0;
export const PROTOCOL_ICMP = 1;
export const PROTOCOL_IGMP = 2;
export const PROTOCOL_IPV4 = 4;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
export const PROTOCOL_DCCP = 33;
export const PROTOCOL_IPV6 = 41;
export const PROTOCOL_ROUTING = 43;
export const PROTOCOL_FRAGMENT = 44;
export const PROTOCOL_GRE = 47;
export const PROTOCOL_ESP = 50;
export const PROTOCOL_AH = 51;
export const PROTOCOL_ICMPV6 = 58;
export const PROTOCOL_NONE = 59;
export const PROTOCOL_DESTINATION_OPTIONS = 60;
export const PROTOCOL_IPIP = 94;
export const PROTOCOL_ETHERIP = 97;
export const PROTOCOL_L2TP = 115;
export const PROTOCOL_SCTP = 132;
export const PROTOCOL_MOBILITY = 135;
export const PROTOCOL_UDPLITE = 136;
export const PROTOCOL_MPLS = 137;
export const PROTOCOL_HIP = 139;
export const PROTOCOL_SHIM6 = 140;
