// The ICMP transaction: a request with its reply, or one message that stands alone (errors, redirects, reports).

import { program, transaction } from '../../records/common.ts';
import { f } from '../../records/field.ts';
import { blankRecord, defineRecord, type RecordOf } from '../../records/record.ts';
import { VERSION } from '../../version.ts';

export const icmpRecord = defineRecord(
  'icmp',
  {
    family: 'transaction',
    doc: 'an ICMP or ICMPv6 request with its reply, or one message that needs none, such as an error with the flow it quotes',
  },
  {
    ...program(VERSION),
    ...transaction('icmp', ['connection']),
    path: f.ip('path', 'destination address of the request').ofFlow('destination'),
    request: f.text('request', 'data of the request, when send_request is on').optional(),
    response: f.text('response', 'data of the response, when send_response is on').optional(),

    version: f.int('icmp.version', '4 for ICMP, 6 for ICMPv6'),
    requestMessage: f.keyword('icmp.request.message', 'type of the request in words, with its code').optional(),
    requestType: f.int('icmp.request.type', 'ICMP type of the request').optional().dimension(),
    requestCode: f.int('icmp.request.code', 'ICMP code of the request').optional(),
    responseMessage: f.keyword('icmp.response.message', 'type of the response in words, with its code').optional(),
    responseType: f.int('icmp.response.type', 'ICMP type of the response').optional().dimension(),
    responseCode: f.int('icmp.response.code', 'ICMP code of the response').optional(),

    echoIdentifier: f.int('netscribe.icmp.echo.identifier', 'tells one ping from another').optional(),
    echoSequence: f.int('netscribe.icmp.echo.sequence', 'sequence number within one ping').optional(),

    mtu: f
      .int('netscribe.icmp.mtu', 'largest packet the next hop takes, or the link that a router advertises')
      .optional()
      .inUnit('bytes'),
    pointer: f.int('netscribe.icmp.pointer', 'offset of the fault in the quoted packet (parameter problem)').optional(),
    gateway: f.ip('netscribe.icmp.gateway', 'better first hop that a redirect names').optional(),
    quotedSourceIp: f.ip('netscribe.icmp.quoted.source.ip', 'source of the packet that an error quotes').optional(),
    quotedSourcePort: f.int('netscribe.icmp.quoted.source.port', 'its source port').optional(),
    quotedDestinationIp: f.ip('netscribe.icmp.quoted.destination.ip', 'its destination').optional(),
    quotedDestinationPort: f.int('netscribe.icmp.quoted.destination.port', 'its destination port').optional(),
    quotedTransport: f.keyword('netscribe.icmp.quoted.network.transport', 'its protocol: tcp, udp, …').optional(),
    quotedCommunityId: f
      .keyword('netscribe.icmp.quoted.community_id', 'Community ID of the flow that the error is about')
      .optional(),
    mpls: f
      .list('netscribe.icmp.mpls', 'MPLS labels of the packet when it died (RFC 4950), outermost first', {
        label: f.int('label', 'label'),
        trafficClass: f.int('traffic_class', 'traffic class'),
        ttl: f.int('ttl', 'time to live'),
      })
      .optional(),

    multicastGroups: f
      .keywords('netscribe.icmp.multicast_groups', 'groups that multicast listener discovery is about')
      .optional(),
    ndTarget: f.ip('netscribe.icmp.nd.target', 'address that neighbour discovery is about').optional(),
    ndLinkLayerAddress: f
      .keyword(
        'netscribe.icmp.nd.link_layer_address',
        "link-layer address told by neighbour discovery: the advertised one, or the asker's when nobody answered",
      )
      .optional(),

    routerLifetime: f
      .int('netscribe.icmp.router.lifetime', 'router advertisement: how long it is a default router; 0: it is none')
      .optional()
      .inUnit('s'),
    routerPreference: f
      .keyword('netscribe.icmp.router.preference', 'before which other routers: high, medium, low')
      .optional(),
    routerHopLimit: f.int('netscribe.icmp.router.hop_limit', 'hop limit that hosts are to use').optional(),
    routerManaged: f.bool('netscribe.icmp.router.managed', 'addresses are to be had by DHCPv6').optional(),
    routerOtherConfig: f
      .bool('netscribe.icmp.router.other_config', 'other configuration is to be had by DHCPv6')
      .optional(),
    routerPrefixes: f
      .list('netscribe.icmp.router.prefixes', 'prefixes that it announces', {
        prefix: f.keyword('prefix', 'prefix with its length'),
        onLink: f.bool('on_link', 'its addresses are on this link'),
        autonomous: f.bool('autonomous', 'hosts make up addresses in it'),
        validLifetime: f.int('valid_lifetime', 'how long its addresses are valid').inUnit('s'),
        preferredLifetime: f.int('preferred_lifetime', 'how long they are preferred').inUnit('s'),
      })
      .optional(),
    routerRoutes: f
      .list('netscribe.icmp.router.routes', 'networks that it leads to', {
        prefix: f.keyword('prefix', 'network'),
        preference: f.keyword('preference', 'high, medium, low'),
        lifetime: f.int('lifetime', 'how long').inUnit('s'),
      })
      .optional(),
    routerDnsServers: f.keywords('netscribe.icmp.router.dns_servers', 'DNS servers that it announces').optional(),
    routerSearchDomains: f
      .keywords('netscribe.icmp.router.search_domains', 'domains to search, which it announces')
      .optional(),
    routerCaptivePortal: f.text('netscribe.icmp.router.captive_portal', "URI of the captive portal's API").optional(),
    routerNat64Prefix: f.keyword('netscribe.icmp.router.nat64_prefix', 'prefix of NAT64').optional(),
    routerAddresses: f.keywords('netscribe.icmp.router.addresses', 'addresses of routers (ICMP of IPv4)').optional(),
  },
);

