// Where fuzzing begins: exchanges of our own making, from
//   test/fuzz/corpus/<name>/*.txt     kept because they reach code that others do not, or because they once broke something
//   test/protocols/<name>/seeds.ts    `export const seeds: Exchange[]`, if a protocol's tests have them; `resyncsAtSegments = true`: after
//                                     garbage the parser looks for a message where segments begin, so their cut matters there
//   examples/first-look.pcap          the conversations of this protocol in it
// and bytes that mean nothing, so that a protocol without any of these is fuzzed too.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Random } from '../../kit/generate/random.ts';
import { PROJECT } from '../../kit/shared.ts';
import { type Exchange, exchange, fromText } from './exchange.ts';
import { noise } from './mutate.ts';
import { recordExchanges } from './recorded.ts';

const CORPUS = `${PROJECT}test/fuzz/corpus/`;
const EXAMPLE = `${PROJECT}examples/first-look.pcap`;

let example: Promise<Map<string, Exchange[]>> | undefined;

export interface Seeds {
  readonly seeds: readonly Exchange[];
  readonly resyncsAtSegments?: boolean;
}

/** `folder`: the protocol's, under src/protocols/. */
export async function seedsOf(name: string, folder: string, transports: readonly string[]): Promise<Seeds> {
  example ??= recordExchanges([EXAMPLE]);
  const own = `${PROJECT}test/protocols/${folder}/seeds.ts`;
  const written: Seeds = existsSync(own) ? ((await import(own)) as Seeds) : { seeds: [] };
  const random = new Random(1);
  const meaningless = transports.flatMap((transport) =>
    [0, 8, 64].map((octets) => exchange(transport, [0, noise(random, octets)], [1, noise(random, octets)])),
  );
  const seeds = [...corpusOf(name), ...written.seeds, ...((await example).get(name) ?? []), ...meaningless];
  return { ...written, seeds };
}

export function corpusOf(name: string): Exchange[] {
  const folder = `${CORPUS}${name}`;
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.txt'))
    .sort()
    .map((file) => fromText(readFileSync(`${folder}/${file}`, 'utf8')));
}
