// The tables that record types have in PostgreSQL, derived from their declarations: a row's id, then a column per field under its ECS name.
// Tables with a time are partitioned by it.

import { createHash } from 'node:crypto';
import { copyColumns, type SqlColumn } from '../../records/copy.ts';
import type { RecordType } from '../../records/record.ts';
import type { PARTITIONS } from './address.ts';

/** A longer identifier would be cut by PostgreSQL (NAMEDATALEN - 1). */
const MAX_IDENTIFIER = 63;
const DIGEST_DIGITS = 8;
const TIME_NAMES = ['@timestamp', 'timestamp'];
/** The row's id: a digest of the row, the same whenever and however often it is sent. */
export const ID_COLUMN = 'netscribe.id';

export type Partition = (typeof PARTITIONS)[number];

export interface Table {
  readonly type: string;
  /** As SQL writes them. */
  readonly name: string;
  readonly stage: string;
  readonly columns: readonly SqlColumn[];
  /** The column that tells the time of a row; undefined without. */
  readonly time: string | undefined;
  readonly partition: Partition;
  readonly schema: string;
  readonly plain: string;
}

export function tableOf(type: RecordType, schema: string, partition: Partition): Table {
  const columns = copyColumns(type);
  const time = columns.find(({ name, isOptional }) => TIME_NAMES.includes(name) && !isOptional)?.name;
  const plain = type.name.replaceAll('-', '_');
  return {
    type: type.name,
    name: `${identifier(schema)}.${identifier(plain)}`,
    stage: identifier(`netscribe_stage_${plain}`),
    columns,
    time,
    partition: time === undefined ? 'none' : partition,
    schema,
    plain,
  };
}

/** A name in quotes, shortened with a digest where PostgreSQL would cut it. */
export function identifier(name: string): string {
  let short = name;
  if (Buffer.byteLength(name) > MAX_IDENTIFIER) {
    const digest = createHash('sha256').update(name).digest('hex').slice(0, DIGEST_DIGITS);
    short = `${name.slice(0, MAX_IDENTIFIER - DIGEST_DIGITS - 1)}_${digest}`;
  }
  return `"${short.replaceAll('"', '""')}"`;
}

export function columnList(table: Table): string {
  return [ID_COLUMN, ...table.columns.map(({ name }) => name)].map(identifier).join(', ');
}

/** Statements that make the table and bring an older one up to the columns there are now. */
export function tableStatements(table: Table): string[] {
  const { name, columns, time, partition } = table;
  const id = identifier(ID_COLUMN);
  const key = time === undefined ? id : `${id}, ${identifier(time)}`;
  const definitions = columns.map((c) => `${identifier(c.name)} ${c.type}${c.name === time ? ' NOT NULL' : ''}`);
  const parts = partition === 'none' ? '' : ` PARTITION BY RANGE (${identifier(time!)})`;
  return [
    `CREATE SCHEMA IF NOT EXISTS ${identifier(table.schema)}`,
    `CREATE TABLE IF NOT EXISTS ${name} (${id} uuid NOT NULL, ${definitions.join(', ')}, PRIMARY KEY (${key}))${parts}`,
    // For spans beyond those that get a partition of their own.
    ...(partition === 'none'
      ? []
      : [`CREATE TABLE IF NOT EXISTS ${partitionName(table, 'others')} PARTITION OF ${name} DEFAULT`]),
    `ALTER TABLE ${name} ${columns.map((c) => `ADD COLUMN IF NOT EXISTS ${identifier(c.name)} ${c.type}`).join(', ')}`,
    ...(time === undefined
      ? []
      : [
          `CREATE INDEX IF NOT EXISTS ${identifier(`${table.plain}_time`)} ON ${name} USING brin (${identifier(time)})`,
        ]),
  ];
}

/** Rows come into a table of the connection first: COPY itself knows no "if it is not there yet". */
export function stageStatement(table: Table): string {
  const definitions = table.columns.map((c) => `${identifier(c.name)} ${c.type}`);
  return `CREATE TEMPORARY TABLE IF NOT EXISTS ${table.stage} (${identifier(ID_COLUMN)} uuid, ${definitions.join(', ')}) ON COMMIT DELETE ROWS`;
}

/** The partitions that the staged rows need: one row with the begin of each span. */
export function spansQuery(table: Table): string {
  const time = identifier(table.time!);
  return `SELECT DISTINCT to_char(date_trunc('${table.partition}', ${time} AT TIME ZONE 'UTC'), 'YYYY-MM-DD') AS span FROM ${table.stage}`;
}

/** `span`: its first day, YYYY-MM-DD. */
export function partitionStatement(table: Table, span: string): string {
  const from = new Date(`${span}T00:00:00Z`);
  const to = new Date(from);
  if (table.partition === 'month') to.setUTCMonth(to.getUTCMonth() + 1);
  else to.setUTCDate(to.getUTCDate() + 1);
  const suffix = table.partition === 'month' ? span.slice(0, 7) : span;
  const name = partitionName(table, suffix.replaceAll('-', '_'));
  return `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF ${table.name} FOR VALUES FROM ('${from.toISOString()}') TO ('${to.toISOString()}')`;
}

function partitionName(table: Table, suffix: string): string {
  return `${identifier(table.schema)}.${identifier(`${table.plain}_${suffix}`)}`;
}
