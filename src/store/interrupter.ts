// Ends a query that takes too long, or that nobody wants any more.

import type { DuckDBConnection } from '@duckdb/node-api';
import { StoreError } from './errors.ts';
import { QueryError } from './sql/locked.ts';

export interface QueryOptions {
  /** The query is stopped after this time. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Stops a query after its time or by the caller's signal. */
export class Interrupter {
  readonly #connection: DuckDBConnection;
  readonly #options: QueryOptions;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #cancel = () => this.#stop('cancelled');
  #reason: 'timeout' | 'cancelled' | undefined;
  #isOver = false;

  constructor(connection: DuckDBConnection, options: QueryOptions) {
    this.#connection = connection;
    this.#options = options;
    if (options.timeoutMs !== undefined) this.#timer = setTimeout(() => this.#stop('timeout'), options.timeoutMs);
    if (options.signal?.aborted) this.#reason = 'cancelled';
    options.signal?.addEventListener('abort', this.#cancel, { once: true });
  }

  #stop(reason: 'timeout' | 'cancelled'): void {
    if (this.#isOver) return;
    this.#reason ??= reason;
    this.#connection.interrupt();
    // The statement may be between two steps, where an interruption has no effect: once more, until it ends.
    setTimeout(() => this.#stop(reason), 50).unref();
  }

  /** Throws when the query was stopped. */
  check(): void {
    if (this.#reason !== undefined) throw new Error('interrupted');
  }

  explain(error: unknown): unknown {
    if (this.#reason === 'timeout') {
      return new QueryError(
        `the query took longer than ${this.#options.timeoutMs} ms: narrow the time span`,
        'timeout',
      );
    }
    if (this.#reason === 'cancelled') return new QueryError('the query was cancelled', 'cancelled');
    if (error instanceof QueryError || error instanceof StoreError) return error;
    return new QueryError(String((error as Error).message), 'failed', error);
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener('abort', this.#cancel);
  }
}
