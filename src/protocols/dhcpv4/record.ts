// The document of one DHCPv4 message. Fields under `dhcpv4.*` are Packetbeat's; what it has no name for is under `netscribe.dhcpv4.*`.
// The source is who sent the message; client and server are the parts that DHCP gives them, so a reply's client is its destination.

import { transaction } from '../../records/common.ts';
import { f } from '../../records/field.ts';
import { defineRecord, type RecordOf } from '../../records/record.ts';
import { messageEnds } from '../dhcp-exchange/fields.ts';
import { hardwareTypeName, messageTypeName } from './codes.ts';

const { end: _end, duration: _duration, destinationBytes: _answer, ...message } = transaction('dhcpv4');

/** What the message and the exchange tell alike. */
export const clientFields = {
  transactionId: f
    .keyword('dhcpv4.transaction_id', 'random number that the client chose, 0x and eight digits')
    .alias('xid'),
  clientMac: f.keyword('dhcpv4.client_mac', "client's hardware address").optional(),
  assignedIp: f.ip('dhcpv4.assigned_ip', 'address that the server assigns').optional(),
  relayIp: f.ip('dhcpv4.relay_ip', 'relay agent between client and server').optional(),
  requestedIp: f.ip('dhcpv4.option.requested_ip_address', 'address that the client asks for').optional(),
  serverIdentifier: f.ip('dhcpv4.option.server_identifier', 'server that is meant or that answers').optional(),
  hostname: f.text('dhcpv4.option.hostname', 'name of the client').optional(),
  classIdentifier: f.text('dhcpv4.option.class_identifier', 'vendor and configuration of the client').optional(),
  leaseTime: f.int('dhcpv4.option.ip_address_lease_time_sec', 'length of the lease').optional().inUnit('s'),
  renewalTime: f
    .int('dhcpv4.option.renewal_time_sec', 'when the client shall ask its server again')
    .optional()
    .inUnit('s'),
  rebindingTime: f.int('dhcpv4.option.rebinding_time_sec', 'when it shall ask any server').optional().inUnit('s'),
  message: f.text('dhcpv4.option.message', 'why a server refuses or a client declines').optional(),

  clientIdentifier: f
    .text('netscribe.dhcpv4.client_identifier', 'option 61: a MAC address, a name, a DUID, or hexadecimal')
    .optional(),
  fqdn: f.text('netscribe.dhcpv4.fqdn', "option 81: client's domain name").optional(),
  fingerprint: f
    .keyword(
      'netscribe.dhcpv4.fingerprint',
      'codes of the parameter request list in its order: what system the client runs',
    )
    .optional(),
  circuitId: f
    .text('netscribe.dhcpv4.relay_agent.circuit_id', 'option 82: port that the request came in at')
    .optional(),
  remoteId: f.text('netscribe.dhcpv4.relay_agent.remote_id', 'option 82: who is at the far end of it').optional(),
  linkSelection: f.ip('netscribe.dhcpv4.relay_agent.link_selection', 'option 82: subnet to choose from').optional(),
  subscriberId: f.text('netscribe.dhcpv4.relay_agent.subscriber_id', 'option 82: subscriber').optional(),
};

