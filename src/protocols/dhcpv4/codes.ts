// Numbers and their names. Options: IANA "BOOTP Vendor Extensions and DHCP Options", in the words that Packetbeat writes into
// `dhcpv4.option.parameter_request_list`, because people search for them; what it has no word for is `Unknown (n)` there.
// Message types: RFC 2131, 3203, 4388, 6926, 7724. Hardware types: IANA "ARP Parameters".

export const OPTION_PAD = 0;
export const OPTION_SUBNET_MASK = 1;
export const OPTION_TIME_OFFSET = 2;
export const OPTION_ROUTER = 3;
export const OPTION_TIME_SERVER = 4;
export const OPTION_DOMAIN_SERVER = 6;
export const OPTION_HOSTNAME = 12;
export const OPTION_DOMAIN_NAME = 15;
export const OPTION_BROADCAST_ADDRESS = 28;
export const OPTION_NTP_SERVERS = 42;
export const OPTION_VENDOR_SPECIFIC = 43;
export const OPTION_REQUESTED_ADDRESS = 50;
export const OPTION_LEASE_TIME = 51;
export const OPTION_OVERLOAD = 52;
export const OPTION_MESSAGE_TYPE = 53;
export const OPTION_SERVER_ID = 54;
export const OPTION_PARAMETER_LIST = 55;
export const OPTION_MESSAGE = 56;
export const OPTION_MAX_SIZE = 57;
export const OPTION_RENEWAL_TIME = 58;
export const OPTION_REBINDING_TIME = 59;
export const OPTION_CLASS_ID = 60;
export const OPTION_CLIENT_ID = 61;
export const OPTION_BOOT_FILE = 67;
export const OPTION_USER_CLASS = 77;
export const OPTION_RAPID_COMMIT = 80;
export const OPTION_FQDN = 81;
export const OPTION_RELAY_AGENT = 82;
export const OPTION_DOMAIN_SEARCH = 119;
export const OPTION_CLASSLESS_ROUTES = 121;
export const OPTION_VENDOR_CLASS = 124;
export const OPTION_VENDOR_OPTIONS = 125;
export const OPTION_MICROSOFT_ROUTES = 249;
export const OPTION_END = 255;

export const DISCOVER = 1;
export const OFFER = 2;
export const REQUEST = 3;
export const DECLINE = 4;
export const ACK = 5;
export const NAK = 6;
export const RELEASE = 7;
export const INFORM = 8;
export const FORCE_RENEW = 9;
export const LEASE_QUERY = 10;
export const LEASE_ACTIVE = 13;

const MESSAGE_TYPES = [
  '',
  'discover',
  'offer',
  'request',
  'decline',
  'ack',
  'nak',
  'release',
  'inform',
  'forcerenew',
  'leasequery',
  'leaseunassigned',
  'leaseunknown',
  'leaseactive',
  'bulkleasequery',
  'leasequerydone',
  'activeleasequery',
  'leasequerystatus',
  'tls',
];

/** Name of a DHCP message type in lower case. */
export function messageTypeName(type: number): string {
  return MESSAGE_TYPES[type] || `unknown (${type})`;
}

/** The same, with names for BOOTP's messages, which have no type (0). */
export function messageName(type: number, isReply: boolean): string {
  if (type !== 0) return messageTypeName(type);
  return isReply ? 'bootreply' : 'bootrequest';
}

const HARDWARE_TYPES = new Map([
  [1, 'Ethernet'],
  [2, 'Experimental Ethernet'],
  [3, 'Amateur Radio AX.25'],
  [4, 'Proteon ProNET Token Ring'],
  [5, 'Chaos'],
  [6, 'IEEE 802'],
  [7, 'ARCNET'],
  [8, 'Hyperchannel'],
  [9, 'Lanstar'],
  [10, 'Autonet Short Address'],
  [11, 'LocalTalk'],
  [12, 'LocalNet'],
  [13, 'Ultra link'],
  [14, 'SMDS'],
  [15, 'Frame Relay'],
  [16, 'ATM'],
  [17, 'HDLC'],
  [18, 'Fibre Channel'],
  [19, 'ATM'],
  [20, 'Serial Line'],
  [21, 'ATM'],
  [24, 'IEEE 1394'],
  [27, 'EUI-64'],
  [31, 'IPsec tunnel'],
  [32, 'InfiniBand'],
]);

/** Name of a hardware type (`htype`). */
export function hardwareTypeName(type: number): string {
  return HARDWARE_TYPES.get(type) ?? `unknown (${type})`;
}

