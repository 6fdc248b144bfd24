// Bytes that were handed to another thread and that it has not taken yet: who hands over waits while there are too many.

export class InFlight {
  bytes = 0;
  readonly #limit: number;
  #room = Promise.withResolvers<void>();

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
    // Failures are reported by the next call; without a call there is nobody to hear them.
    this.#room.promise.catch(() => undefined);
  }

  add(bytes: number): void {
    this.bytes += bytes;
  }

  taken(bytes: number): void {
    this.bytes -= bytes;
    const room = this.#room;
    this.#room = Promise.withResolvers<void>();
    this.#room.promise.catch(() => undefined);
    room.resolve();
  }

  /** Resolves when there is room; rejects when the other side has failed. */
  async room(): Promise<void> {
    while (this.bytes > this.#limit) await this.#room.promise;
  }

  fail(error: Error): void {
    this.#room.reject(error);
  }
}
