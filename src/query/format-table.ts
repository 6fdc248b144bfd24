// `-e table` and `-e md`: for eyes. Columns aligned, SI units, local time, nothing in a value can drive the terminal.

import type { PlanColumn } from './draft.ts';
import { BUCKETED } from './explain.ts';
import { INTERFACE } from './interface-list.ts';
import { listText } from './machine.ts';
import { bytesText, clockText, countText, spanText, zoneText } from './people.ts';
import type { Cell, QueryResult } from './run.ts';
import { shownText, shownWidth } from './shown-text.ts';

export interface TableOptions {
  /** Times in UTC instead of local time. */
  isUtc?: boolean;
  /** Exact numbers instead of SI units. */
  isExact?: boolean;
  hasHeader?: boolean;
  /** What the answer lacks, in words, because files of the store can not be read; JSON has it too. */
  lacking?: readonly string[];
  /** Longer texts are cut with `…`; Infinity for none. */
  maxCellWidth?: number;
}

const MAX_CELL_WIDTH = 60;
const GAP = '  ';
/** Where the values of the footer begin. */
const FOOTER_LABEL = 12;

interface ShownColumn {
  readonly header: string;
  readonly isNumber: boolean;
  readonly cells: string[];
  readonly total: string;
}

/** The table with its footer, as lines without line ends. */
export function tableLines(result: QueryResult, options: TableOptions = {}): string[] {
  const lines: string[] = [];
  if (result.rows.length > 0) {
    const columns = shownColumns(result, options);
    const widths = columns.map((c) => Math.max(shownWidth(c.header), shownWidth(c.total), ...c.cells.map(shownWidth)));
    const row = (texts: readonly string[]) =>
      texts
        .map((text, i) => pad(text, widths[i], columns[i].isNumber))
        .join(GAP)
        .trimEnd();
    if (options.hasHeader !== false) lines.push(row(columns.map((c) => c.header)));
    for (let r = 0; r < result.rows.length; r++) lines.push(row(columns.map((c) => c.cells[r])));
    if (columns.some((c) => c.total !== ''))
      lines.push('', row(columns.map((c, i) => (i === 0 && c.total === '' ? 'Totals' : c.total))));
    lines.push('');
  }
  lines.push(...footer(result, options));
  return lines;
}

