// One column chunk: all values of one column in one row group, as at most one dictionary page and one data page (version 1).

import zlib from 'node:zlib';
import { ByteWriter } from './byte-writer.ts';
import { Codec, Encoding, PageType } from './format.ts';
import { bitWidth, writeHybrid } from './hybrid.ts';
import { ThriftWriter } from './thrift.ts';

/** Below this size a compressed page gains less than its frame costs. */
const SMALLEST_COMPRESSED = 128;
/** With so many rows a page is a frame all the same, for its checksum: the frames of all columns are little beside the rows. */
const ROWS_FOR_CHECKSUM = 1024;

export interface Statistics {
  readonly nulls: number;
  /** PLAIN bytes of the smallest and largest value; absent when there is none or it is not worth its bytes. */
  readonly min?: Uint8Array;
  readonly max?: Uint8Array;
}

export interface Chunk {
  /** Page headers and pages, in file order. */
  readonly parts: Uint8Array[];
  readonly codec: number;
  readonly encoding: number;
  readonly values: number;
  /** Length of the dictionary page with its header; 0: there is none. */
  readonly dictionaryLength: number;
  readonly rawLength: number;
  readonly length: number;
  readonly statistics: Statistics;
}

/** Collects the pages of one chunk at a time; the encoders write values to `page`, dictionaries to `dictionary`. */
export class ChunkBuilder {
  readonly page = new ByteWriter();
  readonly dictionary = new ByteWriter();
  #level: number;

  /** `level`: zstd's compression level. */
  constructor(level = 1) {
    this.#level = level;
  }

  /** Begins the data page of a chunk: definition levels first. `present` is undefined when every row has a value. */
  begin(rows: number, present: Uint8Array | undefined): void {
    const { page } = this;
    page.reset();
    this.dictionary.reset();
    page.u32(0);
    if (present === undefined) {
      page.varint(rows * 2);
      page.u8(1);
    } else writeHybrid(page, present, rows, 1);
    const length = page.at - 4;
    new DataView(page.bytes.buffer).setUint32(0, length, true);
  }

  /** The chunk of a column without a value in `rows` rows, whatever its kind. */
  nothing(rows: number): Chunk {
    const { page } = this;
    page.reset();
    this.dictionary.reset();
    page.u32(0);
    page.varint(rows * 2);
    page.u8(0);
    new DataView(page.bytes.buffer).setUint32(0, page.at - 4, true);
    return this.finish(rows, Encoding.PLAIN, 0, { nulls: rows });
  }

  /** Appends dictionary indices: their width, then the runs. */
  indices(codes: Uint32Array, count: number, entries: number): void {
    const width = indexWidth(codes, count, bitWidth(entries - 1));
    this.page.u8(width);
    writeHybrid(this.page, codes, count, width);
  }

  finish(rows: number, encoding: number, entries: number, statistics: Statistics): Chunk {
    const page = this.page.view();
    const dictionary = this.dictionary.view();
    const compresses = page.length + dictionary.length >= SMALLEST_COMPRESSED || rows >= ROWS_FOR_CHECKSUM;
    const parts: Uint8Array[] = [];
    let rawLength = 0;
    let length = 0;
    const add = (raw: Uint8Array, header: (packed: number, crc: number) => Uint8Array) => {
      const packed = compresses ? this.#compress(raw) : raw.slice();
      // The checksum is that of the page as it is in the file, a signed number.
      const head = header(packed.length, zlib.crc32(packed) | 0);
      parts.push(head, packed);
      rawLength += head.length + raw.length;
      length += head.length + packed.length;
    };
    if (entries > 0) add(dictionary, (packed, crc) => dictionaryHeader(dictionary.length, packed, crc, entries));
    const dictionaryLength = length;
    add(page, (packed, crc) => dataHeader(page.length, packed, crc, rows, encoding));
    const codec = compresses ? Codec.ZSTD : Codec.UNCOMPRESSED;
    return { parts, codec, encoding, values: rows, dictionaryLength, rawLength, length, statistics };
  }

  /** With zstd's own checksum: DuckDB, and most others, compare that and not the page's. */
  #compress(raw: Uint8Array): Uint8Array {
    const { ZSTD_c_compressionLevel: level, ZSTD_c_checksumFlag: checksum } = zlib.constants;
    return zlib.zstdCompressSync(raw, { params: { [level]: this.#level, [checksum]: 1 } });
  }
}

function dictionaryHeader(raw: number, packed: number, crc: number, entries: number): Uint8Array {
  const header = new ThriftWriter().i32(1, PageType.DICTIONARY_PAGE).i32(2, raw).i32(3, packed).i32(4, crc);
  return header.struct(7).i32(1, entries).i32(2, Encoding.PLAIN).end().finish();
}

function dataHeader(raw: number, packed: number, crc: number, rows: number, encoding: number): Uint8Array {
  const header = new ThriftWriter().i32(1, PageType.DATA_PAGE).i32(2, raw).i32(3, packed).i32(4, crc);
  return header.struct(5).i32(1, rows).i32(2, encoding).i32(3, Encoding.RLE).i32(4, Encoding.RLE).end().finish();
}

const histogram = new Uint32Array(256);

/**
 * Bytes that hold whole indices compress better than bytes that hold parts of them: width is a divisor or a multiple of eight where there
 * is something to compress. Only two bytes in place of nine to fifteen bits are too many where all indices are as frequent.
 */
function indexWidth(codes: Uint32Array, count: number, width: number): number {
  if (count * width < SMALLEST_COMPRESSED * 8 || width <= 2 || width === 16) return width;
  if (width <= 8) return width <= 4 ? 4 : 8;
  histogram.fill(0);
  for (let i = 0; i < count; i++) {
    histogram[codes[i] & 255]++;
    histogram[codes[i] >>> 8]++;
  }
  // zstd has one code for both bytes.
  let bits = 0;
  for (const seen of histogram) if (seen > 0) bits += seen * Math.log2((count * 2) / seen);
  return bits < count * width ? 16 : width;
}
