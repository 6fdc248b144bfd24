// Where the bytes of a capture come from: a file, standard input, or an inflater around either.

export interface ByteSource {
  /**
   * Reads up to `length` bytes (one at least, unless the input is at its end) to `into[at]`, and gives their number: at once
   * when they are at hand, else as a promise. 0 is the end.
   */
  read(into: Uint8Array, at: number, length: number): number | Promise<number>;
  /** After the end: why these bytes are not all there are (compressed data that breaks off, a failing disk); '' when nothing is wrong. */
  readonly broken: string;
  /** Whether `broken` only means that the input ends too early. */
  readonly isCut: boolean;
  /** Bytes read from the outside so far, and their whole number; 0 when that is not known. */
  readonly bytesRead: number;
  readonly bytesTotal: number;
  /** SHA-256 (hex) of the bytes read from the outside so far; '' unless it was asked for. */
  digest(): string;
  close(): Promise<void>;
}
