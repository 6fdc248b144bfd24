// `null:` takes nothing: records are made and counted, not encoded.

import type { NullSink } from './sink.ts';

export class NoSink implements NullSink {
  readonly encoding = 'none';
  readonly name = 'null:';
  async open(): Promise<void> {}
  async close(): Promise<void> {}
  async abort(): Promise<void> {}
}
