// ICMP and ICMPv6 types and codes: their names as Packetbeat writes them into `icmp.request.message`, and what part each type
// plays. Numbers: IANA "ICMP Type Numbers" and "ICMPv6 Parameters"; RFC 792, 950, 1256, 4443, 4861, 4620, 6275.

export type IcmpVersion = 4 | 6;

export const V4_ECHO_REPLY = 0;
export const V4_UNREACHABLE = 3;
export const V4_SOURCE_QUENCH = 4;
export const V4_REDIRECT = 5;
export const V4_ECHO = 8;
export const V4_ROUTER_ADVERTISEMENT = 9;
export const V4_TIME_EXCEEDED = 11;
export const V4_PARAMETER_PROBLEM = 12;
export const V4_CODE_FRAGMENTATION_NEEDED = 4;

export const V6_UNREACHABLE = 1;
export const V6_PACKET_TOO_BIG = 2;
export const V6_TIME_EXCEEDED = 3;
export const V6_PARAMETER_PROBLEM = 4;
export const V6_ECHO = 128;
export const V6_ECHO_REPLY = 129;
export const V6_ROUTER_SOLICITATION = 133;
export const V6_ROUTER_ADVERTISEMENT = 134;
export const V6_NEIGHBOR_SOLICITATION = 135;
export const V6_NEIGHBOR_ADVERTISEMENT = 136;
export const V6_REDIRECT = 137;
export const V6_NODE_INFORMATION_QUERY = 139;
export const V6_NODE_INFORMATION_RESPONSE = 140;
export const V6_HOME_AGENT_REQUEST = 144;
export const V6_HOME_AGENT_REPLY = 145;

/**
 * What a type is: half of an exchange that is odd without the other half (echo); half of one where the answer often comes from
 * or goes to another address, so that a half alone is nothing odd (discovery); a report of an error; anything else.
 */
export const Role = Object.freeze({
  alone: 0,
  error: 1,
  request: 2,
  response: 3,
  solicitation: 4,
  advertisement: 5,
});

/** [request, reply]. Both carry an identifier and a sequence number at bytes 4 and 6. */
const V4_EXCHANGES = [
  [8, 0],
  [13, 14],
  [15, 16],
  [17, 18],
] as const;
const V6_EXCHANGES = [[V6_ECHO, V6_ECHO_REPLY]] as const;
const V4_DISCOVERIES = [[10, 9]] as const;
const V6_DISCOVERIES = [
  [V6_ROUTER_SOLICITATION, V6_ROUTER_ADVERTISEMENT],
  [V6_NEIGHBOR_SOLICITATION, V6_NEIGHBOR_ADVERTISEMENT],
  [V6_NODE_INFORMATION_QUERY, V6_NODE_INFORMATION_RESPONSE],
  [V6_HOME_AGENT_REQUEST, V6_HOME_AGENT_REPLY],
] as const;

type Pairs = readonly (readonly [number, number])[];

function roles(exchanges: Pairs, discoveries: Pairs, errors: readonly number[]) {
  const role = new Uint8Array(256);
  const requestOf = new Uint8Array(256).map((_, type) => type);
  for (const [request, reply] of exchanges) {
    role[request] = Role.request;
    role[reply] = Role.response;
    requestOf[reply] = request;
  }
  for (const [solicitation, advertisement] of discoveries) {
    role[solicitation] = Role.solicitation;
    role[advertisement] = Role.advertisement;
    requestOf[advertisement] = solicitation;
  }
  for (const type of errors) role[type] = Role.error;
  return { role, requestOf };
}

const V4_ROLES = roles(V4_EXCHANGES, V4_DISCOVERIES, [
  V4_UNREACHABLE,
  V4_SOURCE_QUENCH,
  V4_TIME_EXCEEDED,
  V4_PARAMETER_PROBLEM,
]);
const V6_ROLES = roles(V6_EXCHANGES, V6_DISCOVERIES, [
  V6_UNREACHABLE,
  V6_PACKET_TOO_BIG,
  V6_TIME_EXCEEDED,
  V6_PARAMETER_PROBLEM,
]);