/** The rows as a Markdown table; no footer. */
export function markdownLines(result: QueryResult, options: TableOptions = {}): string[] {
  const columns = shownColumns(result, { ...options, maxCellWidth: options.maxCellWidth ?? Infinity });
  // Nothing in a value may be read as HTML or as Markdown.
  const cell = (text: string) => text.replace(/[\\`*_[\]<>|&#~]/g, (c) => `&#${c.charCodeAt(0)};`);
  const lines = [
    `| ${columns.map((c) => cell(c.header)).join(' | ')} |`,
    `|${columns.map((c) => (c.isNumber ? ' ---: |' : ' --- |')).join('')}`,
  ];
  for (let r = 0; r < result.rows.length; r++) lines.push(`| ${columns.map((c) => cell(c.cells[r])).join(' | ')} |`);
  return lines;
}

function pad(text: string, width: number, isNumber: boolean): string {
  const fill = ' '.repeat(Math.max(0, width - shownWidth(text)));
  return isNumber ? fill + text : text + fill;
}

function shownColumns(result: QueryResult, options: TableOptions): ShownColumn[] {
  const { columns } = result.plan;
  const shown: ShownColumn[] = [];
  columns.forEach((column, i) => {
    const side = sideOf(column, columns[i + 1]);
    if (i > 0 && sideOf(columns[i - 1], column) !== undefined) return;
    if (side !== undefined) {
      const cells = result.rows.map((row) => endpoint(row[i], row[i + 1]));
      shown.push({ header: side, isNumber: false, cells, total: '' });
      return;
    }
    const cells = result.rows.map((row) => cellShown(column, row[i], result, options));
    const isCounter = column.role === 'counter';
    const total = isCounter && column.hasTotal ? cellShown(column, result.totals[i], result, options) : '';
    shown.push({ header: headerOf(column, result, options), isNumber: isNumeric(column), cells, total });
    const next = columns[i + 1];
    const endsKind = isCounter && column.hasTotal && (next?.role !== 'counter' || next.kind !== column.kind);
    if (endsKind && (column.kind === 'bytes' || column.kind === 'packets'))
      shown.push(shareColumn(result, column.kind));
  });
  return shown;
}

/** `source.ip` and `source.port` beside each other are one column of a list: `10.0.0.5:51544`. */
function sideOf(column: PlanColumn, next: PlanColumn | undefined): string | undefined {
  if (column?.role !== 'key' || next?.role !== 'key' || column.key.kind !== 'ip') return undefined;
  const side = column.key.label.replace(/\.ip$/, '');
  return side !== column.key.label && next.key.label === `${side}.port` ? side : undefined;
}

function endpoint(ip: Cell, port: Cell): string {
  if (ip === null) return '';
  const address = shownText(String(ip));
  if (port === null) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** What a row's counters of one kind are of all rows', in percent. */
function shareColumn(result: QueryResult, kind: string): ShownColumn {
  const { columns } = result.plan;
  const of = (cells: readonly Cell[]) =>
    columns.reduce(
      (sum, column, i) => (column.role === 'counter' && column.kind === kind ? sum + Number(cells[i] ?? 0) : sum),
      0,
    );
  const whole = of(result.totals);
  const cells = result.rows.map((row) => (whole === 0 ? '0.00' : ((100 * of(row)) / whole).toFixed(2)));
  return { header: '%', isNumber: true, cells, total: '' };
}

const isNumeric = (column: PlanColumn): boolean =>
  column.role === 'counter'
    ? column.kind !== 'time'
    : column.key.kind === 'int' || column.key.kind === 'float' || column.key.kind === 'duration';

function headerOf(column: PlanColumn, result: QueryResult, options: TableOptions): string {
  if (column.role === 'counter')
    return column.kind === 'time'
      ? `${column.label} (${zoneText(result.firstNs, options.isUtc === true)})`
      : column.label;
  if (column.key.kind === 'time') return `${column.key.label} (${zoneText(result.firstNs, options.isUtc === true)})`;
  return column.key.label;
}

function cellShown(column: PlanColumn, cell: Cell, result: QueryResult, options: TableOptions): string {
  if (cell === null) return column.role === 'key' && column.key.path === INTERFACE ? '(unnamed)' : '';
  const isExact = options.isExact === true;
  if (column.role === 'counter') {
    const n = cell as number | bigint;
    if (column.kind === 'time') return clockText(BigInt(n), { isUtc: options.isUtc });
    if (column.kind === 'duration') return isExact ? `${n}` : spanText(n);
    if (isExact || column.kind === 'count') return `${n}`;
    return column.kind === 'bytes' ? bytesText(n) : countText(n);
  }
  switch (column.key.kind) {
    case 'time':
      return clockText(cell as bigint, { isUtc: options.isUtc, digits: result.plan.mode === 'list' ? 6 : 0 });
    case 'duration':
      return isExact ? `${cell}` : spanText(cell as number | bigint);
    case 'int':
      return column.key.unit === 'bytes' && !isExact ? bytesText(cell as number | bigint) : `${cell}`;
    default:
      return cut(shownText(listText(column, cell)), options.maxCellWidth ?? MAX_CELL_WIDTH);
  }
}

function cut(text: string, width: number): string {
  if (text.length <= width) return text;
  return `${[...text.slice(0, width * 2)].slice(0, width - 1).join('')}…`;
}

function footer(result: QueryResult, options: TableOptions): string[] {
  const { plan } = result;
  const isUtc = options.isUtc === true;
  const clock = (ns: bigint) => clockText(ns, { isUtc });
  const lines: string[] = [];
  const what = plan.types.map((type) => type.name).join(', ');
  if (result.hits === 0) {
    const all = result.population;
    if (all === undefined || all.records === 0) lines.push(`There are no ${what} records here.`);
    else {
      lines.push(`0 of ${all.records} ${what} records match.`);
      if (all.firstNs !== undefined && all.lastNs !== undefined)
        lines.push(`They are from ${clock(all.firstNs)} to ${clock(all.lastNs)} ${zoneText(all.firstNs, isUtc)}.`);
    }
  }
  if (result.firstNs !== undefined && result.lastNs !== undefined) {
    const zone = zoneText(result.firstNs, isUtc);
    const asked = plan.firstNs === undefined && plan.lastNs === undefined ? 'all there is' : 'as asked';
    lines.push(
      `Timespan    ${clock(result.firstNs)} to ${clock(result.lastNs)} ${zone} (${spanText(result.lastNs - result.firstNs)}, ${asked})`,
    );
  }
  if (plan.bucketNs !== undefined) lines.push(`Time        begin of each ${spanText(plan.bucketNs)}`);
  if (plan.interfaces.length > 0) lines.push(`Interface   ${shownText(plan.interfaces.join(','))}`);
  lines.push(`Records     ${what}`);
  if (plan.understood !== undefined) lines.push(`Condition   ${shownText(plan.understood)}`);
  lines.push(`Sorted by   ${plan.sortedBy}`);
  if (plan.isBucketed === true) lines.push(`Percentiles ${BUCKETED}`);
  const errors = result.errors === undefined || result.errors === 0 ? '' : `, ${result.errors} with errors`;
  const more = result.rows.length < result.hits ? ' (-n shows more)' : '';
  lines.push(
    `Shown       ${result.rows.length} of ${result.hits} hits${errors} in ${spanText(Math.round(result.elapsedMs * 1e6))}${more}`,
  );
  for (const [i, words] of (options.lacking ?? []).entries())
    lines.push((i === 0 ? 'Lacking' : '').padEnd(FOOTER_LABEL) + shownText(words));
  return lines;
}
