// From what a user names (files, folders, '-') to one source of packets.

import type { ChunkOptions } from './capture-file.ts';
import { expandInputs } from './expand.ts';
import { type FileInputs, MergedFiles } from './merged-files.ts';

export interface InputOptions extends Partial<ChunkOptions> {
  /** BPF filter as tcpdump takes it; '' for none. */
  filter?: string;
}

/**
 * The packets of `paths` (files, folders, '-' for standard input), merged in time order. Throws InputError when a path is
 * missing; `open()` rejects with InputError when one is no capture, with FilterError when the filter can not be used.
 * `next()` gives 'idle' only while all batches are held.
 */
export function openInputs(paths: readonly string[], options: InputOptions = {}): FileInputs {
  const { filter = '', ...chunks } = options;
  return new MergedFiles(expandInputs(paths), chunks, filter);
}
