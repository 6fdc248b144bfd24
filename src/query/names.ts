// Names that are not in the declarations: goQuery's words for both sides, Wireshark's field names (Display Filter Reference),
// and short ones of ours. Each stands for ECS names; several sides mean "any of them".

export interface Synonym {
  /** One entry per side; of each side the first name that a record type has counts. */
  readonly sides: readonly (readonly string[])[];
  readonly transport?: string;
  readonly isDirection?: boolean;
  /** It wins over a declared field of the same name. */
  readonly isFixed?: boolean;
}

const one = (...paths: string[]): Synonym => ({ sides: [paths] });
const either = (...paths: string[]): Synonym => ({ sides: paths.map((path) => [path]), isFixed: true });

/** Words that stand alone for a transport, as in tcpdump. */
export const BARE_TRANSPORTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['tcp', ['tcp']],
  ['udp', ['udp']],
  ['sctp', ['sctp']],
  ['dccp', ['dccp']],
  ['icmp', ['icmp', 'ipv6-icmp']],
  ['icmp4', ['icmp']],
  ['icmp6', ['ipv6-icmp']],
  ['icmpv6', ['ipv6-icmp']],
  ['ipv6-icmp', ['ipv6-icmp']],
  ['igmp', ['igmp']],
  ['gre', ['gre']],
  ['esp', ['esp']],
  ['ah', ['ah']],
  ['ospf', ['ospf']],
  ['pim', ['pim']],
  ['vrrp', ['vrrp']],
]);

const ports = (transport: string): [string, Synonym][] => [
  [`${transport}.port`, { ...either('source.port', 'destination.port'), transport }],
  [`${transport}.srcport`, { ...one('source.port'), transport }],
  [`${transport}.dstport`, { ...one('destination.port'), transport }],
];

/** Either side's port: what `port 53` asks. Not to be typed: `port = 53` is goQuery's, the destination's. */
export const EITHER_PORT = 'source.port or destination.port';

