// Queries over a store: one view per record type, SQL with bound parameters in, plain rows out.

import { resolve } from 'node:path';
import type { DuckDBConnection, DuckDBInstance, DuckDBResult } from '@duckdb/node-api';
import type { RecordType } from '../records/record.ts';
import { type Manifest, readManifest, type Segment } from './manifest.ts';
import { HISTOGRAM_MACROS } from './rollup/histogram.ts';
import { rollupViews } from './rollup/views.ts';
import { COMPUTED_MACROS } from './sql/computed.ts';
import { type EngineOptions, openLocked, prepareReadOnly, QueryError } from './sql/locked.ts';
import { MACROS } from './sql/macros.ts';
import { bindParameter, plainValue, type SqlParameter, type SqlValue } from './sql/values.ts';
import { createView } from './sql/views.ts';

export { QueryError } from './sql/locked.ts';
export { viewName } from './sql/text.ts';
export type { SqlParameter, SqlValue } from './sql/values.ts';

export interface ReaderOptions extends EngineOptions {
  /** The record types that have a view even when the store has no rows of them. */
  readonly types: readonly RecordType[];
  /** Only segments with rows in this span (RFC 3339, UTC, nine digits); rows outside it may still be among theirs. */
  readonly from?: string;
  readonly to?: string;
  /** Folders inside of the store that are stores themselves, and are read as if their rows were in this one. */
  readonly beside?: readonly string[];
}

export interface QueryOptions {
  /** The query is stopped after this time. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface ColumnInfo {
  readonly name: string;
  /** DuckDB's name of the type: `BIGINT`, `VARCHAR`, `TIMESTAMP_NS`, … */
  readonly type: string;
}

export interface QueryResult {
  columns: ColumnInfo[];
  rows: SqlValue[][];
}

/** Opens a store for queries. Throws a StoreError when there is none or its manifest is damaged. */
export async function openReader(directory: string, options: ReaderOptions): Promise<StoreReader> {
  const manifest = manifestWith(directory, options.beside);
  const instance = await openLocked([resolve(directory)], options);
  const reader = new StoreReader(resolve(directory), instance, options, manifest);
  try {
    await reader.prepare();
  } catch (error) {
    reader.close();
    throw error;
  }
  return reader;
}

function manifestWith(directory: string, beside: readonly string[] = []): Manifest {
  const own = readManifest(directory);
  let { segments, schemas } = own;
  for (const folder of beside) {
    const other = readManifest(`${directory}/${folder}`);
    schemas = { ...other.schemas, ...schemas };
    // Their sums would stand in the wrong folder: they are read row by row.
    const moved = other.segments.map(({ rollup: _, ...segment }) => ({
      ...segment,
      path: `${folder}/${segment.path}`,
    }));
    segments = [...segments, ...moved];
  }
  return { ...own, segments, schemas };
}

export class StoreReader {
  readonly directory: string;
  readonly #instance: DuckDBInstance;
  readonly #options: ReaderOptions;
  /** Views over roll-ups that no statement has named yet, by name: there are many, and making one reads its files' footers. */
  readonly #views = new Map<string, string>();
  #manifest: Manifest;

