// Messages to records: one each, at once. What an exchange needs of them is shared, because its messages go through several flows.

import type { Analyzer, Context, Direction, Verdict } from '../protocol.ts';
import { clientKey, fillDocument, messageType } from './document.ts';
import type { Dhcpv4Fact } from './exchange.ts';
import { Message } from './message.ts';
import type { Dhcpv4Options } from './options.ts';
import { type Dhcpv4Record, dhcpv4Record } from './record.ts';

/** Only used within a call, so all analyzers share it. */
const message = new Message();

export class Dhcpv4Analyzer implements Analyzer {
  readonly #context: Context;
  /** The flow uses one of the protocol's ports: what can not be read is still DHCP. */
  readonly #isExpected: boolean;
  #isSure = false;

  constructor(context: Context, options: Dhcpv4Options) {
    this.#context = context;
    const { sourcePort, destinationPort } = context.flow;
    this.#isExpected = options.ports.includes(sourcePort) || options.ports.includes(destinationPort);
  }

  message(direction: Direction, bytes: Uint8Array, from: number, to: number, wireLength: number): Verdict {
    const context = this.#context;
    if (!message.parse(bytes, from, to, wireLength)) {
      if (!this.#isSure && !this.#isExpected) return 'reject';
      context.count(wireLength > to - from ? 'truncated' : 'malformed');
      return 'ok';
    }
    this.#isSure = true;
    if (message.isCut) context.count('truncated');
    else if (message.faultAt >= 0) context.count('malformed');
    const record = this.#document(direction, wireLength);
    context.emit(dhcpv4Record, record, direction);
    this.#share(record, direction, wireLength);
    return 'ok';
  }

  end(): void {}

  #document(direction: Direction, wireLength: number): Dhcpv4Record {
    const context = this.#context;
    const flow = direction === 0 ? context.flow : context.flow.reversed;
    const record = fillDocument(message, flow);
    const { isReply } = message;
    record.startSeconds = context.seconds;
    record.startNanos = context.nanos;
    record.status = message.faultAt < 0 ? 'OK' : 'Error';
    record.errorMessage = message.faultAt < 0 ? undefined : [message.fault];
    record.sourceBytes = wireLength;
    record.networkBytes = wireLength;
    const client = isReply ? flow.reversed : flow;
    record.clientIp = client.source;
    record.clientPort = client.sourcePort;
    record.serverIp = client.destination;
    record.serverPort = client.destinationPort;
    record.clientBytes = isReply ? undefined : wireLength;
    record.serverBytes = isReply ? wireLength : undefined;
    return record;
  }

  #share(record: Dhcpv4Record, direction: Direction, wireLength: number): void {
    const { flow } = this.#context;
    if (this.#context.share === undefined) return;
    this.#context.share({
      transactionId: record.transactionId,
      client: clientKey(message),
      type: messageType(message),
      isReply: message.isReply,
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
