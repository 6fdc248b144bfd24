// A sink that a user brings along: `./my-sink.js?file=out.txt`, or the name of an installed package. See `plugins/load.ts` for how it is
// found, `sink.ts` for what it must be.

import { loadPlugin } from '../plugins/load.ts';
import { ENCODINGS } from '../records/encodings.ts';
import { ReaderGone, type Sink, SinkError } from './sink.ts';

const ENCODING_NAMES = [...Object.keys(ENCODINGS), 'columns', 'packets', 'none'];
const METHODS = ['open', 'close', 'abort'] as const;

/** `from`: the folder that the path or name is looked up from. Throws PluginError and SinkError. */
export async function openModule(spec: string, from?: string): Promise<Sink> {
  const made = (await loadPlugin(spec, { kind: 'sink', methods: METHODS }, from)) as Sink;
  const { encoding } = made;
  if (!ENCODING_NAMES.includes(encoding)) {
    throw new SinkError(
      `the sink ${spec} has no encoding that there is: its property 'encoding' is ${JSON.stringify(encoding)}, and must be one of ${ENCODING_NAMES.join(', ')}`,
    );
  }
  if (encoding !== 'none' && typeof made.write !== 'function')
    throw new SinkError(`the sink ${spec} has no function 'write'`);
  return guarded(spec, made);
}

/** The same sink under the user's name for it; what it throws is a sink's failure, not a fault of the program. */
function guarded(name: string, sink: Sink): Sink {
  const told = (error: unknown): never => {
    if (error instanceof SinkError || error instanceof ReaderGone) throw error;
    throw new SinkError(`the sink ${name} failed: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  };
  const call = (method: 'open' | 'write' | 'writeOut' | 'close' | 'abort', ...values: unknown[]): unknown => {
    try {
      const result = (sink as unknown as Record<string, (...values: unknown[]) => unknown>)[method](...values);
      return result instanceof Promise ? result.catch(told) : result;
    } catch (error) {
      return told(error);
    }
  };
  return {
    name,
    encoding: sink.encoding,
    open: async (types: unknown, origin: unknown) => call('open', types, origin),
    write: (batch: unknown) => call('write', batch),
    ...('writeOut' in sink ? { writeOut: async () => call('writeOut') } : {}),
    close: async (facts: unknown) => call('close', facts),
    abort: async () => call('abort'),
  } as Sink;
}
