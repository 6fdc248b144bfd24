import zlib from 'node:zlib';

/** Decompressor for hyparquet, which brings only snappy. */
export const decompress = (input: Uint8Array, outputLength: number): Uint8Array =>
  new Uint8Array(zlib.zstdDecompressSync(input, { maxOutputLength: Math.max(1, outputLength) }));
