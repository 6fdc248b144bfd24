// Where zstd frames end. Node's decoder stops after one frame, while files may hold many (zstd files put together with cat, the
// frames of pzstd, skippable frames with seek tables), so the compressed bytes are cut here, frame by frame.
// Truth: RFC 8878, sections 3.1.1 (frames, blocks) and 3.1.2 (skippable frames).

const ZSTD_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const SKIPPABLE_MASK = 0xfffffff0;
const MAGIC_BYTES = 4;
const SKIPPABLE_HEADER = 8;
const BLOCK_HEADER = 3;
const CHECKSUM_BYTES = 4;
const BLOCK_TYPE_RLE = 1;
/** Bytes of the fields after the frame header descriptor, by its flags (section 3.1.1.1). */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];

type Expected = 'magic' | 'skippable size' | 'descriptor' | 'block header';

/** Walks compressed bytes in any chunks. */
export class ZstdFrames {
  /** Whether the last `step()` ended at the end of a frame that holds data. */
  isFrameEnd = false;
  /** Whether the bytes of the last `step()` belong to a skippable frame and are no business of the decoder. */
  isSkippable = false;
  /** Set when no frame begins where one should. */
  isLost = false;
  #expected: Expected = 'magic';
  #hasChecksum = false;
  /** Bytes to pass on before the next field. */
  #pass = 0;
  #endsAfterPass = false;
  // The field that is being collected: at most 8 bytes, so that chunks may cut it anywhere.
  readonly #field = new DataView(new ArrayBuffer(SKIPPABLE_HEADER));
  #have = 0;

  /** Whether the input may end here: between frames. */
  get isBetweenFrames(): boolean {
    return this.#expected === 'magic' && this.#have === 0 && this.#pass === 0;
  }

  /** How many of `bytes[from, to)` belong together: to one frame, up to its end. Look at the flags after each step. */
  step(bytes: Uint8Array, from: number, to: number): number {
    this.isFrameEnd = false;
    let at = from;
    while (at < to) {
      if (this.#pass > 0) {
        const n = Math.min(this.#pass, to - at);
        this.#pass -= n;
        at += n;
        if (this.#pass === 0 && this.#endsAfterPass) return this.#end(at - from);
        continue;
      }
      this.#field.setUint8(this.#have++, bytes[at++]);
      if (this.#have < this.#fieldBytes()) continue;
      this.#have = 0;
      if (this.#expected === 'magic') this.#readMagic();
      else if (this.#expected === 'skippable size') this.#readSkippableSize();
      else if (this.#expected === 'descriptor') this.#readDescriptor();
      else this.#readBlockHeader();
      if (this.isLost) return at - from;
      if (this.#pass === 0 && this.#endsAfterPass) return this.#end(at - from);
    }
    return at - from;
  }

  #fieldBytes(): number {
    if (this.#expected === 'descriptor') return 1;
    return this.#expected === 'block header' ? BLOCK_HEADER : MAGIC_BYTES;
  }

  #readMagic(): void {
    const magic = this.#field.getUint32(0, true);
    this.isSkippable = (magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE_MAGIC;
    if (this.isSkippable) this.#expected = 'skippable size';
    else if (magic === ZSTD_MAGIC) this.#expected = 'descriptor';
    else this.isLost = true;
  }

  #readSkippableSize(): void {
    this.#pass = this.#field.getUint32(0, true);
    this.#endsAfterPass = true;
  }

  #readDescriptor(): void {
    const descriptor = this.#field.getUint8(0);
    const isSingleSegment = (descriptor & 0x20) !== 0;
    this.#hasChecksum = (descriptor & 0x04) !== 0;
    const sizeFlag = descriptor >>> 6;
    const sizeBytes = sizeFlag === 0 && isSingleSegment ? 1 : CONTENT_SIZE_BYTES[sizeFlag];
    this.#pass = (isSingleSegment ? 0 : 1) + DICTIONARY_ID_BYTES[descriptor & 3] + sizeBytes;
    this.#expected = 'block header';
  }

  #readBlockHeader(): void {
    const header = this.#field.getUint16(0, true) | (this.#field.getUint8(2) << 16);
    const isLast = (header & 1) !== 0;
    this.#pass = ((header >>> 1) & 3) === BLOCK_TYPE_RLE ? 1 : header >>> 3;
    if (!isLast) return;
    if (this.#hasChecksum) this.#pass += CHECKSUM_BYTES;
    this.#endsAfterPass = true;
  }

  #end(length: number): number {
    this.isFrameEnd = !this.isSkippable;
    this.#endsAfterPass = false;
    this.#expected = 'magic';
    return length;
  }
}
