// Messages to records: one each, at once. What an exchange needs of them is shared, because its messages go through several flows.

import type { Address } from '../../records/address.ts';
import type { FlowView } from '../flow-view.ts';
import type { Analyzer, Context, Direction, Verdict } from '../protocol.ts';

/** What the parsers of both versions know of the last message. */
export interface ParsedMessage {
  parse(bytes: Uint8Array, from: number, to: number, wireLength: number): boolean;
  readonly isCut: boolean;
  /** Where it is malformed; negative: nowhere. */
  readonly faultAt: number;
}

/** Where a message came from and went to, as the record of either version has it. */
interface MessageRecord {
  startSeconds: number;
  startNanos: number;
  sourceBytes: number;
  networkBytes: number;
  clientIp: Address;
  clientPort: number;
  clientBytes?: number | undefined;
  serverIp: Address;
  serverPort: number;
  serverBytes?: number | undefined;
}

export abstract class MessageAnalyzer implements Analyzer {
  protected readonly context: Context;
  readonly #message: ParsedMessage;
  /** The flow uses one of the protocol's ports: what can not be read is still DHCP. */
  readonly #isExpected: boolean;
  #isSure = false;

  constructor(context: Context, ports: readonly number[], message: ParsedMessage) {
    this.context = context;
    this.#message = message;
    const { sourcePort, destinationPort } = context.flow;
    this.#isExpected = ports.includes(sourcePort) || ports.includes(destinationPort);
  }

  message(direction: Direction, bytes: Uint8Array, from: number, to: number, wireLength: number): Verdict {
    const { context } = this;
    const message = this.#message;
    if (!message.parse(bytes, from, to, wireLength)) {
      if (!this.#isSure && !this.#isExpected) return 'reject';
      context.count(wireLength > to - from ? 'truncated' : 'malformed');
      return 'ok';
    }
    this.#isSure = true;
    if (message.isCut) context.count('truncated');
    else if (message.faultAt >= 0) context.count('malformed');
    this.tell(direction, direction === 0 ? context.flow : context.flow.reversed, bytes[from], wireLength);
    return 'ok';
  }

  end(): void {}

  /** Emits the message that was parsed and shares what its exchange needs. `flow`: as its sender sees it. */
  protected abstract tell(direction: Direction, flow: FlowView, firstOctet: number, wireLength: number): void;

  protected fillEnds(record: MessageRecord, flow: FlowView, isReply: boolean, wireLength: number): void {
    record.startSeconds = this.context.seconds;
    record.startNanos = this.context.nanos;
    record.sourceBytes = wireLength;
    record.networkBytes = wireLength;
    const client = isReply ? flow.reversed : flow;
    record.clientIp = client.source;
    record.clientPort = client.sourcePort;
    record.serverIp = client.destination;
    record.serverPort = client.destinationPort;
    record.clientBytes = isReply ? undefined : wireLength;
    record.serverBytes = isReply ? wireLength : undefined;
  }
}
