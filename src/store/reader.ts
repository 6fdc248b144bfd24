// Queries over a store: one view per record type, SQL with bound parameters in, plain rows out.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DuckDBConnection, DuckDBInstance, DuckDBPreparedStatement, DuckDBResult } from '@duckdb/node-api';
import type { RecordType } from '../records/record.ts';
import { StoreError } from './errors.ts';
import { Interrupter, type QueryOptions } from './interrupter.ts';
import { MANIFEST_BESIDE } from './layout.ts';
import { type Manifest, readManifest, type Segment } from './manifest.ts';
import { HISTOGRAM_MACROS } from './rollup/histogram.ts';
import { rollupViews } from './rollup/views.ts';
import { keepByteOrderMarks } from './sql/byte-order-mark.ts';
import { COMPUTED_MACROS } from './sql/computed.ts';
import { type EngineOptions, openLocked, prepareReadOnly, QueryError } from './sql/locked.ts';
import { MACROS } from './sql/macros.ts';
import { viewName } from './sql/text.ts';
import { bindParameter, plainValue, type SqlParameter, type SqlValue } from './sql/values.ts';
import { createView } from './sql/views.ts';
import { type Unreadable, unreadableFiles, withoutFiles } from './unreadable.ts';
import { damagedAtFirstSight, damagedFiles, looksDamaged, type StoredFile } from './verify.ts';

export type { QueryOptions } from './interrupter.ts';
export { QueryError } from './sql/locked.ts';
export { viewName } from './sql/text.ts';
export type { SqlParameter, SqlValue } from './sql/values.ts';

keepByteOrderMarks();