export type IcmpRecord = RecordOf<typeof icmpRecord.fields>;

/** A record with every property in place, so that its shape never changes. `clear` makes it so again. */
export function emptyRecord(): IcmpRecord {
  const record = blankRecord(icmpRecord);
  record.version = 0;
  clear(record);
  return record;
}

/** Takes out everything that belongs to one transaction. */
export function clear(record: IcmpRecord): void {
  record.startSeconds = 0;
  record.startNanos = 0;
  record.endSeconds = undefined;
  record.endNanos = undefined;
  record.duration = undefined;
  record.status = 'OK';
  record.sourceBytes = undefined;
  record.destinationBytes = undefined;
  record.networkBytes = undefined;
  record.errorMessage = undefined;
  record.request = undefined;
  record.response = undefined;
  record.requestMessage = undefined;
  record.requestType = undefined;
  record.requestCode = undefined;
  record.responseMessage = undefined;
  record.responseType = undefined;
  record.responseCode = undefined;
  record.echoIdentifier = undefined;
  record.echoSequence = undefined;
  record.mtu = undefined;
  record.pointer = undefined;
  record.gateway = undefined;
  record.quotedSourceIp = undefined;
  record.quotedSourcePort = undefined;
  record.quotedDestinationIp = undefined;
  record.quotedDestinationPort = undefined;
  record.quotedTransport = undefined;
  record.quotedCommunityId = undefined;
  record.mpls = undefined;
  record.multicastGroups = undefined;
  record.ndTarget = undefined;
  record.ndLinkLayerAddress = undefined;
  // Hardly any message is of a router.
  if (record.routerLifetime !== undefined) clearRouter(record);
}

function clearRouter(record: IcmpRecord): void {
  record.routerLifetime = undefined;
  record.routerPreference = undefined;
  record.routerHopLimit = undefined;
  record.routerManaged = undefined;
  record.routerOtherConfig = undefined;
  record.routerPrefixes = undefined;
  record.routerRoutes = undefined;
  record.routerDnsServers = undefined;
  record.routerSearchDomains = undefined;
  record.routerCaptivePortal = undefined;
  record.routerNat64Prefix = undefined;
  record.routerAddresses = undefined;
}