export const SYNONYMS: ReadonlyMap<string, Synonym> = new Map<string, Synonym>([
  // goQuery
  ['host', either('source.ip', 'destination.ip')],
  ['net', either('source.ip', 'destination.ip')],
  ['snet', { ...one('source.ip'), isFixed: true }],
  ['dnet', { ...one('destination.ip'), isFixed: true }],
  ['sip', one('source.ip')],
  ['src', one('source.ip')],
  ['dip', one('destination.ip')],
  ['dst', one('destination.ip')],
  ['sport', one('source.port')],
  ['dport', one('destination.port')],
  ['port', one('destination.port')],
  ['proto', one('network.transport')],
  ['protocol', one('network.transport')],
  ['dir', { ...one('network.direction'), isDirection: true, isFixed: true }],
  ['direction', { ...one('network.direction'), isDirection: true, isFixed: true }],
  ['time', one('@timestamp')],
  [
    'iface',
    one('observer.ingress.interface.name', 'netscribe.interface', 'netscribe.interface.name', 'network.interface'),
  ],
  ['hostname', one('host.name', 'observer.hostname')],
  ['bytes', one('network.bytes')],
  ['packets', one('network.packets')],
  ['duration', one('event.duration')],
  // ours
  ['smac', one('source.mac')],
  ['dmac', one('destination.mac')],
  ['mac', either('source.mac', 'destination.mac')],
  ['vlan', one('network.vlan.id', 'flow.vlan')],
  ['error', one('error.message')],
  ['process', { sides: [['process.name'], ['source.process.name'], ['destination.process.name']] }],
  ['pid', { sides: [['process.pid'], ['source.process.pid'], ['destination.process.pid']] }],
  ['related.ip', either('source.ip', 'destination.ip')],
  [EITHER_PORT, either('source.port', 'destination.port')],
  // Wireshark
  ['ip.addr', either('source.ip', 'destination.ip')],
  ['ip.host', either('source.ip', 'destination.ip')],
  ['ip.src', one('source.ip')],
  ['ip.dst', one('destination.ip')],
  ['ipv6.addr', either('source.ip', 'destination.ip')],
  ['ipv6.src', one('source.ip')],
  ['ipv6.dst', one('destination.ip')],
  ['ip.proto', one('network.transport')],
  ['eth.addr', either('source.mac', 'destination.mac')],
  ['eth.src', one('source.mac')],
  ['eth.dst', one('destination.mac')],
  ['vlan.id', one('network.vlan.id', 'flow.vlan')],
  ['frame.time', one('@timestamp')],
  ['frame.interface_name', one('observer.ingress.interface.name', 'netscribe.interface')],
  ...ports('tcp'),
  ...ports('udp'),
  ...ports('sctp'),
  ['http.host', one('url.domain', 'destination.domain')],
  ['http.response.code', one('http.response.status_code')],
  ['http.response.phrase', one('http.response.status_phrase')],
  ['http.request.uri', one('url.original', 'url.path')],
  ['http.request.uri.path', one('url.path')],
  ['http.request.uri.query', one('url.query')],
  ['http.request.full_uri', one('url.full')],
  ['http.request.version', one('http.version')],
  ['http.user_agent', one('user_agent.original')],
  ['http.referer', one('http.request.referrer')],
  ['http.content_type', { sides: [['http.response.mime_type'], ['http.request.mime_type']] }],
  ['http.time', one('event.duration')],
  ['dns.flags.rcode', one('dns.response_code')],
  ['dns.flags.opcode', one('dns.op_code')],
  ['dns.flags.truncated', one('dns.flags.truncated_response')],
  ['dns.qry.name', one('dns.question.name')],
  ['dns.qry.type', one('dns.question.type')],
  ['dns.qry.class', one('dns.question.class')],
  ['dns.resp.name', one('dns.answers.name')],
  ['dns.resp.type', one('dns.answers.type')],
  ['dns.resp.ttl', one('dns.answers.ttl')],
  ['dns.a', one('dns.resolved_ip')],
  ['dns.aaaa', one('dns.resolved_ip')],
  ['dns.cname', one('dns.answers.data')],
  ['dns.count.answers', one('dns.answers_count')],
  ['dns.time', one('event.duration')],
  ['tls.handshake.extensions_server_name', one('tls.client.server_name')],
  ['tls.handshake.ciphersuite', one('tls.cipher')],
  ['tls.handshake.ja3', one('tls.client.ja3')],
  ['tls.handshake.ja3s', one('tls.server.ja3s')],
  ['tls.handshake.ja4', one('tls.client.ja4')],
  ['tls.handshake.extensions_alpn_str', one('tls.next_protocol')],
  ['icmp.type', { sides: [['icmp.request.type'], ['icmp.response.type']] }],
  ['icmp.code', { sides: [['icmp.request.code'], ['icmp.response.code']] }],
  ['icmpv6.type', { sides: [['icmp.request.type'], ['icmp.response.type']] }],
  ['mysql.error_code', one('mysql.error_code')],
  ['pgsql.query', one('pgsql.query', 'query')],
  ['sip.from.user', one('sip.from.uri.username')],
  ['sip.to.user', one('sip.to.uri.username')],
  ['sip.call-id', one('sip.call_id')],
  ['sip.status-code', one('sip.code')],
  ['dhcp.option.dhcp', one('dhcpv4.option.message_type')],
  ['dhcp.hw.mac_addr', one('dhcpv4.client_mac')],
  ['dhcp.option.hostname', one('dhcpv4.option.hostname')],
  ['dhcp.ip.your', one('dhcpv4.assigned_ip')],
]);

/** Other spellings of values, by the ECS name of their field, however it was named. Numbers are the declarations' matter (`numbered`). */
export const SPELLINGS: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  [
    'network.transport',
    new Map([
      ['icmp6', 'ipv6-icmp'],
      ['icmpv6', 'ipv6-icmp'],
    ]),
  ],
]);
