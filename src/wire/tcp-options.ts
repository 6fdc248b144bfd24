// The TCP options that decide what a receiver takes: RFC 9293 section 3.2, RFC 7323 sections 2 and 3, RFC 2385.

const END = 0;
const NOP = 1;
const WINDOW_SCALE = 3;
const WINDOW_SCALE_LENGTH = 3;
const TIMESTAMPS = 8;
const TIMESTAMPS_LENGTH = 10;
const MD5 = 19;
/** NOP, NOP, kind 8, length 10: how nearly every stack writes its only option of a data segment (RFC 7323 appendix A). */
const ALIGNED_TIMESTAMPS = 0x0101080a;
/** RFC 7323 section 2.3: a greater shift counts as this one. */
export const MAX_WINDOW_SCALE = 14;

/** Read again and again into the same object. */
export class TcpOptions {
  hasTimestamp = false;
  /** TSval. */
  timestamp = 0;
  /** Shift of the window scale option, -1 without: only SYNs have one. */
  windowScale = -1;
  /** An MD5 signature. */
  isSigned = false;
  /** An option runs over the end, or is shorter than its own header: what follows is not read. */
  isBroken = false;

  /** Reads the options at [from, to). */
  readOptions(bytes: Uint8Array, view: DataView, from: number, to: number): void {
    this.hasTimestamp = false;
    this.windowScale = -1;
    this.isSigned = false;
    this.isBroken = false;
    if (to - from === 12 && view.getInt32(from) === ALIGNED_TIMESTAMPS) {
      this.hasTimestamp = true;
      this.timestamp = view.getInt32(from + 4);
    } else if (from < to) this.#walk(bytes, view, from, to);
  }

  #walk(bytes: Uint8Array, view: DataView, from: number, to: number): void {
    for (let at = from; at < to; ) {
      const kind = bytes[at];
      if (kind === END) return;
      if (kind === NOP) {
        at++;
        continue;
      }
      const length = at + 1 < to ? bytes[at + 1] : 0;
      if (length < 2 || at + length > to) {
        this.isBroken = true;
        return;
      }
      if (kind === TIMESTAMPS && length === TIMESTAMPS_LENGTH) {
        this.hasTimestamp = true;
        this.timestamp = view.getInt32(at + 2);
      } else if (kind === WINDOW_SCALE && length === WINDOW_SCALE_LENGTH) {
        this.windowScale = Math.min(bytes[at + 2], MAX_WINDOW_SCALE);
      } else if (kind === MD5) this.isSigned = true;
      at += length;
    }
  }
}
