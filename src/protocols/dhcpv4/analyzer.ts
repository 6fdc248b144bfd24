// Messages to records.

import { MessageAnalyzer } from '../dhcp-exchange/analyzer.ts';
import type { FlowView } from '../flow-view.ts';
import type { Context, Direction } from '../protocol.ts';
import { messageName } from './codes.ts';
import { clientKey, fillDocument, messageType } from './document.ts';
import type { Dhcpv4Fact } from './exchange.ts';
import { Message } from './message.ts';
import type { Dhcpv4Options } from './options.ts';
import { type Dhcpv4Record, dhcpv4Record } from './record.ts';

/** Only used within a call, so all analyzers share it. */
const message = new Message();

export class Dhcpv4Analyzer extends MessageAnalyzer {
  constructor(context: Context, options: Dhcpv4Options) {
    super(context, options.ports, message);
  }

  protected override tell(direction: Direction, flow: FlowView, _firstOctet: number, wireLength: number): void {
    const record = fillDocument(message, flow);
    record.status = message.faultAt < 0 ? 'OK' : 'Error';
    record.errorMessage = message.faultAt < 0 ? undefined : [message.fault];
    this.fillEnds(record, flow, message.isReply, wireLength);
    this.context.emit(dhcpv4Record, record, direction);
    this.#share(record, direction, wireLength);
  }

  #share(record: Dhcpv4Record, direction: Direction, wireLength: number): void {
    const { flow } = this.context;
    if (this.context.share === undefined) return;
    const type = messageType(message);
    // Cut before the option that says what it is: nobody knows which step of what this was.
    if (type === 0 && message.isCut) return;
    this.context.share({
      transactionId: record.transactionId,
      client: clientKey(message),
      type,
      name: messageName(type, message.isReply),
      isReply: message.isReply,
      answeredBy: record.serverIdentifier?.toString(),
      bytes: wireLength,
      flowId: flow.id,
      source: (direction === 0 ? flow.source : flow.destination).toString(),
      destination: (direction === 0 ? flow.destination : flow.source).toString(),
      vlan: flow.vlan,
      clientMac: record.clientMac,
      currentIp: record.currentIp?.toString(),
      assignedIp: record.assignedIp?.toString(),
      relayIp: record.relayIp?.toString(),
      requestedIp: record.requestedIp?.toString(),
      serverIdentifier: record.serverIdentifier?.toString(),
      told: {
        hostname: record.hostname,
        classIdentifier: message.isReply ? undefined : record.classIdentifier,
        leaseTime: record.leaseTime,
        renewalTime: record.renewalTime,
        rebindingTime: record.rebindingTime,
        message: record.message,
        clientIdentifier: record.clientIdentifier,
        fqdn: record.fqdn,
        fingerprint: record.fingerprint,
        circuitId: record.circuitId,
        remoteId: record.remoteId,
        linkSelection: record.linkSelection?.toString(),
        subscriberId: record.subscriberId,
      },
    } satisfies Dhcpv4Fact);
  }
}
