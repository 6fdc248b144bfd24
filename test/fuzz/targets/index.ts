// Everything that is fuzzed: each protocol of the registry, with the folders its code stands in, and the parts below them.

import { readdirSync, readFileSync } from 'node:fs';
import type { Protocol } from '../../../src/protocols/protocol.ts';
import { PROTOCOLS } from '../../../src/protocols/registry.ts';
import { PROJECT } from '../../kit/shared.ts';
import { ProtocolTarget } from '../kit/protocol-target.ts';
import { seedsOf } from '../kit/seeds.ts';
import type { Target } from '../kit/target.ts';
import { CaptureFileTarget } from './capture-file.ts';
import { DissectionTarget } from './dissection.ts';
import { TcpStreamTarget } from './tcp-stream.ts';
import { WireTarget } from './wire.ts';

const FOLDERS = 'src/protocols/';

export async function protocolTargets(): Promise<ProtocolTarget[]> {
  const folders = await foldersOf();
  return Promise.all(
    PROTOCOLS.map(async (protocol) => {
      const folder = folders.get(protocol);
      if (folder === undefined) throw new Error(`${protocol.name}: no folder under ${FOLDERS} exports it`);
      const seeds = await seedsOf(protocol.name, folder, protocol.transports);
      return new ProtocolTarget(protocol, withNeighbours(folder), seeds);
    }),
  );
}

/** What protocols stand on. */
export const lowerTargets = (): Target[] => [
  new CaptureFileTarget(),
  new WireTarget(),
  new DissectionTarget(),
  new TcpStreamTarget(),
];

/** `only`: names; empty: all. */
export async function targets(only: readonly string[] = []): Promise<Target[]> {
  const all: Target[] = [...(await protocolTargets()), ...lowerTargets()];
  const unknown = only.filter((name) => !all.some((target) => target.name === name));
  if (unknown.length > 0)
    throw new Error(`no target ${unknown.join(', ')}; there are ${all.map(({ name }) => name).join(', ')}`);
  return only.length === 0 ? all : all.filter(({ name }) => only.includes(name));
}

async function foldersOf(): Promise<Map<Protocol, string>> {
  const found = new Map<Protocol, string>();
  const registry = readFileSync(`${PROJECT}${FOLDERS}registry.ts`, 'utf8');
  for (const [, name, folder] of registry.matchAll(/import \{ (\w+) \} from '\.\/([\w-]+)\/index\.ts'/g)) {
    const module = (await import(`${PROJECT}${FOLDERS}${folder}/index.ts`)) as Record<string, Protocol>;
    found.set(module[name], folder);
  }
  return found;
}

/** A protocol's folder and those of its neighbours that it imports from. */
function withNeighbours(folder: string): string[] {
  const found = new Set([folder]);
  for (const one of found) {
    const whole = `${PROJECT}${FOLDERS}${one}/`;
    for (const file of readdirSync(whole, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      for (const [, other] of readFileSync(whole + file, 'utf8').matchAll(/from '\.\.\/([\w-]+)\/[\w./-]+\.ts'/g))
        found.add(other);
    }
  }
  const folders = new Set(
    readdirSync(PROJECT + FOLDERS, { withFileTypes: true })
      .filter((e) => e.isDirectory())
      .map((e) => e.name),
  );
  return [...found].filter((one) => folders.has(one)).map((one) => `${FOLDERS}${one}/`);
}
