// Names and cells of the machine formats: plain integers, ns, RFC 3339 in UTC.

import type { PlanColumn } from './draft.ts';
import type { Cell } from './run.ts';
import { isoTime } from './times.ts';

/** Column name in JSON, NDJSON and CSV: as typed for keys, the counter's name otherwise. */
export const machineName = (column: PlanColumn): string => (column.role === 'key' ? column.key.label : column.name);

const isTime = (column: PlanColumn): boolean => (column.role === 'key' ? column.key.kind : column.kind) === 'time';

/** A cell as JSON text. Integers above 2^53 are exact numbers; what the store keeps as JSON goes in as it is. */
export function cellJson(column: PlanColumn, cell: Cell): string {
  if (cell === null) return 'null';
  if (isTime(column)) return `"${isoTime(BigInt(cell))}"`;
  if (typeof cell === 'bigint') return cell.toString();
  if (column.role === 'key' && column.key.kind === 'json') return jsonCell(column, String(cell));
  return JSON.stringify(cell);
}

/** A JSON cell as it is kept; a list of one as its only element where the declaration says so. */
function jsonCell(column: PlanColumn, text: string): string {
  const value = parsed(text);
  if (value === undefined) return JSON.stringify(text);
  const isSingle = column.role === 'key' && column.key.isSingle === true;
  return isSingle && Array.isArray(value) && value.length === 1 ? JSON.stringify(value[0]) : text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A cell as bare text; lists and maps as JSON. */
export function cellText(column: PlanColumn, cell: Cell): string {
  if (cell === null) return '';
  if (isTime(column)) return isoTime(BigInt(cell));
  if (column.role === 'counter' || column.key.kind !== 'json') return String(cell);
  const json = jsonCell(column, String(cell));
  const value = parsed(json);
  return typeof value === 'string' ? value : json;
}

/** A JSON cell for people: a list of plain values without its signs. */
export function listText(column: PlanColumn, cell: Cell): string {
  const text = cellText(column, cell);
  const value = text.startsWith('[') ? parsed(text) : undefined;
  if (!Array.isArray(value) || value.some((entry) => typeof entry === 'object')) return text;
  return value.join(', ');
}
