// Numbers and their names: IANA "Dynamic Host Configuration Protocol for IPv6 (DHCPv6)": message types, option codes, status codes.

export const SOLICIT = 1;
export const ADVERTISE = 2;
export const REQUEST = 3;
export const CONFIRM = 4;
export const RENEW = 5;
export const REBIND = 6;
export const REPLY = 7;
export const RELEASE = 8;
export const DECLINE = 9;
export const RECONFIGURE = 10;
export const INFORMATION_REQUEST = 11;
export const RELAY_FORWARD = 12;
export const RELAY_REPLY = 13;
const LEASE_QUERY_REPLY = 15;
const LEASE_QUERY_DONE = 16;
const LEASE_QUERY_DATA = 17;
const DHCPV4_RESPONSE = 21;

const MESSAGE_TYPES = [
  '',
  'solicit',
  'advertise',
  'request',
  'confirm',
  'renew',
  'rebind',
  'reply',
  'release',
  'decline',
  'reconfigure',
  'information-request',
  'relay-forw',
  'relay-repl',
  'leasequery',
  'leasequery-reply',
  'leasequery-done',
  'leasequery-data',
  'reconfigure-request',
  'reconfigure-reply',
  'dhcpv4-query',
  'dhcpv4-response',
  'activeleasequery',
  'starttls',
  'bndupd',
  'bndreply',
  'poolreq',
  'poolresp',
  'updreq',
  'updreqall',
  'upddone',
  'connect',
  'connectreply',
  'disconnect',
  'state',
  'contact',
  'addr-reg-inform',
  'addr-reg-reply',
];
export const HIGHEST_MESSAGE_TYPE = MESSAGE_TYPES.length - 1;

/** Name of a message type in lower case. */
export function messageTypeName(type: number): string {
  return MESSAGE_TYPES[type] || `unknown (${type})`;
}

/** Does a server send this? Of relay messages: does it go towards the client? */
export function isFromServer(type: number): boolean {
  switch (type) {
    case ADVERTISE:
    case REPLY:
    case RECONFIGURE:
    case RELAY_REPLY:
    case LEASE_QUERY_REPLY:
    case LEASE_QUERY_DONE:
    case LEASE_QUERY_DATA:
    case DHCPV4_RESPONSE:
    case HIGHEST_MESSAGE_TYPE:
      return true;
    default:
      return false;
  }
}

