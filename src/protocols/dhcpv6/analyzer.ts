// Messages to records: one each, at once. What an exchange needs of them is shared, because its messages go through several flows.

import type { Analyzer, Context, Direction, Verdict } from '../protocol.ts';
import { isFromServer, messageTypeName, STATUS_SUCCESS } from './codes.ts';
import { fillDocument } from './document.ts';
import type { Dhcpv6Fact } from './exchange.ts';
import { Message } from './message.ts';
import type { Dhcpv6Options } from './options.ts';
import { type Dhcpv6Record, dhcpv6Record } from './record.ts';

/** Only used within a call, so all analyzers share it. */
const message = new Message();

export class Dhcpv6Analyzer implements Analyzer {
  readonly #context: Context;
  /** The flow uses one of the protocol's ports: what can not be read is still DHCPv6. */
  readonly #isExpected: boolean;
  #isSure = false;

  constructor(context: Context, options: Dhcpv6Options) {
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
    const record = this.#document(direction, bytes[from], wireLength);
    context.emit(dhcpv6Record, record, direction);
    this.#share(record, direction, wireLength);
    return 'ok';
  }

  end(): void {}

  #document(direction: Direction, outerType: number, wireLength: number): Dhcpv6Record {
    const context = this.#context;
    const flow = direction === 0 ? context.flow : context.flow.reversed;
    const record = fillDocument(message, flow);
    record.startSeconds = context.seconds;
    record.startNanos = context.nanos;
    const notes: string[] = [];
    if (message.faultAt >= 0) notes.push(message.fault);
    if (record.statusCode !== undefined && record.statusCode !== STATUS_SUCCESS) {
      notes.push(
        record.statusMessage === undefined ? record.statusCode : `${record.statusCode}: ${record.statusMessage}`,
      );
    }
    record.status = notes.length === 0 ? 'OK' : 'Error';
    record.errorMessage = notes.length === 0 ? undefined : notes;
    record.sourceBytes = wireLength;
    record.networkBytes = wireLength;
    const isReply = isFromServer(outerType);
    const client = isReply ? flow.reversed : flow;
    record.clientIp = client.source;
    record.clientPort = client.sourcePort;
    record.serverIp = client.destination;
    record.serverPort = client.destinationPort;
    record.clientBytes = isReply ? undefined : wireLength;
    record.serverBytes = isReply ? wireLength : undefined;
    return record;
  }

  #share(record: Dhcpv6Record, direction: Direction, wireLength: number): void {
    const { flow } = this.#context;
    if (this.#context.share === undefined || record.transactionId === undefined) return;
    const isReply = isFromServer(message.type);
    const source = (direction === 0 ? flow.source : flow.destination).toString();
    const destination = (direction === 0 ? flow.destination : flow.source).toString();
    const nearest = record.relays?.at(-1);
    this.#context.share({
      transactionId: record.transactionId,
      // A client that hides its identity is told by its address.
      client: record.clientId ?? nearest?.peerAddress.toString() ?? (isReply ? destination : source),
      type: message.type,
      name: messageTypeName(message.type),
      isReply,
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