export interface ReaderOptions extends EngineOptions {
  /** The record types that have a view even when the store has no rows of them. */
  readonly types: readonly RecordType[];
  /** Only segments with rows in this span (RFC 3339, UTC, nine digits); rows outside it may still be among theirs. */
  readonly from?: string;
  readonly to?: string;
  /** Folders inside of the store that are stores themselves, and are read as if their rows were in this one. */
  readonly beside?: readonly string[];
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
  const manifest = manifestWith(directory, options.beside, true);
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

/** `isOfThen`: of the moment that the folder beside it is of, where that says so: what was stored since is in that folder as well. */
function manifestWith(directory: string, beside: readonly string[] = [], isOfThen = false): Manifest {
  const [then] = isOfThen ? beside.map((folder) => `${folder}/${MANIFEST_BESIDE}`) : [];
  const own =
    then !== undefined && existsSync(`${directory}/${then}`) ? readManifest(directory, then) : readManifest(directory);
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

interface View {
  readonly statement: () => string;
  readonly files: readonly StoredFile[];
  /** Of a record type, not of sums. */
  readonly isOfType: boolean;
}
const isOfType = (_: string, view: View): boolean => view.isOfType;
/** Statements about tables, not about what is in them. */
const ASKS_WHAT_THERE_IS = /^\s*(?:show|describe)\b|information_schema|\b(?:duckdb|pg|sqlite)_/i;

/** Views can not be made over these files. */
class DamagedError extends Error {}

/** Commits may follow each other closely; a store that is exchanged all the time is not waited for. */
const MOST_ATTEMPTS = 5;

/** A store that was made anew begins to count again. */
const isSame = (a: Manifest, b: Manifest): boolean =>
  a.generation === b.generation &&
  a.segments.length === b.segments.length &&
  a.segments.every(({ path }, i) => path === b.segments[i].path);

export class StoreReader {
  readonly directory: string;
  readonly #instance: DuckDBInstance;
  readonly #options: ReaderOptions;
  /** Views that no statement has named yet, by name: there are many, and making one reads its files' footers. */
  readonly #views = new Map<string, View>();
  /** As it is in the store. */
  #manifest: Manifest;
  #unreadable: readonly Unreadable[] = [];
  /** What is wrong with files that have their length, by path. */
  #damaged: ReadonlyMap<string, string> = new Map();
  /** Files in which nothing was found at first sight. */
  readonly #seen = new Set<string>();
  #knowsViews = false;
  #made: Promise<void> = Promise.resolve();
  /** Types that statements named, or may have. */
  readonly #asked = new Set<string>();

  /** Use `openReader`. */
  constructor(directory: string, instance: DuckDBInstance, options: ReaderOptions, manifest: Manifest) {
    this.directory = directory;
    this.#instance = instance;
    this.#options = options;
    this.#manifest = manifest;
  }

  /** What is read: without the files that can not be. */
  get manifest(): Manifest {
    return withoutFiles(this.#manifest, this.#unreadable);
  }

  /** Files that the store names and that answers lack, because they are not there, cut or damaged. */
  get unreadable(): readonly Unreadable[] {
    return this.#unreadable.filter(({ segment }) => this.#asked.has(segment.type));
  }

  /** Makes macros. Called once, by `openReader`. */
  async prepare(): Promise<void> {
    await this.#withConnection(async (connection) => {
      for (const macro of [...MACROS, ...COMPUTED_MACROS, ...HISTOGRAM_MACROS]) await connection.run(macro);
    });
  }

  /**
   * Does `work` with the views that there should be. Where it fails, another look is taken: a commit may have replaced or dropped what they
   * name, and with the new manifest it works; or a file is not there that the manifest names, or damaged, and it works without.
   */
  async #steadily<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        if (!this.#knowsViews) this.#defineViews();
        return await work();
      } catch (error) {
        if (error instanceof QueryError && error.code !== 'failed') throw error;
        if (attempt === MOST_ATTEMPTS) throw error;
        if (!(error instanceof DamagedError) && looksDamaged(error as Error))
          this.#damaged = await damagedFiles(this.directory, this.#manifest, this.#asked);
        if (!this.#lookAgain()) throw error;
      }
    }
  }

  /** Returns whether views would be others now. */
  #lookAgain(): boolean {
    const unreadable = unreadableFiles(this.directory, this.#manifest, this.#damaged);
    // Afterwards, because a commit removes files only when it is made. As it is now: files that were replaced are kept for a while only.
    const manifest = manifestWith(this.directory, this.#options.beside);
    const hasChanged = !isSame(manifest, this.#manifest);
    if (!hasChanged && unreadable.every(({ path }) => this.#unreadable.some((known) => known.path === path)))
      return false;
    this.#manifest = manifest;
    this.#unreadable = hasChanged ? [] : unreadable;
    this.#knowsViews = false;
    return true;
  }

  #defineViews(): void {
    const { manifest } = this;
    const declared = new Map(this.#options.types.map((type) => [type.name, type]));
    const segments = new Map<string, Segment[]>([...declared.keys()].map((name) => [name, []]));
    for (const segment of manifest.segments) {
      const ofType = segments.get(segment.type);
      if (ofType === undefined) segments.set(segment.type, [segment]);
      else ofType.push(segment);
    }
    for (const [type, all] of segments) {
      const wanted = all.filter((segment) => this.#isInSpan(segment));
      const schemas = [...new Set(wanted.map(({ schema }) => schema))].map((key) => manifest.schemas[key] ?? []);
      const paths = wanted.map(({ path }) => `${this.directory}/${path}`);
      const known = declared.get(type);
      const statement = () => createView(type, known, { paths, schemas });
      this.#views.set(viewName(type), { statement, files: wanted, isOfType: true });
      if (known === undefined) continue;
      for (const [name, view] of rollupViews(known, wanted, manifest, this.directory))
        this.#views.set(name, { ...view, isOfType: false });
    }
    this.#knowsViews = true;
  }

  #isInSpan({ minTime, maxTime }: Segment): boolean {
    const { from, to } = this.#options;
    if (minTime === undefined || maxTime === undefined) return true;
    return (from === undefined || maxTime >= from) && (to === undefined || minTime <= to);
  }

  /** Runs one reading statement and returns all its rows. Throws a QueryError. */
  async query(sql: string, parameters: readonly SqlParameter[] = [], options: QueryOptions = {}): Promise<QueryResult> {
    return this.#steadily(async () => {
      const rows: SqlValue[][] = [];
      let columns: ColumnInfo[] = [];
      for await (const part of this.stream(sql, parameters, options)) {
        columns = part.columns;
        for (const row of part.rows) rows.push(row);
      }
      return { columns, rows };
    });
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
        const rows = chunk.getRows().map((row) => row.map(plainValue));
        yield { columns, rows };
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
    for (const { type } of this.#manifest.segments) if (sql.includes(viewName(type))) this.#asked.add(type);
    return this.#steadily(async () => {
      const text = sql.toLowerCase();
      const isNamed = (name: string): boolean => text.includes(name.toLowerCase());
      await this.#makeViews(
        connection,
        ASKS_WHAT_THERE_IS.test(sql) ? (name, view) => view.isOfType || isNamed(name) : isNamed,
      );
      const statement = await this.#prepared(connection, sql);
      if (statement.parameterCount !== parameters.length) {
        throw new QueryError(
          `the statement has ${statement.parameterCount} parameters: ${parameters.length} given`,
          'refused',
        );
      }
      for (const [i, value] of parameters.entries()) bindParameter(statement, i + 1, value);
      return statement.stream();
    });
  }

  /** One after the other: two statements at a time may name the same. */
  #makeViews(connection: DuckDBConnection, isWanted: (name: string, view: View) => boolean): Promise<void> {
    const made = this.#made.then(() => this.#makeEach(connection, isWanted));
    this.#made = made.catch(() => undefined);
    return made;
  }

  /** Views are everybody's, so a name that stands in a statement for something else makes one for nothing, which does no harm. */
  async #makeEach(connection: DuckDBConnection, isWanted: (name: string, view: View) => boolean): Promise<void> {
    for (const [name, view] of this.#views) {
      if (!isWanted(name, view)) continue;
      await this.#verify(view.files);
      try {
        await connection.run(view.statement());
      } catch (error) {
        const words = `the store at ${this.directory} can not be read: ${(error as Error).message}`;
        throw new StoreError(`${words}; 'netscribe store check' says more`, 'damaged', this.directory, error);
      }
      // Another look at the store may have brought a new one meanwhile.
      if (this.#views.get(name) === view) this.#views.delete(name);
    }
  }

  /** DuckDB would read what is damaged, and answer. */
  async #verify(files: readonly StoredFile[]): Promise<void> {
    const fresh = files.filter(({ path }) => !this.#seen.has(path));
    const damaged = await damagedAtFirstSight(this.directory, fresh);
    for (const { path } of fresh) if (!damaged.has(path)) this.#seen.add(path);
    if (damaged.size === 0) return;
    this.#damaged = new Map([...this.#damaged, ...damaged]);
    throw new DamagedError([...damaged].map(([path, what]) => `${this.directory}/${path} ${what}`).join('; '));
  }

  /** What is wrong with a statement is said with all types in view: they are what was meant instead of what is not there. */
  async #prepared(connection: DuckDBConnection, sql: string): Promise<DuckDBPreparedStatement> {
    try {
      return await prepareReadOnly(connection, sql);
    } catch (error) {
      if (error instanceof QueryError) throw error;
      await this.#makeViews(connection, isOfType);
      return prepareReadOnly(connection, sql);
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
