// What a conversation needs from the engine. `C`: the conversation's class, which imports this.

import type { TcpEvent } from '../flow/tcp-events.ts';
import type { Direction } from '../protocols/protocol.ts';
import type { RecordType } from '../records/record.ts';
import type { Detection } from './detection.ts';

export interface ConversationHost<C> {
  readonly detection: Detection;
  /** Bytes that analyzers and detection may hold for one flow. */
  readonly maxHeldBytes: number;
  emit(conversation: C, type: RecordType, record: object, from: Direction): void;
  deadline(conversation: C, seconds: number): void;
  /** A fact for the gatherer of this protocol. */
  share(conversation: C, protocol: string, fact: object): void;
  count(name: string, n: number): void;
  /** Something unusual about the flow's TCP connection. */
  noticed(conversation: C, event: TcpEvent, n: number): void;
  /** The flow's application protocol became known. */
  named(conversation: C, protocol: string): void;
  /** `bytes` more wait behind holes in this conversation's shard; false when that is too much. */
  wait(conversation: C, bytes: number): boolean;
  /** `bytes` more are held by this conversation. */
  hold(conversation: C, bytes: number): void;
  /** The same as `wait` for answers that were captured before their questions. */
  holdEarly(conversation: C, bytes: number): boolean;
  /** Nothing is pending: forget the conversation until the flow's next packet. */
  rest(conversation: C): void;
  /** Nothing more is wanted of this flow. */
  over(conversation: C): void;
}
