// Content codings of kept bodies (RFC 9110 section 8.4.1, RFC 8878 for zstd), bounded in layers, output and ratio: bodies come
// from strangers, and 51 bytes of brotli can hold 64 MiB.

import zlib from 'node:zlib';

/** Codings that are taken off one after the other. */
const MAX_LAYERS = 2;
/** Beyond this much output a coding may not yield more than MAX_RATIO times its input. */
const RATIO_FROM_BYTES = 64 * 1024;
const MAX_RATIO = 1000;

export interface Decoded {
  bytes: Uint8Array;
  /** Why it is not (wholly) decoded: a sentence for `error.message`. */
  problem: string | undefined;
}

function one(coding: string, bytes: Uint8Array, limit: number): Uint8Array | undefined {
  const maxOutputLength = Math.min(limit, Math.max(RATIO_FROM_BYTES, bytes.length * MAX_RATIO));
  // The input may be cut: what there is of it is still worth seeing.
  const z = { maxOutputLength, finishFlush: zlib.constants.Z_SYNC_FLUSH };
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return zlib.gunzipSync(bytes, z);
    case 'deflate':
      return inflate(bytes, z);
    case 'br':
      return zlib.brotliDecompressSync(bytes, { maxOutputLength, finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH });
    case 'zstd':
      return zlib.zstdDecompressSync(bytes, { maxOutputLength, finishFlush: zlib.constants.ZSTD_e_flush });
    default:
      return undefined;
  }
}

/** "deflate" is the zlib format (RFC 1950), but many servers send it raw (RFC 1951). */
function inflate(bytes: Uint8Array, z: zlib.ZlibOptions): Uint8Array {
  const isZlib = bytes.length >= 2 && (bytes[0] & 15) === 8 && ((bytes[0] << 8) | bytes[1]) % 31 === 0;
  if (!isZlib) return zlib.inflateRawSync(bytes, z);
  try {
    return zlib.inflateSync(bytes, z);
  } catch (error) {
    if (isTooLarge(error)) throw error;
    return zlib.inflateRawSync(bytes, z);
  }
}

const isTooLarge = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';

/**
 * Takes off the codings of a body, the last one applied first. `transferEncoding` and `contentEncoding` are lists as the header
 * fields have them, lower case. The result is at most `limit` bytes; on a problem it is what the last layer that worked gave.
 */
export function decode(bytes: Uint8Array, transferEncoding: string, contentEncoding: string, limit: number): Decoded {
  let layers = 0;
  let current = bytes;
  for (const list of [transferEncoding, contentEncoding]) {
    const codings = list.split(',', 64);
    for (let i = codings.length - 1; i >= 0; i--) {
      const coding = codings[i].trim();
      if (coding === '' || coding === 'identity' || coding === 'chunked') continue;
      if (++layers > MAX_LAYERS) return { bytes: current, problem: `Body has more than ${MAX_LAYERS} content codings` };
      try {
        const next = one(coding, current, limit);
        if (next === undefined) return { bytes: current, problem: `Body has an unknown content coding` };
        current = next;
      } catch (error) {
        return {
          bytes: current,
          problem: isTooLarge(error) ? 'Body is too large when decompressed' : 'Body could not be decompressed',
        };
      }
    }
  }
  return { bytes: current, problem: undefined };
}
