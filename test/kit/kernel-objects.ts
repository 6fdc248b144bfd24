// BPF programs and maps that the kernel has at the moment, by its own numbers: what a process leaves behind, and what it does not.

import { closeSync, readdirSync, readFileSync } from 'node:fs';
import { COMMAND, loadKernel } from '../../src/system/bpf/kernel.ts';

/** Commands of bpf(2) that only tests need. */
const PROG_GET_NEXT_ID = 11;
const MAP_GET_NEXT_ID = 12;
const PROG_GET_FD_BY_ID = 13;
const MAP_GET_FD_BY_ID = 14;

/** Programs and maps, as `17 name` and `18 name (map)`. A pinned map would stay, whether or not we see where. */
async function kernelObjects(): Promise<string[]> {
  const kernel = await loadKernel();
  const there = (next: number, open: number, nameAt: number): string[] => {
    const names: string[] = [];
    for (let id = 0; ; ) {
      const following = kernel.attribute().u32(0, id);
      if (kernel.try(next, following) < 0) return names;
      id = following.bytes.readUInt32LE(4);
      const fd = kernel.try(open, kernel.attribute().u32(0, id));
      // Gone between the two.
      if (fd < 0) continue;
      const info = Buffer.alloc(232);
      kernel.try(COMMAND.OBJ_GET_INFO_BY_FD, kernel.attribute().u32(0, fd).u32(4, info.length).pointer(8, info));
      closeSync(fd);
      // struct bpf_prog_info and bpf_map_info: the id is the second word.
      names.push(`${info.readUInt32LE(4)} ${info.toString('latin1', nameAt, nameAt + 16).replace(/\0.*$/s, '')}`);
    }
  };
  return [
    ...there(PROG_GET_NEXT_ID, PROG_GET_FD_BY_ID, 64),
    ...there(MAP_GET_NEXT_ID, MAP_GET_FD_BY_ID, 24).map((name) => `${name} (map)`),
  ];
}

/** Those of them that a process holds: other tests, and others on this machine, have their own. */
export async function objectsOf(pid: number): Promise<string[]> {
  const held = new Set<string>();
  const folder = `/proc/${pid}/fdinfo`;
  for (const fd of readdirSync(folder)) {
    for (const [, what, id] of readFileSync(`${folder}/${fd}`, 'utf8').matchAll(/^(prog|map)_id:\s+(\d+)$/gm))
      held.add(`${what} ${id}`);
  }
  return (await kernelObjects()).filter((object) =>
    held.has(`${object.endsWith(' (map)') ? 'map' : 'prog'} ${Number.parseInt(object, 10)}`),
  );
}

/** Only against what stays. */
const PATIENCE_MS = 100_000;

/** Those of them that are still there when the kernel has had its time: it frees what nobody refers to a moment after a process is gone. */
export async function leftOf(objects: readonly string[]): Promise<readonly string[]> {
  let left = objects;
  for (const begun = performance.now(); left.length > 0 && performance.now() - begun < PATIENCE_MS; ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const now = new Set(await kernelObjects());
    left = left.filter((object) => now.has(object));
  }
  return left;
}
