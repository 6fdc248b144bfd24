// What becomes of staged rows: our own tables, or those of tcp-audit, whose names and columns its users' queries know.

import type { RecordType } from '../../records/record.ts';
import { SinkUsageError } from '../sink.ts';
import type { PostgresAddress } from './address.ts';
import { columnList, ID_COLUMN, identifier, type Table, tableStatements } from './tables.ts';

export interface Layout {
  /** Statements that make what is written to. */
  prepare(table: Table): string[];
  /** Statements that take the staged rows over. What is there already stays. */
  take(table: Table): string[];
  readonly isPartitioned: boolean;
}

const OURS: Layout = {
  prepare: tableStatements,
  take: (table) => [
    `INSERT INTO ${table.name} (${columnList(table)}) SELECT ${columnList(table)} FROM ${table.stage} ON CONFLICT DO NOTHING`,
  ],
  isPartitioned: true,
};

/** tcp-audit's integers have 32 bits and a sign; what does not fit is no value. */
const integer = (column: string): string =>
  `CASE WHEN abs(${identifier(column)}) < 2147483648 THEN ${identifier(column)} END`;

/** The record in tcp-audit's words (`src/tcp-state/record.ts`). */
const TCP_AUDIT_RECORD = 'tcp-audit';

/** tcp-audit 0.x: tables `tcp_events` and `tcp_events_socket_info`; its times have no time zone and are UTC. */
const TCP_AUDIT: Layout = {
  prepare: ({ schema }) => [
    `CREATE SCHEMA IF NOT EXISTS ${identifier(schema)}`,
    `CREATE TABLE IF NOT EXISTS ${identifier(schema)}.tcp_events (uid TEXT PRIMARY KEY, timestamp TIMESTAMP, pid_on_cpu INTEGER, comm_on_cpu TEXT, src_ip INET, dst_ip INET, src_port INTEGER, dst_port INTEGER, old_state TEXT, new_state TEXT)`,
    `CREATE TABLE IF NOT EXISTS ${identifier(schema)}.tcp_events_socket_info (uid TEXT PRIMARY KEY, tcp_event_uid TEXT REFERENCES ${identifier(schema)}.tcp_events ON DELETE CASCADE, id TEXT, inode INTEGER, user_id INTEGER, group_id INTEGER, state TEXT)`,
  ],
  take: ({ schema, stage }) => [
    `INSERT INTO ${identifier(schema)}.tcp_events SELECT uid, timestamp AT TIME ZONE 'UTC', ${integer('pid_on_cpu')}, comm_on_cpu, src_ip, dst_ip, ${integer('src_port')}, ${integer('dst_port')}, old_state, new_state FROM ${stage} ON CONFLICT DO NOTHING`,
    `INSERT INTO ${identifier(schema)}.tcp_events_socket_info SELECT ${identifier(ID_COLUMN)}::text, uid, "socket_info.id", ${integer('socket_info.inode')}, ${integer('socket_info.user_id')}, ${integer('socket_info.group_id')}, "socket_info.state" FROM ${stage} WHERE "socket_info.id" IS NOT NULL OR "socket_info.inode" IS NOT NULL ON CONFLICT DO NOTHING`,
  ],
  isPartitioned: false,
};

/** Throws SinkError where the records do not fit the layout. */
export function layoutFor({ layout }: PostgresAddress, types: readonly RecordType[]): Layout {
  if (layout === 'netscribe') return OURS;
  const other = types.find(({ name }) => name !== TCP_AUDIT_RECORD);
  if (other !== undefined) {
    throw new SinkUsageError(
      `the layout tcp-audit holds tcp-audit's events and nothing else, and ${other.name} is asked for: netscribe tcp --layout tcp-audit, or --to postgres://… without layout=tcp-audit`,
    );
  }
  return TCP_AUDIT;
}
