// The document of one DHCPv6 message, in the manner of `dhcpv4`. The source is who sent it; client and server are the parts that DHCP gives
// them.

import { transaction } from '../../records/common.ts';
import { f } from '../../records/field.ts';
import { defineRecord, type RecordOf } from '../../records/record.ts';
import { messageEnds } from '../dhcp-exchange/fields.ts';
import { messageTypeName } from './codes.ts';

const { end: _end, duration: _duration, destinationBytes: _answer, ...message } = transaction('dhcpv6');

const status = {
  statusCode: f.keyword('status_code', 'Success, NoBinding, …').optional(),
  statusMessage: f.text('status_message', 'what the server says to it').optional(),
};
const lifetimes = {
  preferred: f.int('preferred_lifetime_sec', 'how long it is preferred').inUnit('s'),
  valid: f.int('valid_lifetime_sec', 'how long it is valid').inUnit('s'),
};

/** What the message and the exchange tell alike. */
export const clientFields = {
  clientId: f.text('dhcpv6.client_id', 'DUID of the client: llt, en, ll or uuid with its parts').optional(),
  clientMac: f
    .keyword('dhcpv6.client_mac', "client's hardware address, from its DUID or from a relay agent")
    .optional(),
  serverId: f.text('dhcpv6.server_id', 'DUID of the server').optional(),
  associations: f
    .list('dhcpv6.ia', 'identity associations', {
      type: f.keyword('type', 'na, ta or pd'),
      iaid: f.keyword('iaid', 'which of the client, 0x and eight digits'),
      t1: f.int('renewal_time_sec', 'T1').optional().inUnit('s'),
      t2: f.int('rebinding_time_sec', 'T2').optional().inUnit('s'),
      ...status,
    })
    .optional(),
  addresses: f
    .list('dhcpv6.addresses', 'addresses of the associations', {
      iaid: f.keyword('iaid', 'of which association'),
      ip: f.ip('ip', 'address'),
      ...lifetimes,
      ...status,
    })
    .optional(),
  prefixes: f
    .list('dhcpv6.prefixes', 'delegated prefixes', {
      iaid: f.keyword('iaid', 'of which association'),
      prefix: f.keyword('prefix', 'prefix and length'),
      ...lifetimes,
      ...status,
    })
    .optional(),
  statusCode: f.keyword('dhcpv6.option.status_code', 'status of the whole message').optional(),
  statusMessage: f.text('dhcpv6.option.status_message', 'what the server says to it').optional(),
  fqdn: f.text('dhcpv6.option.client_fqdn', "client's domain name").optional(),
  dnsServers: f.keywords('dhcpv6.option.dns_servers', 'name servers').optional(),
  domainList: f.keywords('dhcpv6.option.domain_list', 'domains to search').optional(),
};

export const dhcpv6Record = defineRecord(
  'dhcpv6',
  { family: 'transaction', doc: 'One DHCP message over IPv6, with the relay agents around it.' },
  {
    ...message,
    ...messageEnds(
      "address of the client's side, which may be a relay agent",
      "address of the server's side, which may be a relay agent",
    ),
    protocol: f.constant('network.protocol', 'dhcpv6'),

    messageType: f
      .keyword('dhcpv6.message_type', 'solicit, advertise, request, reply, …; of a relayed message the inner type')
      .numbered(messageTypeName),
    transactionId: f
      .keyword('dhcpv6.transaction_id', 'number that pairs request and reply, 0x and six digits')
      .optional()
      .alias('xid'),
    relays: f
      .list('dhcpv6.relays', 'relay agents, outermost first', {
        type: f.keyword('message_type', 'relay-forw or relay-repl'),
        hops: f.int('hops', 'relay agents before this one'),
        linkAddress: f.ip('link_address', 'tells the link that the client is on'),
        peerAddress: f.ip('peer_address', 'client or relay agent on the near side'),
        interfaceId: f.text('interface_id', 'interface that the message came in at').optional(),
        remoteId: f.text('remote_id', 'enterprise number and id').optional(),
        subscriberId: f.text('subscriber_id', 'subscriber').optional(),
        clientMac: f.keyword('client_mac', "client's hardware address as the relay agent saw it").optional(),
      })
      .optional(),
    ...clientFields,
    assignedIp: f.ip('dhcpv6.assigned_ip', 'first address that a server gives or offers').optional(),
    requested: f.keywords('dhcpv6.option.requested_options', 'options that the client would like').optional(),
    fingerprint: f
      .keyword('netscribe.dhcpv6.fingerprint', 'their codes in their order: what system the client runs')
      .optional(),
    preference: f.int('dhcpv6.option.preference', 'of this server; the highest wins').optional(),
    elapsed: f.float('dhcpv6.option.elapsed_time_sec', 'time since the client began').optional().inUnit('s'),
    unicast: f.ip('dhcpv6.option.server_unicast', 'address at which the server takes unicast').optional(),
    rapidCommit: f.bool('dhcpv6.option.rapid_commit', 'a reply may follow a solicit').optional(),
    reconfigureAccept: f.bool('dhcpv6.option.reconfigure_accept', 'the client takes reconfigure messages').optional(),
    reconfigure: f.keyword('dhcpv6.option.reconfigure_message', 'what the client shall do').optional(),
    userClass: f.keywords('dhcpv6.option.user_class', 'classes of the user').optional(),
    vendorClass: f
      .list('dhcpv6.option.vendor_class', 'classes by vendor', {
        id: f.int('id', 'enterprise number'),
        data: f.keywords('data', 'classes'),
      })
      .optional(),
    vendorOptions: f
      .list('dhcpv6.option.vendor_identifying_options', 'data by vendor', {
        id: f.int('id', 'enterprise number'),
        data: f.text('data', 'hexadecimal'),
      })
      .optional(),
    ntpServers: f.keywords('dhcpv6.option.ntp_servers', 'NTP servers: addresses and names').optional(),
    settings: f.map('netscribe.dhcpv6.settings', 'other options that we know, by name').optional(),
    unknown: f.map('netscribe.dhcpv6.option', 'options that we do not know, by code, hexadecimal').optional(),
    cut: f.bool('netscribe.dhcpv6.cut', 'the capture does not hold the whole message').optional(),
    malformedAt: f
      .int('netscribe.dhcpv6.malformed_at', 'offset of the first byte that is wrong')
      .optional()
      .inUnit('bytes'),
  },
);

export type Dhcpv6Record = RecordOf<(typeof dhcpv6Record)['fields']>;
export type Association = NonNullable<Dhcpv6Record['associations']>[number];
export type AssociationAddress = NonNullable<Dhcpv6Record['addresses']>[number];
export type DelegatedPrefix = NonNullable<Dhcpv6Record['prefixes']>[number];
export type Relay = NonNullable<Dhcpv6Record['relays']>[number];
