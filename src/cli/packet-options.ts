// The options of `capture` that write packets, as tcpdump has them: -w -C -G -W -s -U.

import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { UsageError } from '../config/usage-error.ts';
import { type FileIdentity, identityOf } from '../sinks/output.ts';
import type { PacketFileOptions } from '../sinks/packet-file.ts';
import { expandInputs } from '../sources/expand.ts';
import { wholeNumber } from './number.ts';

export interface PacketWords {
  write?: string;
  fileSize?: string;
  rotateSeconds?: string;
  fileCount?: string;
  snaplen?: string;
  micro?: boolean;
  quiet?: boolean;
}

/** libpcap's largest snap length, which 0 stands for. */
const MAX_SNAP_LENGTH = 262_144;

export function withPacketOptions(command: Command): Command {
  return command
    .option(
      '-w, --write <file>',
      "packets that match into a pcap or pcapng file (by its name), '-' for standard output",
    )
    .option(
      '-C, --file-size <size>',
      'with -w: a new file when it is larger; millions of bytes, or 500k, 10m, 1g (1024)',
    )
    .option('-G, --rotate-seconds <n>', 'with -w: a new file every so many seconds; its name may have %Y%m%d%H%M%S')
    .option('-W, --file-count <n>', 'with -C: this many files in turn; with -G: this many, then stop')
    .option('-s, --snaplen <bytes>', 'bytes taken of each packet (default: all)')
    .option('--micro', 'with -w: microseconds in pcap files, for readers that know no nanoseconds')
    .option('-U', 'accepted for habit: packets are never held back');
}

/** How packets are written. Throws UsageError for what makes no sense together. */
export function packetFileOptions(
  words: PacketWords,
  inputs: readonly string[],
  writes: boolean,
): Omit<PacketFileOptions, 'format'> {
  const bytes = fileSize(words.fileSize);
  const seconds = wholeNumber(words.rotateSeconds, '-G', 1, 2 ** 31) ?? 0;
  const files = wholeNumber(words.fileCount, '-W', 1, 1e9) ?? 0;
  const [alone] = (['C', 'G', 'W'] as const).filter((_, i) => [bytes, seconds, files][i] > 0);
  if (!writes && alone !== undefined) throw new UsageError(`-${alone} goes with -w FILE: no packets are written`);
  if (files > 0 && bytes === 0 && seconds === 0)
    throw new UsageError('-W counts the files of -C or -G: give one of them too');
  if (words.write === '-' && alone !== undefined)
    throw new UsageError(`-${alone} cuts files, and -w - writes to standard output`);
  if (/\.(gz|zst|xz|bz2|lz4)$/.test(words.write ?? '')) {
    throw new UsageError(
      `-w ${words.write}: packets are written as they are; compress them with -w - | gzip > ${words.write}`,
    );
  }
  if (seconds > 0 && words.write?.includes('%') === false && words.quiet !== true) {
    process.stderr.write(
      `netscribe: every file of -G will replace the one before: put a time into the name, as in -w '%Y%m%d-%H%M%S.pcap'\n`,
    );
  }
  return { rotation: { bytes, seconds, files }, micros: words.micro === true, forbidden: identities(inputs) };
}

/** 0 for all. */
export function snapLength(words: PacketWords): number {
  const value = wholeNumber(words.snaplen, '-s', 0, MAX_SNAP_LENGTH) ?? 0;
  return value === MAX_SNAP_LENGTH ? 0 : value;
}

/** Millions of bytes, or with a suffix powers of 1024, as tcpdump takes it. */
function fileSize(text: string | undefined): number {
  if (text === undefined) return 0;
  const match = /^(\d+)([kmg])?$/i.exec(text);
  const size =
    match === null
      ? 0
      : Number(match[1]) * { '': 1e6, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[(match[2] ?? '').toLowerCase() as 'k'];
  if (size === 0 || size > Number.MAX_SAFE_INTEGER)
    throw new UsageError(`-C wants millions of bytes, or a size such as 500k, 10m, 1g, not '${text}'`);
  return size;
}

/** What is read must not be written. */
function identities(inputs: readonly string[]): Set<FileIdentity> {
  const files = expandInputs(inputs).filter(({ isRegular }) => isRegular);
  // One that is not there any more, or whose name can not be said, is told when it is read.
  const stats = files.map(({ path }) => statSync(path, { throwIfNoEntry: false }));
  return new Set(stats.filter((stat) => stat !== undefined).map(identityOf));
}
