// The store at size: writes flow rows as a site of some thousand hosts makes them in a week, an hour at a time, and asks what people
// ask. `npm run bench:store -- --rows 50000000`; the folder is temporary and removed at the end. `--micros`: times as captures have them,
// `--columns`: what each column takes.

import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openReader, type StoreReader } from '../../src/store/reader.ts';
import { chooseRollup, quantileSql, rollupSource } from '../../src/store/rollup/choose.ts';
import { rollupSpecs } from '../../src/store/rollup/tables.ts';
import { rowForms } from '../../src/store/row-form.ts';
import { openStore } from '../../src/store/store.ts';
import { columnTable } from './columns.ts';
import { flowRows, rowsType } from './flow-rows.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '50000000' },
    hours: { type: 'string', default: '168' },
    runs: { type: 'string', default: '3' },
    folder: { type: 'string' },
    micros: { type: 'boolean', default: false },
    columns: { type: 'boolean', default: false },
  },
});
const rows = Number(values.rows);
const hours = Number(values.hours);
const runs = Number(values.runs);
/** 2026-11-16T00:00:00Z, a Monday. */
const FROM = 1_794_787_200;
const SEED = 20_261_116;

const folder = mkdtempSync(join(values.folder ?? tmpdir(), 'netscribe-bench-store-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));

const cpuSeconds = (since?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

const peak = (): string => `peak ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`;

function write(): void {
  const store = openStore(folder, { rollups: rollupSpecs([rowsType]), forms: rowForms([rowsType]) });
  let writing = 0;
  const began = performance.now();
  for (let hour = 0; hour < hours; hour++) {
    // Each hour is as large as its share of the day: nights are quiet.
    const share = (1 + 0.8 * Math.sin((((hour % 24) - 8) / 24) * 2 * Math.PI)) / hours;
    const import_ = store.beginImport();
    const options = {
      seed: SEED + hour,
      rows: Math.round(rows * share),
      from: FROM + hour * 3600,
      seconds: 3500,
      isMicros: values.micros,
    };
    for (const batch of flowRows(options)) {
      const before = process.cpuUsage();
      import_.write(batch);
      writing += cpuSeconds(before);
    }
    const before = process.cpuUsage();
    import_.commit(`hour ${hour}`);
    writing += cpuSeconds(before);
    if (hour % 24 === 23)
      process.stderr.write(`day ${(hour + 1) / 24} written, ${Math.round((performance.now() - began) / 1000)} s\n`);
  }
  const { segments } = store.manifest;
  const sum = (of: (segment: (typeof segments)[number]) => number) => segments.reduce((all, one) => all + of(one), 0);
  const written = sum((one) => one.rows);
  const bytes = sum((one) => one.bytes);
  const rollupBytes = sum((one) => one.rollup?.bytes ?? 0);
  const tables = values.columns ? (['rows', 'sums'] as const).map((of) => columnTable(folder, store.manifest, of)) : [];
  store.close();
  console.log(`${written.toLocaleString('en')} rows in ${segments.length} segments`);
  console.log(
    `${(bytes / written).toFixed(2)} bytes a row, and ${(rollupBytes / written).toFixed(2)} for the sums beside them`,
  );
  console.log(`${((writing / written) * 1e6).toFixed(2)} CPU µs a row to write, sums included; ${peak()}`);
  for (const table of tables) console.log(table);
}

async function measure(
  what: string,
  span: { from?: string; to?: string },
  ask: (reader: StoreReader) => Promise<number>,
) {
  const found: { wall: number; cpu: number }[] = [];
  let answers = 0;
  for (let run = 0; run < runs; run++) {
    // A new reader each time: finding out which files there are is part of the answer.
    const before = process.cpuUsage();
    const began = performance.now();
    const reader = await openReader(folder, { types: [rowsType], ...span });
    answers = await ask(reader);
    found.push({ wall: (performance.now() - began) / 1000, cpu: cpuSeconds(before) });
    reader.close();
  }
  const least = (of: (one: (typeof found)[number]) => number) => Math.min(...found.map(of)).toFixed(3);
  console.log(`| ${what.padEnd(58)} | ${least(({ wall }) => wall)} | ${least(({ cpu }) => cpu)} | ${answers} |`);
}

const rowsOf = async (reader: StoreReader, sql: string): Promise<number> => (await reader.query(sql)).rows.length;
const sums = 'sum(source_bytes) + sum(destination_bytes) AS bytes';
function source(columns: readonly string[], wish = {}): string {
  const choice = chooseRollup(rowsType, { columns, ...wish });
  if (choice === undefined) throw new Error(`no sums by ${columns.join(', ')}`);
  return rollupSource(choice);
}
const top = (keys: string, from: string) =>
  `SELECT ${keys}, ${sums} FROM ${from} GROUP BY ALL ORDER BY bytes DESC LIMIT 10`;

write();
console.log(
  `\nNode ${process.version}, ${cpus().length} × ${cpus()[0].model.trim()}, ${new Date().toISOString().slice(0, 10)}, minimum of ${runs}\n`,
);
console.log('| question | wall s | CPU s | rows |\n| --- | --: | --: | --: |');
// Wednesday from 14 to 15, or the last hour that there is.
const beginning = (FROM + Math.min(62, hours - 1) * 3600) * 1000;
const text = (ms: number) => new Date(ms).toISOString().slice(0, 19);
const hour = { from: `${text(beginning)}.000000000Z`, to: `${text(beginning + 3_599_000)}.999999999Z` };
const inHour = `flow WHERE timestamp >= '${text(beginning)}' AND timestamp < '${text(beginning + 3_600_000)}'`;
await measure('top talkers by source, everything, from sums', {}, (reader) =>
  rowsOf(reader, top('source_ip_hi, source_ip_lo', `(${source(['source_ip'])})`)),
);
await measure('services, everything, from sums', {}, (reader) =>
  rowsOf(reader, top('network_transport, destination_port', `(${source(['network_transport', 'destination_port'])})`)),
);
await measure('bytes per hour and protocol, everything, from sums', {}, (reader) =>
  rowsOf(
    reader,
    `SELECT timestamp, network_protocol, ${sums} FROM (${source(['network_protocol'], { bucketNs: 3600e9 })}) GROUP BY ALL`,
  ),
);
await measure('95th percentile of durations by protocol, everything, sums', {}, (reader) =>
  rowsOf(
    reader,
    quantileSql(source(['network_protocol'], { needsHistogram: true }), ['network_protocol'], [0.5, 0.95]),
  ),
);
await measure('top talkers by source, one hour, record by record', hour, (reader) =>
  rowsOf(reader, top('source_ip_hi, source_ip_lo', inHour)),
);
await measure('one host and port, one hour, record by record', hour, (reader) =>
  rowsOf(
    reader,
    `SELECT * FROM ${inHour} AND source_ip_lo = ip_lo('10.0.0.7') AND destination_port = 443 ORDER BY timestamp LIMIT 100`,
  ),
);
await measure('top talkers by source, everything, record by record', {}, (reader) =>
  rowsOf(reader, top('source_ip_hi, source_ip_lo', 'flow')),
);
const check = await openReader(folder, { types: [rowsType] });
const all = async (from: string, count: string) =>
  (await check.query(`SELECT ${count}, ${sums} FROM ${from}`)).rows[0].join(' ');
const [bySums, byRows] = [await all(`(${source(['source_ip'])})`, 'sum(rows)'), await all('flow', 'count(*)')];
check.close();
console.log(
  `\nsums and records ${bySums === byRows ? 'agree' : `differ: ${bySums} and ${byRows}`} (rows, bytes: ${byRows}); ${peak()}`,
);
