// Sources of TCP events by name, and the best one that can run here.

import { BpfSource } from './bpf/source.ts';
import { openModule } from './module.ts';
import { SockDiagSource } from './sock-diag/source.ts';
import { type Capability, TcpSourceError, type TcpStateSource } from './source.ts';
import { TracefsSource } from './tracefs/source.ts';

export interface SourceOptions {
  /** Room in the kernel for events that wait, in bytes. */
  bufferBytes?: number;
}

/** Built-in sources, the best first. */
const SOURCES: Readonly<Record<string, (options: SourceOptions) => TcpStateSource>> = {
  bpf: ({ bufferBytes }) =>
    new BpfSource({ ringBytes: bufferBytes === undefined ? undefined : powerOfTwo(bufferBytes) }),
  tracefs: ({ bufferBytes }) => new TracefsSource({ bufferBytes }),
  'sock-diag': ({ bufferBytes }) => new SockDiagSource({ bufferBytes }),
};
export const SOURCE_NAMES = Object.keys(SOURCES);

/** The kernel's rings have such sizes. */
function powerOfTwo(bytes: number): number {
  return 2 ** Math.ceil(Math.log2(bytes));
}

/** What built-in sources need and have here. */
export async function probeSources(
  names: readonly string[] = SOURCE_NAMES,
): Promise<{ name: string; capability: Capability }[]> {
  return Promise.all(names.map(async (name) => ({ name, capability: await SOURCES[name]({}).probe() })));
}

/**
 * A source by name, a module by path or package, or the best that can run for `auto`. `passedOver`: why better ones can not. Throws
 * TcpSourceError, and PluginError for a module.
 */
export async function chooseSource(
  name: string,
  options: SourceOptions,
): Promise<{ source: TcpStateSource; passedOver: string[] }> {
  if (Object.hasOwn(SOURCES, name)) return { source: SOURCES[name](options), passedOver: [] };
  if (name !== 'auto') return { source: await openModule(name), passedOver: [] };
  const passedOver: string[] = [];
  for (const candidate of SOURCE_NAMES) {
    const source = SOURCES[candidate](options);
    const { usable, detail } = await source.probe();
    if (usable) return { source, passedOver };
    passedOver.push(`${candidate}: ${detail}`);
  }
  throw new TcpSourceError(`no source of TCP events can run here:\n  ${passedOver.join('\n  ')}`);
}