/** One of `Role`. */
export function roleOf(version: IcmpVersion, type: number): number {
  return (version === 4 ? V4_ROLES : V6_ROLES).role[type];
}

/** The type of the request that `type` answers; `type` itself when it answers none. */
export function requestTypeOf(version: IcmpVersion, type: number): number {
  return (version === 4 ? V4_ROLES : V6_ROLES).requestOf[type];
}

/** Errors, and redirects, which quote the packet that caused them but are none. */
export function quotesPacket(version: IcmpVersion, type: number): boolean {
  return roleOf(version, type) === Role.error || type === (version === 4 ? V4_REDIRECT : V6_REDIRECT);
}

/** Name of a type, with the names of its codes from 0 on where codes mean something. */
type TypeName = readonly [type: number, name: string, ...codes: string[]];

const V4_NAMES: readonly TypeName[] = [
  [0, 'EchoReply'],
  [
    3,
    'DestinationUnreachable',
    'Net',
    'Host',
    'Protocol',
    'Port',
    'FragmentationNeeded',
    'SourceRoutingFailed',
    'NetUnknown',
    'HostUnknown',
    'SourceIsolated',
    'NetAdminProhibited',
    'HostAdminProhibited',
    'NetTOS',
    'HostTOS',
    'CommAdminProhibited',
    'HostPrecedence',
    'PrecedenceCutoff',
  ],
  [4, 'SourceQuench'],
  [5, 'Redirect', 'Net', 'Host', 'TOS+Net', 'TOS+Host'],
  [8, 'EchoRequest'],
  [9, 'RouterAdvertisement'],
  [10, 'RouterSolicitation'],
  [11, 'TimeExceeded', 'TTLExceeded', 'FragmentReassemblyTimeExceeded'],
  [12, 'ParameterProblem', 'PointerIndicatesError', 'MissingOption', 'BadLength'],
  [13, 'TimestampRequest'],
  [14, 'TimestampReply'],
  [15, 'InfoRequest'],
  [16, 'InfoReply'],
  [17, 'AddressMaskRequest'],
  [18, 'AddressMaskReply'],
];

const V6_NAMES: readonly TypeName[] = [
  [
    1,
    'DestinationUnreachable',
    'NoRouteToDst',
    'AdminProhibited',
    'BeyondScopeOfSrc',
    'AddressUnreachable',
    'PortUnreachable',
    'SrcAddressFailedPolicy',
    'RejectRouteToDst',
  ],
  [2, 'PacketTooBig'],
  [3, 'TimeExceeded', 'HopLimitExceeded', 'FragmentReassemblyTimeExceeded'],
  [4, 'ParameterProblem', 'ErroneousHeaderField', 'UnrecognizedNextHeader', 'UnrecognizedIPv6Option'],
  [128, 'EchoRequest'],
  [129, 'EchoReply'],
  [133, 'RouterSolicitation'],
  [134, 'RouterAdvertisement'],
  [135, 'NeighborSolicitation'],
  [136, 'NeighborAdvertisement'],
  [137, 'Redirect'],
];

function compose(names: readonly TypeName[], type: number, code: number): string {
  const known = names.find(([number]) => number === type);
  if (known === undefined) return `${type}(${code})`;
  const [, name, ...codes] = known;
  if (code < codes.length) return `${name}(${codes[code]})`;
  return codes.length === 0 && code === 0 ? name : `${name}(Code: ${code})`;
}

/** Composed names by version, type and code: at most 2 × 65536, in practice a dozen. */
const composed = new Map<number, string>();

/**
 * `EchoRequest`, `DestinationUnreachable(Port)`; an unknown code gives `TimeExceeded(Code: 7)`, an unknown type `143(0)`.
 * The multicast listener types have no names in Packetbeat either.
 */
export function messageName(version: IcmpVersion, type: number, code: number): string {
  const key = (version << 16) | (type << 8) | code;
  let name = composed.get(key);
  if (name === undefined) {
    name = compose(version === 4 ? V4_NAMES : V6_NAMES, type, code);
    composed.set(key, name);
  }
  return name;
}
