// From what a user writes after `--to` to a sink.

import { NdjsonFolder, NdjsonStdout } from './ndjson.ts';
import { NoSink } from './none.ts';
import { type Sink, SinkError } from './sink.ts';
import { StoreSink } from './store.ts';

export const SINK_KINDS = ['ndjson', 'store', 'null'] as const;
export const DEFAULT_STORE = 'netscribe-data';

/** `ndjson:-`, `ndjson:DIR`, `store:DIR`, `null:`. Throws SinkError with the nearest right word. */
export function openSink(spec: string): Sink {
  const colon = spec.indexOf(':');
  const kind = colon < 0 ? spec : spec.slice(0, colon);
  const place = colon < 0 ? '' : spec.slice(colon + 1);
  switch (kind) {
    case 'ndjson':
      if (place === '')
        throw new SinkError("ndjson needs a place: 'ndjson:-' for standard output, 'ndjson:DIR' for a folder");
      return place === '-' ? new NdjsonStdout() : new NdjsonFolder(place);
    case 'store':
      return new StoreSink(place === '' ? DEFAULT_STORE : place);
    case 'null':
      return new NoSink();
    default:
      throw new SinkError(`there is no sink '${spec}'; there are ndjson:-, ndjson:DIR, store:DIR and null:`);
  }
}