export const OPTION_CLIENT_ID = 1;
export const OPTION_SERVER_ID = 2;
export const OPTION_IA_NA = 3;
export const OPTION_IA_TA = 4;
export const OPTION_IA_ADDRESS = 5;
export const OPTION_REQUEST = 6;
export const OPTION_PREFERENCE = 7;
export const OPTION_ELAPSED_TIME = 8;
export const OPTION_RELAY_MESSAGE = 9;
export const OPTION_UNICAST = 12;
export const OPTION_STATUS = 13;
export const OPTION_RAPID_COMMIT = 14;
export const OPTION_USER_CLASS = 15;
export const OPTION_VENDOR_CLASS = 16;
export const OPTION_VENDOR_OPTIONS = 17;
export const OPTION_INTERFACE_ID = 18;
export const OPTION_RECONFIGURE_MESSAGE = 19;
export const OPTION_RECONFIGURE_ACCEPT = 20;
export const OPTION_DNS_SERVERS = 23;
export const OPTION_DOMAIN_LIST = 24;
export const OPTION_IA_PD = 25;
export const OPTION_IA_PREFIX = 26;
export const OPTION_REMOTE_ID = 37;
export const OPTION_SUBSCRIBER_ID = 38;
export const OPTION_FQDN = 39;
export const OPTION_NTP_SERVER = 56;
export const OPTION_CLIENT_LINK_LAYER = 79;
const OPTION_NAMES = new Map([
  [1, 'Client Identifier'],
  [2, 'Server Identifier'],
  [3, 'IA_NA'],
  [4, 'IA_TA'],
  [5, 'IA Address'],
  [6, 'Option Request'],
  [7, 'Preference'],
  [8, 'Elapsed Time'],
  [9, 'Relay Message'],
  [11, 'Authentication'],
  [12, 'Server Unicast'],
  [13, 'Status Code'],
  [14, 'Rapid Commit'],
  [15, 'User Class'],
  [16, 'Vendor Class'],
  [17, 'Vendor-specific Information'],
  [18, 'Interface-Id'],
  [19, 'Reconfigure Message'],
  [20, 'Reconfigure Accept'],
  [21, 'SIP Server Domain Name List'],
  [22, 'SIP Server IPv6 Address List'],
  [23, 'DNS Recursive Name Server'],
  [24, 'Domain Search List'],
  [25, 'IA_PD'],
  [26, 'IA Prefix'],
  [27, 'NIS Servers'],
  [28, 'NIS+ Servers'],
  [29, 'NIS Domain Name'],
  [30, 'NIS+ Domain Name'],
  [31, 'SNTP Servers'],
  [32, 'Information Refresh Time'],
  [33, 'BCMCS Controller Domain Name List'],
  [34, 'BCMCS Controller IPv6 Address List'],
  [36, 'GeoConf Civic'],
  [37, 'Relay Agent Remote-ID'],
  [38, 'Relay Agent Subscriber-ID'],
  [39, 'Client FQDN'],
  [40, 'PANA Authentication Agent'],
  [41, 'POSIX Time Zone'],
  [42, 'TZ Database Time Zone'],
  [43, 'Echo Request'],
  [44, 'Lease Query'],
  [45, 'Client Data'],
  [46, 'Client Last Transaction Time'],
  [47, 'Relay Data'],
  [48, 'Client Link'],
  [49, 'MIPv6 Home Network ID FQDN'],
  [51, 'LoST Server'],
  [52, 'CAPWAP Access Controllers'],
  [53, 'Relay-ID'],
  [56, 'NTP Server'],
  [57, 'Access Domain'],
  [58, 'SIP UA Configuration Service Domains'],
  [59, 'Boot File URL'],
  [60, 'Boot File Parameters'],
  [61, 'Client System Architecture Type'],
  [62, 'Client Network Interface Identifier'],
  [63, 'Geolocation'],
  [64, 'AFTR Name'],
  [65, 'ERP Local Domain Name'],
  [66, 'Relay-Supplied Options'],
  [67, 'PD Exclude'],
  [68, 'Virtual Subnet Selection'],
  [74, 'RDNSS Selection'],
  [79, 'Client Link-Layer Address'],
  [80, 'Link Address'],
  [81, 'RADIUS'],
  [82, 'SOL_MAX_RT'],
  [83, 'INF_MAX_RT'],
  [84, 'Address Selection'],
  [85, 'Address Selection Policy Table'],
  [86, 'PCP Server'],
  [87, 'DHCPv4 Message'],
  [88, 'DHCPv4 over DHCPv6 Server'],
  [89, 'S46 Rule'],
  [90, 'S46 BR'],
  [91, 'S46 DMR'],
  [92, 'S46 IPv4/IPv6 Address Binding'],
  [93, 'S46 Port Parameters'],
  [94, 'S46 MAP-E Container'],
  [95, 'S46 MAP-T Container'],
  [96, 'S46 Lightweight 4over6 Container'],
  [103, 'Captive Portal'],
  [112, 'MUD URL'],
  [135, 'Relay Source Port'],
  [136, 'SZTP Redirect'],
  [143, 'IPv6 Address ANDSF'],
  [144, 'Encrypted DNS'],
]);

/** Name of an option as `requested_options` has it. */
export function optionName(code: number): string {
  return OPTION_NAMES.get(code) ?? `Unknown (${code})`;
}

const STATUS_NAMES = [
  'Success',
  'UnspecFail',
  'NoAddrsAvail',
  'NoBinding',
  'NotOnLink',
  'UseMulticast',
  'NoPrefixAvail',
  'UnknownQueryType',
  'MalformedQuery',
  'NotConfigured',
  'NotAllowed',
  'QueryTerminated',
  'DataMissing',
  'CatchUpComplete',
  'NotSupported',
  'TLSConnectionRefused',
  'AddressInUse',
  'ConfigurationConflict',
  'MissingBindingInformation',
  'OutdatedBindingInformation',
  'ServerShuttingDown',
  'DNSUpdateNotSupported',
  'ExcessiveTimeSkew',
];
export const STATUS_SUCCESS = 'Success';

export function statusName(status: number): string {
  return STATUS_NAMES[status] ?? `unknown (${status})`;
}
