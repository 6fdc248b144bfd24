// Server-sent events. Truth: HTML Living Standard, section 9.2 (Server-sent events).

import type { FastifyReply } from 'fastify';

const KEEPALIVE_MS = 15_000;
/** A reader that has so much waiting misses what comes. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

export class EventStream {
  isClosed = false;
  /** Records that the reader missed and has not been told of yet. */
  #missed = 0;
  readonly #reply: FastifyReply;
  readonly #timer: NodeJS.Timeout;
  readonly #closed: (() => void)[] = [];

  constructor(reply: FastifyReply) {
    this.#reply = reply;
    reply.hijack();
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      connection: 'keep-alive',
    });
    // Whoever asked knows at once that it is heard.
    reply.raw.flushHeaders();
    this.#timer = setInterval(() => {
      // A reader that has something waiting is kept by that.
      if (reply.raw.writableLength === 0) this.send('keepalive', '{}');
    }, KEEPALIVE_MS);
    this.#timer.unref();
    reply.raw.on('close', () => {
      this.isClosed = true;
      clearInterval(this.#timer);
      for (const closed of this.#closed) closed();
    });
  }

  /** So many records were not sent; the reader hears of it in an event `missed` before the next one. */
  miss(records: number): void {
    this.#missed += records;
  }

  /** `data` is one line. */
  send(event: string, data: string): void {
    if (this.isClosed) return;
    if (this.#reply.raw.writableLength > MAX_WAITING_BYTES) {
      this.miss(1);
      return;
    }
    if (this.#missed > 0) {
      this.#reply.raw.write(`event: missed\ndata: {"records":${this.#missed}}\n\n`);
      this.#missed = 0;
    }
    this.#reply.raw.write(`event: ${event}\ndata: ${data}\n\n`);
  }

  /** The same for what must not be missed: resolves when it was sent, or the reader is gone. */
  async sendWhole(event: string, data: string): Promise<void> {
    const { raw } = this.#reply;
    while (!this.isClosed && raw.writableLength > MAX_WAITING_BYTES)
      await new Promise<void>((resolve) => {
        raw.once('drain', resolve);
        this.onClose(resolve);
      });
    this.send(event, data);
  }

  /** Called when the reader is gone. */
  onClose(closed: () => void): void {
    if (this.isClosed) closed();
    else this.#closed.push(closed);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#reply.raw.end();
  }
}
