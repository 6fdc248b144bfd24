// What the log hears of interfaces: that one is not captured any more, why, and that it is again.

import type { CaptureStatus } from '../capture/status.ts';
import { Troubles } from './troubles.ts';

type Statuses = Readonly<Record<string, Pick<CaptureStatus, 'state' | 'error'>>>;

export class InterfaceNews {
  readonly #troubles = new Troubles('is captured now');

  /** Lines for the log. What is wrong with an interface when it is seen first, the start or the reload that named it has told. */
  look(interfaces: Statuses, nowMs: number): string[] {
    const lines: string[] = [];
    for (const [name, { state, error }] of Object.entries(interfaces)) {
      const trouble = state === 'failed' || state === 'waiting' ? error : '';
      if (!this.#troubles.has(name)) {
        this.#troubles.remember(name, trouble);
        continue;
      }
      const line = this.#troubles.look(name, trouble, nowMs);
      if (line !== undefined) lines.push(line);
    }
    this.#troubles.keep((name) => Object.hasOwn(interfaces, name));
    return lines;
  }
}
