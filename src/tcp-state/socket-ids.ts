// Identities of sockets as records show them, made into text once: a socket has several records.

import { readFileSync } from 'node:fs';

const SLOTS = 1024;

export class SocketIds {
  readonly #boot = bootId();
  readonly #sockets: (string | number)[] = new Array(SLOTS).fill(-1);
  readonly #texts: string[] = new Array(SLOTS).fill('');

  /** `run` is the same each time. */
  of(socket: string | number, run: string): string {
    if (typeof socket === 'string') return `${this.#boot}-${socket}`;
    // The kernel counts them up: those of about the same time stand side by side.
    const slot = socket & (SLOTS - 1);
    if (this.#sockets[slot] === socket) return this.#texts[slot];
    this.#sockets[slot] = socket;
    return (this.#texts[slot] = `${this.#boot}-${numberedSocket(socket, run)}`);
  }
}

/** A socket that has a number, in a word. */
export function numberedSocket(socket: number, run: string): string {
  return run + socket.toString(16);
}

/** The first part of the boot's identity: cookies begin anew with each boot. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
  } catch {
    return '0';
  }
}
