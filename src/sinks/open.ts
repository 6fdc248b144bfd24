// From what a user writes after `--to` to a sink.

import { isModulePath, isPackageName, PluginError } from '../plugins/load.ts';
import type { EncodingName } from '../records/encodings.ts';
import { openModule } from './module.ts';
import { NoSink } from './none.ts';
import { placeOptions, quantity } from './options.ts';
import { fileIn, PacketFile, type PacketFileOptions, type PacketFormat } from './packet-file.ts';
import { PARQUET_DEFAULTS, ParquetFolder } from './parquet.ts';
import { isPostgres, postgresAddress } from './postgres/address.ts';
import { NO_ROTATION } from './rotation.ts';
import { RowFolder, RowStream } from './rows.ts';
import { type Sink, SinkUsageError } from './sink.ts';
import { StoreSink } from './store.ts';

export const DEFAULT_STORE = 'netscribe-data';
/** Whoever ends a command wants to ask at once, and waits so long for what is in the log to become segments. */
const LAST_WRITE_OUT_MS = 60_000;

/** The kinds, each with what it takes and what it does, as `--help` and messages show them. */
export const SINK_KINDS: ReadonlyMap<string, { readonly forms: readonly string[]; readonly doc: string }> = new Map([
  ['ndjson', { forms: ['ndjson:-', 'ndjson:DIR'], doc: 'JSON, one document per line' }],
  ['csv', { forms: ['csv:-', 'csv:DIR'], doc: 'RFC 4180 with a header' }],
  ['parquet', { forms: ['parquet:DIR'], doc: 'a Parquet file per record type' }],
  ['pcap', { forms: ['pcap:DIR'], doc: 'packets' }],
  ['pcapng', { forms: ['pcapng:DIR'], doc: 'packets' }],
  ['store', { forms: ['store:DIR'], doc: 'the embedded store' }],
  ['postgres', { forms: ['postgres://…'], doc: 'tables of a PostgreSQL database' }],
  ['null', { forms: ['null:'], doc: 'nothing' }],
]);
/** All forms, in one line. */
export const SINK_FORMS = [...[...SINK_KINDS.values()].flatMap(({ forms }) => forms), './MODULE.js', 'PACKAGE'].join(
  ', ',
);

export interface OpenOptions {
  /** The folder from which modules and packages are looked up; default: the current one. */
  from?: string;
  /** Finds the right word for a wrong one. */
  nearest?: (word: string, candidates: readonly string[]) => string | undefined;
  /** How packets are written; without it there are none to write. */
  packets?: Omit<PacketFileOptions, 'format'>;
  /** The run has no end of its own: a store has what it is given at once, instead of all of it when the run is over. */
  isEndless?: boolean;
  /** Told what is wrong with a sink that goes on trying. */
  tell?: (text: string) => void;
}

/** Throws SinkError, PluginError. */
export async function openSink(
  spec: string,
  { from, nearest, packets, isEndless, tell }: OpenOptions = {},
): Promise<Sink> {
  if (isModulePath(spec)) return openModule(spec, from);
  if (isPostgres(spec)) {
    // Loaded when it is named: start-up costs what is used.
    const { PostgresSink } = await import('./postgres/sink.ts');
    return new PostgresSink(postgresAddress(spec, process.env));
  }
  const colon = spec.indexOf(':');
  const kind = colon < 0 ? spec : spec.slice(0, colon);
  const place = colon < 0 ? '' : spec.slice(colon + 1);
  switch (kind) {
    case 'ndjson':
    case 'csv':
      return openRows(kind, place);
    case 'parquet':
      return openParquet(place);
    case 'pcap':
    case 'pcapng':
      return openPackets(kind, place, packets);
    case 'store':
      return openStore(place === '' ? DEFAULT_STORE : place, isEndless === true, tell);
    case 'null':
      return new NoSink();
  }
  const guess = nearest?.(kind, [...SINK_KINDS.keys()]);
  const meant = guess === undefined ? '' : `: did you mean '${SINK_KINDS.get(guess)!.forms.join("' or '")}'?`;
  if (colon >= 0 || !isPackageName(spec)) {
    throw new SinkUsageError(`there is no sink '${spec}'${meant} (there are ${SINK_FORMS})`);
  }
  try {
    return await openModule(spec, from);
  } catch (error) {
    if (error instanceof PluginError && meant !== '') throw new PluginError(`there is no sink '${spec}'${meant}`);
    throw error;
  }
}

async function openStore(directory: string, isEndless: boolean, tell?: (text: string) => void): Promise<Sink> {
  if (!isEndless) return new StoreSink(directory);
  const { LiveStoreSink } = await import('./live-store.ts');
  return new LiveStoreSink(directory, { endMs: LAST_WRITE_OUT_MS, tell });
}

/** A name that ends as files of this kind do is a file. */
function openRows(kind: EncodingName, place: string): Sink {
  if (place === '') {
    throw new SinkUsageError(`${kind} needs a place: '${kind}:-' for standard output, '${kind}:DIR' for a folder`);
  }
  return place === '-' || place.endsWith(`.${kind}`) ? new RowStream(kind, place) : new RowFolder(kind, place);
}

function openPackets(
  format: PacketFormat,
  place: string,
  options: Omit<PacketFileOptions, 'format'> | undefined,
): Sink {
  if (options === undefined)
    throw new SinkUsageError(
      `${format}:${place} takes packets, and there are none here: it goes with 'netscribe capture'`,
    );
  if (place === '')
    throw new SinkUsageError(
      `${format} needs a place: '${format}:DIR' for a folder, '${format}:-' for standard output`,
    );
  if (place === '-' || /\.(pcap|pcapng|cap|ntar|dmp)\d*$/.test(place))
    return new PacketFile(place, { ...options, format });
  return new PacketFile(
    fileIn(place, format, options.rotation ?? NO_ROTATION),
    { ...options, format },
    `${format}:${place}`,
  );
}

function openParquet(text: string): Sink {
  const { place, options } = placeOptions('parquet', text, ['rows', 'size']);
  if (place === '' || place === '-')
    throw new SinkUsageError("parquet needs a folder: 'parquet:DIR', or 'parquet:DIR?rows=1000000'");
  return new ParquetFolder(place, {
    rows: options.rows === undefined ? PARQUET_DEFAULTS.rows : quantity('parquet', 'rows', options.rows),
    bytes: options.size === undefined ? PARQUET_DEFAULTS.bytes : quantity('parquet', 'size', options.size),
  });
}
