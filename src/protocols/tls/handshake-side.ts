// One direction of a handshake, whatever carries it: its messages go to the analyzer that has both.

import type { Direction } from '../protocol.ts';
import type { MessageSink } from './message-reader.ts';
import { isWantedMessage } from './messages.ts';
import type { SessionAnalyzer } from './session-analyzer.ts';

export abstract class HandshakeSide<A extends SessionAnalyzer> implements MessageSink {
  protected readonly analyzer: A;
  protected readonly direction: Direction;

  constructor(analyzer: A, direction: Direction) {
    this.analyzer = analyzer;
    this.direction = direction;
  }

  wants(type: number): boolean {
    return isWantedMessage(type);
  }

  message(type: number, bytes: Uint8Array, from: number, to: number, isWhole: boolean): void {
    this.analyzer.handshake(this.direction, type, bytes, from, to, isWhole);
  }

  overLimit(): void {
    this.analyzer.overLimit();
  }
}
