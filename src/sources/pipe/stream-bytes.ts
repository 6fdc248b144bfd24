// Bytes of a stream, such as another program's standard output, or a pipe that is our own input. Node waits for them in its event
// loop: a read that waits can be given up, unlike one in libuv's pool, which keeps the process from ending.

import type { Readable } from 'node:stream';
import type { ByteSource } from '../bytes/byte-source.ts';

export class StreamBytes implements ByteSource {
  broken = '';
  readonly isCut = false;
  readonly bytesTotal = 0;
  bytesRead = 0;
  readonly #stream: Readable;
  #rest: Uint8Array = new Uint8Array(0);
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
    const wake = () => this.#wake?.();
    stream.on('readable', wake);
    for (const end of ['end', 'close']) stream.on(end, () => this.#end());
    stream.on('error', (error) => {
      this.broken = `can not be read any further (${error.message})`;
      this.#end();
    });
  }

  read(into: Uint8Array, at: number, length: number): number | Promise<number> {
    if (this.#rest.length === 0) this.#rest = this.#stream.read() ?? this.#rest;
    if (this.#rest.length > 0) {
      const part = this.#rest.subarray(0, length);
      into.set(part, at);
      this.#rest = this.#rest.subarray(part.length);
      this.bytesRead += part.length;
      return part.length;
    }
    if (this.#isOver) return 0;
    return new Promise<void>((resolve) => {
      this.#wake = resolve;
    }).then(() => this.read(into, at, length));
  }

  #end(): void {
    this.#isOver = true;
    this.#wake?.();
  }

  digest(): string {
    return '';
  }

  async close(): Promise<void> {
    this.#stream.destroy();
  }
}