export const dhcpv4Record = defineRecord(
  'dhcpv4',
  { family: 'transaction', doc: 'One DHCP or BOOTP message over IPv4.' },
  {
    ...message,
    ...messageEnds(
      "address that the client's side of the message has in IP",
      "address that the server's or relay agent's side has in IP",
    ),
    protocol: f.constant('network.protocol', 'dhcpv4'),

    ...clientFields,
    opCode: f.keyword('dhcpv4.op_code', 'bootrequest or bootreply'),
    hardwareType: f.keyword('dhcpv4.hardware_type', 'kind of network: Ethernet, …').numbered(hardwareTypeName),
    hops: f.int('dhcpv4.hops', 'relay agents on the way'),
    seconds: f.int('dhcpv4.seconds', 'time since the client began').inUnit('s'),
    flags: f.keyword('dhcpv4.flags', 'unicast or broadcast: how the reply shall come'),
    currentIp: f.ip('dhcpv4.client_ip', 'address that the client has').optional(),
    nextServerIp: f.ip('dhcpv4.server_ip', 'server for the next step of booting').optional(),
    serverName: f.text('dhcpv4.server_name', 'name of the server').optional(),
    bootFile: f.text('dhcpv4.boot_file_name', 'file to boot').optional(),

    messageType: f
      .keyword('dhcpv4.option.message_type', 'discover, offer, request, ack, nak, …; absent for BOOTP')
      .dimension()
      .optional()
      .numbered(messageTypeName),
    parameterList: f.keywords('dhcpv4.option.parameter_request_list', 'options that the client would like').optional(),
    broadcastAddress: f.ip('dhcpv4.option.broadcast_address', 'broadcast address of the subnet').optional(),
    maxSize: f
      .int('dhcpv4.option.max_dhcp_message_size', 'longest message that the sender takes')
      .optional()
      .inUnit('bytes'),
    domainName: f.text('dhcpv4.option.domain_name', 'domain of the client').optional(),
    dnsServers: f.keywords('dhcpv4.option.dns_servers', 'name servers').optional(),
    vendorOptions: f
      .list('dhcpv4.option.vendor_identifying_options', 'option 125: data by vendor', {
        id: f.int('id', 'enterprise number'),
        data: f.text('data', 'hexadecimal'),
      })
      .optional(),
    subnetMask: f.ip('dhcpv4.option.subnet_mask', 'mask of the subnet').optional(),
    timeOffset: f.int('dhcpv4.option.utc_time_offset_sec', 'offset from UTC').optional().inUnit('s'),
    routers: f.keywords('dhcpv4.option.router', 'routers of the subnet').optional().single(),
    timeServers: f.keywords('dhcpv4.option.time_servers', 'RFC 868 time servers').optional(),
    ntpServers: f.keywords('dhcpv4.option.ntp_servers', 'NTP servers').optional(),
    bootFileOption: f.text('dhcpv4.option.boot_file_name', 'option 67: file to boot').optional(),

    serverOverride: f.ip('netscribe.dhcpv4.relay_agent.server_override', 'option 82: server id to use').optional(),
    relayOthers: f
      .map('netscribe.dhcpv4.relay_agent.option', 'option 82: other sub-options by code, hexadecimal')
      .optional(),
    searchList: f.keywords('netscribe.dhcpv4.domain_search', 'option 119: domains to search').optional(),
    routes: f
      .list('netscribe.dhcpv4.classless_routes', 'options 121 and 249', {
        destination: f.keyword('destination', 'network'),
        router: f.keyword('router', 'router to it'),
      })
      .optional(),
    userClass: f.keywords('netscribe.dhcpv4.user_class', 'option 77').optional(),
    vendorClass: f
      .list('netscribe.dhcpv4.vendor_class', 'option 124: class by vendor', {
        id: f.int('id', 'enterprise number'),
        data: f.text('data', 'hexadecimal'),
      })
      .optional(),
    vendorSpecific: f.text('netscribe.dhcpv4.vendor_specific', 'option 43, hexadecimal').optional(),
    rapidCommit: f.bool('netscribe.dhcpv4.rapid_commit', 'option 80: an ACK may follow a DISCOVER').optional(),
    settings: f.map('netscribe.dhcpv4.settings', 'other options that we know, by name').optional(),
    unknown: f.map('netscribe.dhcpv4.option', 'options that we do not know, by code, hexadecimal').optional(),
    isBootp: f.bool('netscribe.dhcpv4.bootp', 'no magic cookie: plain BOOTP').optional(),
    overload: f.keywords('netscribe.dhcpv4.overload', 'fields that hold options: file, sname').optional(),
    endMissing: f.bool('netscribe.dhcpv4.end_missing', 'the options end without End (255)').optional(),
    cut: f.bool('netscribe.dhcpv4.cut', 'the capture does not hold the whole message').optional(),
    malformedAt: f
      .int('netscribe.dhcpv4.malformed_at', 'offset of the first byte that is wrong')
      .optional()
      .inUnit('bytes'),
  },
);

export type Dhcpv4Record = RecordOf<(typeof dhcpv4Record)['fields']>;
