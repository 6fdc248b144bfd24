// A target with faults planted in it, each behind bytes that must be found: what the kit must notice.

import { type Exchange, exchange } from './kit/exchange.ts';
import type { Feeding, Outcome, Target } from './kit/target.ts';

const FAULTS = ['throw', 'pollute', 'read around', 'forget', 'copies', 'loops'] as const;
export type Fault = (typeof FAULTS)[number];

/** Behind the bytes `B`, `U`, `G` the fault. Every byte counted once, so that work is there to be measured. */
export class PlantedTarget implements Target {
  readonly name = 'planted';
  readonly code: readonly string[] = ['test/fuzz/planted.ts'];
  readonly seeds: readonly Exchange[] = [exchange('tcp', [0, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)])];
  readonly #fault: Fault;

  constructor(fault: Fault) {
    this.#fault = fault;
  }

  isCuttable(): boolean {
    return true;
  }

  run(input: Exchange, feeding: Feeding): Outcome {
    const bytes = Buffer.concat(input.steps.map((step) => step.bytes));
    const pieces = feeding.piece === 0 ? 1 : Math.ceil(bytes.length / feeding.piece);
    if (!isBug(bytes)) return { text: '', items: 0 };
    switch (this.#fault) {
      case 'throw':
        throw new RangeError('planted');
      case 'pollute':
        Object.defineProperty(Object.prototype, 'polluted', { value: 1, configurable: true });
        return { text: '', items: 0 };
      case 'read around':
        return { text: String(feeding.canary), items: 0 };
      case 'forget':
        return { text: String(pieces > 1), items: 0 };
      case 'loops': {
        let equal = 0;
        for (const one of bytes) for (const other of bytes) if (one === other) equal++;
        return { text: String(equal), items: 0 };
      }
      case 'copies': {
        let kept = Buffer.alloc(0);
        for (const byte of bytes) kept = Buffer.concat([kept, Buffer.of(byte)]);
        return { text: String(kept.length), items: 0 };
      }
    }
  }
}

/** One check after the other, so that coverage has steps to climb. */
function isBug(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x42) return false;
  if (bytes[1] !== 0x55) return false;
  return bytes[2] === 0x47;
}
