// Opens the bytes behind a path (or '-') and puts an inflater around them where their first bytes ask for one.

import { fstat, open, openSync, type Stats, stat } from 'node:fs';
import { Socket } from 'node:net';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import { explainSystemError, InputError } from '../input-error.ts';
import type { ByteSource } from './byte-source.ts';
import { DescriptorBytes } from './descriptor.ts';
import { InflatedBytes } from './inflated.ts';
import type { Compression } from './inflater.ts';

const STANDARD_INPUT = 0;
/** Enough for every magic number. */
const HEAD_BYTES = 4;
const GZIP_MAGIC = 0x1f8b;
const ZSTD_MAGIC = 0x28b52ffd;
/** The first byte of a skippable frame is 0x50 to 0x5f (RFC 8878, section 3.1.2). */
const SKIPPABLE_MAGIC = 0x502a4d18;
const SKIPPABLE_MASK = 0xf0ffffff;

/** Throws InputError when `path` is missing, may not be read or is a folder. */
export async function openBytes(path: string, digest = false): Promise<ByteSource> {
  try {
    const fd = path === '-' ? STANDARD_INPUT : await openPath(path);
    const stats: Stats = await promisify(fstat)(fd);
    const size = stats.isFile() ? stats.size : undefined;
    if (path === '-' && isatty(fd)) {
      throw new InputError(path, "standard input is a terminal: pipe a capture into it, as in 'tcpdump -U -w - | …'");
    }
    const plain = new DescriptorBytes({ fd, size, digest, stream: streamOf(fd, stats) });
    const compression = compressionOf(await plain.peek(HEAD_BYTES));
    if (compression === undefined) return plain;
    const reopen = () => new DescriptorBytes({ fd: openSync(path, 'r'), size, digest: false });
    return new InflatedBytes(plain, { compression, reopen: size === undefined || path === '-' ? undefined : reopen });
  } catch (error) {
    throw explainSystemError(path, error);
  }
}

/** Of a pipe or a socket. */
function streamOf(fd: number, stats: Stats): Socket | undefined {
  return stats.isFIFO() || stats.isSocket() ? new Socket({ fd, readable: true, writable: false }) : undefined;
}

async function openPath(path: string): Promise<number> {
  if ((await promisify(stat)(path)).isDirectory()) throw new InputError(path, `${path} is a folder, not a file`);
  return promisify(open)(path, 'r');
}

function compressionOf(head: Uint8Array): Compression | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (head.length >= 2 && view.getUint16(0) === GZIP_MAGIC) return 'gzip';
  if (head.length < HEAD_BYTES) return undefined;
  const magic = view.getUint32(0);
  return magic === ZSTD_MAGIC || (magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE_MAGIC ? 'zstd' : undefined;
}
