// When a capture goes on in a new file, and what that is called: exactly as tcpdump does with -C, -G and -W (tcpdump(1), and its function
// dump_packet_and_trunc), but by the packets' time, so that a file and a live capture of the same packets are cut alike.

import { strftime } from './strftime.ts';

export interface RotationOptions {
  /** -C: a new file before a packet when the current one is larger than so many bytes; 0: never. */
  readonly bytes: number;
  /** -G: a new file before a packet that comes so many seconds or more after the file's start; 0: never. */
  readonly seconds: number;
  /** -W: with `bytes` the number of files, which are then written again from the first; with `seconds` alone their number in all. 0: no limit. */
  readonly files: number;
}

export const NO_ROTATION: RotationOptions = { bytes: 0, seconds: 0, files: 0 };

export class Rotation {
  readonly #name: string;
  readonly #options: RotationOptions;
  /** Digits of the numbers behind the name: as many as the last of the `files` has. */
  readonly #digits: number;
  /** Unix time of the packet that began the file, by `seconds`. */
  #start = 0;
  #filesByTime = 0;
  #number = 0;

  /** `name`: with `seconds`, a format for strftime(3). */
  constructor(name: string, options: RotationOptions) {
    this.#name = name;
    this.#options = options;
    this.#digits = options.bytes > 0 && options.files > 1 ? String(options.files - 1).length : 0;
  }

  /** Whether the first file's name depends on the first packet. */
  get needsTime(): boolean {
    return this.#options.seconds > 0;
  }

  /** The first file; `seconds`: Unix time of its first packet. */
  first(seconds: number): string {
    this.#start = seconds;
    return this.#path();
  }

  /** Before a packet: the next file's name, undefined to go on with the current one, or 'done' when there shall be no more. */
  next(seconds: number, fileBytes: number): string | 'done' | undefined {
    const { bytes, seconds: every, files } = this.#options;
    let isNew = false;
    if (every > 0 && seconds - this.#start >= every) {
      this.#start = seconds;
      this.#filesByTime++;
      if (bytes === 0 && files > 0 && this.#filesByTime >= files) return 'done';
      this.#number = 0;
      isNew = true;
    } else if (bytes > 0 && fileBytes > bytes) {
      this.#number++;
      if (files > 0 && this.#number >= files) this.#number = 0;
      isNew = true;
    }
    return isNew ? this.#path() : undefined;
  }

  #path(): string {
    const name = this.needsTime ? strftime(this.#name, new Date(this.#start * 1000)) : this.#name;
    return this.#number === 0 && this.#digits === 0 ? name : name + String(this.#number).padStart(this.#digits, '0');
  }
}