const FIRST_NAMES = [
  'Pad',
  'Subnet Mask',
  'Time Offset',
  'Router',
  'Time Server',
  'Name Server',
  'Domain Name Server',
  'Log Server',
  'Quote Server',
  'LPR Server',
  'Impress Server',
  'Resource Location Server',
  'Host Name',
  'Boot File Size',
  'Merit Dump File',
  'Domain Name',
  'Swap Server',
  'Root Path',
  'Extensions Path',
  'IP Forwarding enable/disable',
  'Non-local Source Routing enable/disable',
  'Policy Filter',
  'Maximum Datagram Reassembly Size',
  'Default IP Time-to-live',
  'Path MTU Aging Timeout',
  'Path MTU Plateau Table',
  'Interface MTU',
  'All Subnets Are Local',
  'Broadcast Address',
  'Perform Mask Discovery',
  'Mask Supplier',
  'Perform Router Discovery',
  'Router Solicitation Address',
  'Static Routing Table',
  'Trailer Encapsulation',
  'ARP Cache Timeout',
  'Ethernet Encapsulation',
  'Default TCP TTL',
  'TCP Keepalive Interval',
  'TCP Keepalive Garbage',
  'Network Information Service Domain',
  'Network Information Servers',
  'NTP Servers',
  'Vendor Specific Information',
  'NetBIOS over TCP/IP Name Server',
  'NetBIOS over TCP/IP Datagram Distribution Server',
  'NetBIOS over TCP/IP Node Type',
  'NetBIOS over TCP/IP Scope',
  'X Window System Font Server',
  'X Window System Display Manager',
  'Requested IP Address',
  'IP Addresses Lease Time',
  'Option Overload',
  'DHCP Message Type',
  'Server Identifier',
  'Parameter Request List',
  'Message',
  'Maximum DHCP Message Size',
  'Renew Time Value',
  'Rebinding Time Value',
  'Class Identifier',
  'Client identifier',
  'NetWare/IP Domain Name',
  'NetWare/IP Information',
  'Network Information Service+ Domain',
  'Network Information Service+ Servers',
  'TFTP Server Name',
  'Bootfile Name',
  'Mobile IP Home Agent',
  'Simple Mail Transport Protocol Server',
  'Post Office Protocol Server',
  'Network News Transport Protocol Server',
  'Default World Wide Web Server',
  'Default Finger Server',
  'Default Internet Relay Chat Server',
  'StreetTalk Server',
  'StreetTalk Directory Assistance Server',
  'User Class Information',
  'SLP Directory Agent',
  'SLP Service Scope',
  'Rapid Commit',
  'FQDN',
  'Relay Agent Information',
  'Internet Storage Name Service',
];

const OPTION_NAMES = new Map<number, string>([
  ...FIRST_NAMES.entries(),
  [85, 'NDS Servers'],
  [86, 'NDS Tree Name'],
  [87, 'NDS Context'],
  [88, 'BCMCS Controller Domain Name List'],
  [89, 'BCMCS Controller IPv4 Address List'],
  [90, 'Authentication'],
  [91, 'Client Last Transaction Time'],
  [92, 'Associated IP'],
  [93, 'Client System Architecture Type'],
  [94, 'Client Network Interface Identifier'],
  [95, 'LDAP'],
  [97, 'Client Machine Identifier'],
  [98, "Open Group's User Authentication"],
  [99, 'GEOCONF_CIVIC'],
  [100, 'IEEE 1003.1 TZ String'],
  [101, 'Reference to the TZ Database'],
  [112, 'NetInfo Parent Server Address'],
  [113, 'NetInfo Parent Server Tag'],
  [114, 'URL'],
  [116, 'Auto-Configure'],
  [117, 'Name Service Search'],
  [118, 'Subnet Selection'],
  [119, 'DNS Domain Search List'],
  [120, 'SIP Servers DHCP Option'],
  [121, 'Classless Static Route Option'],
  [122, 'CCC, CableLabs Client Configuration'],
  [123, 'GeoConf'],
  [124, 'Vendor-Identifying Vendor Class'],
  [125, 'Vendor-Identifying Vendor-Specific'],
  [128, 'TFTP Server IP Address'],
  [129, 'Call Server IP Address'],
  [130, 'Discrimination String'],
  [131, 'RemoteStatistics Server IP Address'],
  [132, '802.1P VLAN ID'],
  [133, '802.1Q L2 Priority'],
  [134, 'Diffserv Code Point'],
  [135, 'HTTP Proxy for phone-specific applications'],
  [136, 'PANA Authentication Agent'],
  [137, 'LoST Server'],
  [138, 'CAPWAP Access Controller Addresses'],
  [139, 'OPTION-IPv4_Address-MoS'],
  [140, 'OPTION-IPv4_FQDN-MoS'],
  [141, 'SIP UA Configuration Service Domains'],
  [142, 'OPTION-IPv4_Address-ANDSF'],
  [144, 'GeoLoc'],
  [145, 'FORCERENEW_NONCE_CAPABLE'],
  [146, 'RDNSS Selection'],
  [150, 'TFTP Server Address'],
  [151, 'Status Code'],
  [152, 'Base Time'],
  [153, 'Start Time of State'],
  [154, 'Query Start Time'],
  [155, 'Query End Time'],
  [156, 'DHCP State'],
  [157, 'Data Source'],
  [158, 'PCP Server'],
  [175, 'Etherboot'],
  [176, 'IP Telephone'],
  [208, 'PXELINUX Magic'],
  [209, 'Configuration File'],
  [210, 'Path Prefix'],
  [211, 'Reboot Time'],
  [212, '6RD'],
  [213, 'V4 Access Domain'],
  [220, 'Subnet Allocation'],
  [221, 'Virtual Subnet Selection'],
  [255, 'End'],
]);

/** Name of an option as `parameter_request_list` has it. */
export function optionName(code: number): string {
  return OPTION_NAMES.get(code) ?? `Unknown (${code})`;
}
