// The page of one CPU's buffer that is being handed on, and the event that is next on it. One page at a time, always into the same memory:
// a page is handed on while it is in the processor's cache, and the next one is asked for when it is used up.

import { readSync } from 'node:fs';
import { PageCursor } from './page.ts';

export const PAGE_BYTES = 64 * 1024;
/** A page that has so much room left is the one that the kernel is writing: nothing stands behind it. */
const ROOM_BYTES = 1024;

export class CpuPages {
  readonly cursor = new PageCursor();
  readonly #fd: number;
  readonly #commitAt: number;
  readonly #dataAt: number;
  readonly #bytes = new Uint8Array(PAGE_BYTES);
  /** Nothing more is asked for in this round. */
  #isRead = true;
  #isLast = false;
  /** The cursor stands at an event. */
  hasEvent = false;
  /** Pages that were marked: events had been thrown away before them. */
  missed = 0;

  constructor(fd: number, commitAt: number, dataAt: number) {
    this.#fd = fd;
    this.#commitAt = commitAt;
    this.#dataAt = dataAt;
  }

  /**
   * Begins a round: what happened until now is there to be handed on. `isLast`: all that there is, however little the last page has.
   */
  look(isLast: boolean): void {
    this.#isRead = false;
    this.#isLast = isLast;
    if (!this.hasEvent) this.#nextPage();
  }

  /** Goes to the next event. */
  advance(): void {
    this.hasEvent = this.cursor.next();
    if (!this.hasEvent) this.#nextPage();
  }

  #nextPage(): void {
    while (!this.hasEvent && !this.#isRead) {
      const length = this.#read();
      if (length === 0) {
        this.#isRead = true;
        return;
      }
      const { cursor } = this;
      cursor.begin(this.#bytes, length, this.#commitAt, this.#dataAt);
      if (cursor.missed) this.missed++;
      this.#isRead = !this.#isLast && cursor.end < length - ROOM_BYTES;
      this.hasEvent = cursor.next();
    }
  }

  #read(): number {
    try {
      return readSync(this.#fd, this.#bytes, 0, PAGE_BYTES, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      return 0;
    }
  }
}