  /** Use `openReader`. */
  constructor(directory: string, instance: DuckDBInstance, options: ReaderOptions, manifest: Manifest) {
    this.directory = directory;
    this.#instance = instance;
    this.#options = options;
    this.#manifest = manifest;
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  /** Makes macros and views. Called once, by `openReader`. */
  async prepare(): Promise<void> {
    await this.#withConnection(async (connection) => {
      for (const macro of [...MACROS, ...COMPUTED_MACROS, ...HISTOGRAM_MACROS]) await connection.run(macro);
      await this.#makeViews(connection);
    });
  }

  /** Looks at the manifest again; makes the views anew when there was a commit. Returns whether there was. */
  async refresh(): Promise<boolean> {
    const manifest = manifestWith(this.directory, this.#options.beside);
    if (manifest.generation === this.#manifest.generation) return false;
    this.#manifest = manifest;
    await this.#withConnection((connection) => this.#makeViews(connection));
    return true;
  }

  async #makeViews(connection: DuckDBConnection): Promise<void> {
    const declared = new Map(this.#options.types.map((type) => [type.name, type]));
    const segments = new Map<string, Segment[]>([...declared.keys()].map((name) => [name, []]));
    for (const segment of this.#manifest.segments) {
      const ofType = segments.get(segment.type);
      if (ofType === undefined) segments.set(segment.type, [segment]);
      else ofType.push(segment);
    }
    for (const [type, all] of segments) {
      const wanted = all.filter((segment) => this.#isInSpan(segment));
      const schemas = [...new Set(wanted.map(({ schema }) => schema))].map((key) => this.#manifest.schemas[key] ?? []);
      const paths = wanted.map(({ path }) => `${this.directory}/${path}`);
      const known = declared.get(type);
      await connection.run(createView(type, known, { paths, schemas }));
      if (known === undefined) continue;
      for (const [name, sql] of rollupViews(known, wanted, this.#manifest, this.directory)) {
        this.#views.set(name, sql);
      }
    }
  }

  #isInSpan({ minTime, maxTime }: Segment): boolean {
    const { from, to } = this.#options;
    if (minTime === undefined || maxTime === undefined) return true;
    return (from === undefined || maxTime >= from) && (to === undefined || minTime <= to);
  }

  /** Runs one reading statement and returns all its rows. Throws a QueryError. */
  async query(sql: string, parameters: readonly SqlParameter[] = [], options: QueryOptions = {}): Promise<QueryResult> {
    const run = async (): Promise<QueryResult> => {
      const rows: SqlValue[][] = [];
      let columns: ColumnInfo[] = [];
      for await (const part of this.stream(sql, parameters, options)) {
        columns = part.columns;
        for (const row of part.rows) rows.push(row);
      }
      return { columns, rows };
    };
    try {
      return await run();
    } catch (error) {
      // Segments may be merged or dropped while they are read: with the new manifest it works.
      if (!(error instanceof QueryError) || error.code !== 'failed' || !(await this.refresh())) throw error;
      return run();
    }
  }

  /** The same in parts of up to 2048 rows, the first of which always comes, with the columns. Stops when the caller does. */
  async *stream(
    sql: string,
    parameters: readonly SqlParameter[] = [],
    options: QueryOptions = {},
  ): AsyncGenerator<QueryResult, void, void> {
    const connection = await this.#instance.connect();
    const guard = new Interrupter(connection, options);
    try {
      const result = await this.#start(connection, sql, parameters);
      const names = result.deduplicatedColumnNames();
      const columns = names.map((name, i) => ({ name, type: String(result.columnType(i)) }));
      let isFirst = true;
      for (;;) {
        const chunk = await result.fetchChunk();
        if (chunk === null || chunk.rowCount === 0) break;
        yield { columns, rows: chunk.getRows().map((row) => row.map(plainValue)) };
        isFirst = false;
        guard.check();
      }
      if (isFirst) yield { columns, rows: [] };
    } catch (error) {
      throw guard.explain(error);
    } finally {
      guard.end();
      connection.closeSync();
    }
  }

  async #start(connection: DuckDBConnection, sql: string, parameters: readonly SqlParameter[]): Promise<DuckDBResult> {
    const start = async () => {
      await this.#makeNamedViews(connection, sql);
      const statement = await prepareReadOnly(connection, sql);
      if (statement.parameterCount !== parameters.length) {
        throw new QueryError(
          `the statement has ${statement.parameterCount} parameters: ${parameters.length} given`,
          'refused',
        );
      }
      for (const [i, value] of parameters.entries()) bindParameter(statement, i + 1, value);
      return statement.stream();
    };
    try {
      return await start();
    } catch (error) {
      // A commit may have replaced segments since the views were made: with the new manifest it works.
      if (error instanceof QueryError || !(await this.refresh())) throw error;
      return await start();
    }
  }

  /** Views are everybody's, so a name that stands in the text for something else makes one for nothing, which does no harm. */
  async #makeNamedViews(connection: DuckDBConnection, sql: string): Promise<void> {
    for (const [name, create] of this.#views) {
      if (!sql.includes(name)) continue;
      await connection.run(create);
      this.#views.delete(name);
    }
  }

  async #withConnection(work: (connection: DuckDBConnection) => Promise<void>): Promise<void> {
    const connection = await this.#instance.connect();
    try {
      await work(connection);
    } finally {
      connection.closeSync();
    }
  }

  close(): void {
    this.#instance.closeSync();
  }
}

/** Stops a query after its time or by the caller's signal. */
class Interrupter {
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
    return error instanceof QueryError ? error : new QueryError(String((error as Error).message), 'failed', error);
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener('abort', this.#cancel);
  }
}
