// Messages to records.

import { MessageAnalyzer } from '../dhcp-exchange/analyzer.ts';
import type { FlowView } from '../flow-view.ts';
import type { Context, Direction } from '../protocol.ts';
import { isFromServer, messageTypeName, STATUS_SUCCESS } from './codes.ts';
import { fillDocument } from './document.ts';
import type { Dhcpv6Fact } from './exchange.ts';
import { Message } from './message.ts';
import type { Dhcpv6Options } from './options.ts';
import { type Dhcpv6Record, dhcpv6Record } from './record.ts';

/** Only used within a call, so all analyzers share it. */
const message = new Message();

export class Dhcpv6Analyzer extends MessageAnalyzer {
  constructor(context: Context, options: Dhcpv6Options) {
    super(context, options.ports, message);
  }

  protected override tell(direction: Direction, flow: FlowView, firstOctet: number, wireLength: number): void {
    const record = fillDocument(message, flow);
    const notes: string[] = [];
    if (message.faultAt >= 0) notes.push(message.fault);
    if (record.statusCode !== undefined && record.statusCode !== STATUS_SUCCESS) {
      notes.push(
        record.statusMessage === undefined ? record.statusCode : `${record.statusCode}: ${record.statusMessage}`,
      );
    }
    record.status = notes.length === 0 ? 'OK' : 'Error';
    record.errorMessage = notes.length === 0 ? undefined : notes;
    // The outermost message tells which way it goes.
    this.fillEnds(record, flow, isFromServer(firstOctet), wireLength);
    this.context.emit(dhcpv6Record, record, direction);
    this.#share(record, direction, wireLength);
  }

  #share(record: Dhcpv6Record, direction: Direction, wireLength: number): void {
    const { flow } = this.context;
    if (this.context.share === undefined || record.transactionId === undefined) return;
    const isReply = isFromServer(message.type);
    const source = (direction === 0 ? flow.source : flow.destination).toString();
    const destination = (direction === 0 ? flow.destination : flow.source).toString();
    const nearest = record.relays?.at(-1);
    this.context.share({
      transactionId: record.transactionId,
      // A client that hides its identity is told by its address.
      client: record.clientId ?? nearest?.peerAddress.toString() ?? (isReply ? destination : source),
      type: message.type,
      name: messageTypeName(message.type),
      isReply,
      answeredBy: record.serverId,
      bytes: wireLength,
      flowId: flow.id,
      source,
      destination,
      vlan: flow.vlan,
      clientIp: nearest?.peerAddress.toString() ?? (isReply ? destination : source),
      serverIp: record.relays === undefined && isReply ? source : undefined,
      relays: (record.relays ?? []).map(({ linkAddress }) => linkAddress.toString()),
      told: {
        clientId: record.clientId,
        clientMac: record.clientMac,
        serverId: record.serverId,
        associations: record.associations,
        prefixes: record.prefixes,
        statusCode: record.statusCode,
        statusMessage: record.statusMessage,
        fqdn: record.fqdn,
        dnsServers: record.dnsServers,
        domainList: record.domainList,
      },
      addresses: record.addresses?.map(({ ip, ...rest }) => ({ ...rest, ip: ip.toString() })),
    } satisfies Dhcpv6Fact);
  }
}
