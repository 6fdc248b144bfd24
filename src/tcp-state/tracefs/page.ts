// A page of the kernel's ring buffer as `trace_pipe_raw` gives it, walked event by event (Documentation/trace/ring-buffer-map.rst,
// include/linux/ring_buffer.h: ring_buffer_type).

/** Length of a page's data; the bits above are flags. */
const LENGTH_MASK = 0xfffff;
const MISSED_EVENTS = 0x80000000;
const TYPE_PADDING = 29;
const TYPE_TIME_EXTEND = 30;
const TYPE_TIME_STAMP = 31;
const TYPE_BITS = 5;
/** Time deltas have 27 bits; extended ones 32 more. */
const EXTEND = 2 ** 27;
/** An absolute time stamp has 59 bits: the upper five are those of the time so far. */
const STAMP_WRAP = 2 ** 59;

export class PageCursor {
  /** Time of the event at hand in ns, where its record begins and how long it is. */
  time = 0;
  at = 0;
  length = 0;
  /** Events were thrown away before this page. */
  missed = false;
  view: DataView;
  bytes: Uint8Array;
  #next = 0;
  #end = 0;
  #time = 0;

  constructor() {
    this.bytes = new Uint8Array(0);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Begins a page of `length` bytes. `commitAt`, `dataAt`: where its length and its events stand. */
  begin(bytes: Uint8Array, length: number, commitAt: number, dataAt: number): void {
    if (bytes !== this.bytes || length !== this.view.byteLength) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, length);
    }
    this.#time = length < dataAt ? 0 : this.view.getUint32(0, true) + this.view.getUint32(4, true) * 0x100000000;
    const commit = length < dataAt ? 0 : this.view.getUint32(commitAt, true);
    this.missed = (commit & MISSED_EVENTS) !== 0;
    this.#next = dataAt;
    this.#end = Math.min(length, dataAt + (commit & LENGTH_MASK));
  }

  /** Where the page's events end. */
  get end(): number {
    return this.#end;
  }

  /** Goes to the next event; false when there is none. A page that makes no sense ends where it stops to. */
  next(): boolean {
    const { view } = this;
    const end = this.#end;
    let at = this.#next;
    while (at + 4 <= end) {
      const header = view.getUint32(at, true);
      const type = header & ((1 << TYPE_BITS) - 1);
      const delta = header >>> TYPE_BITS;
      if (type >= TYPE_PADDING || type === 0) {
        if (at + 8 > end) break;
        const word = view.getUint32(at + 4, true);
        if (type === TYPE_TIME_EXTEND) {
          this.#time += delta + word * EXTEND;
          at += 8;
          continue;
        }
        if (type === TYPE_TIME_STAMP) {
          this.#time = Math.floor(this.#time / STAMP_WRAP) * STAMP_WRAP + delta + word * EXTEND;
          at += 8;
          continue;
        }
        if (type === TYPE_PADDING) {
          // Without a time: nothing follows on this page.
          if (delta === 0) break;
          this.#time += delta;
          at += 4 + Math.max(4, word);
          continue;
        }
        if (word < 4 || at + 4 + word > end) break;
        return this.#found(at + 8, word - 4, delta, at + 4 + Math.ceil(word / 4) * 4);
      }
      if (at + 4 + type * 4 > end) break;
      return this.#found(at + 4, type * 4, delta, at + 4 + type * 4);
    }
    this.#next = end;
    return false;
  }

  #found(at: number, length: number, delta: number, next: number): boolean {
    this.#time += delta;
    this.time = this.#time;
    this.at = at;
    this.length = length;
    this.#next = next;
    return true;
  }
}
