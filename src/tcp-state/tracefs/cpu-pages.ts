// The pages of one CPU's buffer that were read but not handed on, and the event that is next among them.

import { readSync } from 'node:fs';
import { PageCursor } from './page.ts';

export const PAGE_BYTES = 64 * 1024;
/** Pages read at one go: bounds what waits here. */
const MOST_PAGES = 64;

export class CpuPages {
  readonly cursor = new PageCursor();
  readonly #fd: number;
  readonly #commitAt: number;
  readonly #dataAt: number;
  #waiting: { bytes: Uint8Array; length: number }[] = [];
  #spare: Uint8Array[] = [];
  #current: Uint8Array | undefined;
  /** The cursor stands at an event. */
  hasEvent = false;
  /** Pages that were marked: events had been thrown away before them. */
  missed = 0;

  constructor(fd: number, commitAt: number, dataAt: number) {
    this.#fd = fd;
    this.#commitAt = commitAt;
    this.#dataAt = dataAt;
  }

  /** Reads what is there; false: there is more than may wait here. */
  read(): boolean {
    while (this.#waiting.length < MOST_PAGES) {
      const bytes = this.#spare.pop() ?? new Uint8Array(PAGE_BYTES);
      let length = 0;
      try {
        length = readSync(this.#fd, bytes, 0, bytes.length, null);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      }
      if (length <= 0) {
        this.#spare.push(bytes);
        return true;
      }
      this.#waiting.push({ bytes, length });
      if (!this.hasEvent) this.advance();
    }
    return false;
  }

  /** Goes to the next event. */
  advance(): void {
    this.hasEvent = this.#current !== undefined && this.cursor.next();
    while (!this.hasEvent) {
      if (this.#current !== undefined) this.#spare.push(this.#current);
      const page = this.#waiting.shift();
      this.#current = page?.bytes;
      if (page === undefined) return;
      this.cursor.begin(page.bytes, page.length, this.#commitAt, this.#dataAt);
      if (this.cursor.missed) this.missed++;
      this.hasEvent = this.cursor.next();
    }
  }
}
