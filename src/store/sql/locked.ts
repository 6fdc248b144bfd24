// DuckDB as a query engine that can do nothing but read the store: no other files, no network, no extensions, no change of
// its own configuration, bounded memory and threads. Access to the store's folder includes writing (COPY, ATTACH), so
// statements are checked as well: only those that read are run.

import { type DuckDBConnection, DuckDBInstance, type DuckDBPreparedStatement, StatementType } from '@duckdb/node-api';
import { literal } from './text.ts';

export interface EngineOptions {
  /** DuckDB's notation: `512MB`. */
  readonly memoryLimit?: string;
  readonly threads?: number;
}

/** An instance in memory that may read below `directories` (absolute paths). */
export async function openLocked(directories: readonly string[], options: EngineOptions): Promise<DuckDBInstance> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: options.memoryLimit ?? '512MB',
    threads: String(options.threads ?? 2),
    temp_directory: '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  });
  const connection = await instance.connect();
  try {
    const allowed = directories.map((path) => literal(path.endsWith('/') ? path : `${path}/`)).join(', ');
    await connection.run(`SET allowed_directories = [${allowed}]`);
    await connection.run('SET enable_external_access = false');
    await connection.run('SET parquet_metadata_cache = true');
    // Times in segments are UTC without saying so; "now" and days must be UTC, too.
    await connection.run("SET GLOBAL TimeZone = 'UTC'");
    await connection.run('SET lock_configuration = true');
  } finally {
    connection.closeSync();
  }
  return instance;
}

/** A statement that was refused or failed; the message is for the person who typed it. */
export class QueryError extends Error {
  readonly code: 'refused' | 'failed' | 'timeout' | 'cancelled';

  constructor(message: string, code: QueryError['code'], cause?: unknown) {
    super(message, { cause });
    this.name = 'QueryError';
    this.code = code;
  }
}

const READING = /^(?:select|from|with|values|show|describe|summarize|pivot|unpivot)\b|^\(/i;
const EXPLAIN = /^explain\s+(?:analyze\s+)?/i;
const LEADING_SPACE = /^(?:\s|--[^\n\r]*(?:[\n\r]|$))+/;

/**
 * Prepares one statement that only reads: SELECT and what is short for it (FROM, VALUES, SHOW, DESCRIBE, …), or EXPLAIN of one.
 * The first word is checked before DuckDB binds the statement, because binding may act already: EXPORT DATABASE makes its
 * folder then. The type that DuckDB says is checked before anything runs: WITH may begin an INSERT.
 */
export async function prepareReadOnly(connection: DuckDBConnection, sql: string): Promise<DuckDBPreparedStatement> {
  const text = sql.replace(LEADING_SPACE, '');
  const isExplain = EXPLAIN.test(text);
  if (!READING.test(isExplain ? text.replace(EXPLAIN, '') : text)) throw refusal();
  const statements = await connection.extractStatements(text);
  if (statements.count !== 1) throw new QueryError(`one statement at a time: there are ${statements.count}`, 'refused');
  const statement = await statements.prepare(0);
  const { statementType } = statement;
  if (statementType === StatementType.SELECT && !isExplain) return statement;
  if (statementType === StatementType.EXPLAIN && isExplain) {
    // EXPLAIN ANALYZE runs what it explains, so that must be a statement that reads, too.
    const inner = await prepareReadOnly(connection, text.replace(EXPLAIN, ''));
    inner.destroySync();
    return statement;
  }
  statement.destroySync();
  throw refusal();
}

const refusal = (): QueryError =>
  new QueryError('only SELECT and EXPLAIN are allowed: the store is read here, never changed', 'refused');
