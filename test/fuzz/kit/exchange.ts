// What fuzzing feeds to a parser: an ordered list of steps. Every target gives the steps its own meaning (stream bytes, datagrams, frames,
// a file), so the same mutations serve all of them.

import type { Direction } from '../../../src/protocols/protocol.ts';

/** Bytes that arrive from a side; or bytes that never will (`missing`); or a side's end (`finished`). */
export interface Step {
  readonly direction: Direction;
  readonly bytes: Uint8Array;
  /** Bytes of this direction that were lost before this step. */
  readonly missing?: number;
  /** The direction ends with this step. */
  readonly finished?: boolean;
  /** Seconds of packet time that pass before this step, beyond the one that always does. */
  readonly wait?: number;
}

export interface Exchange {
  /** What carries the steps; targets that know one carrier only ignore it. */
  readonly transport: string;
  readonly steps: readonly Step[];
}

export const exchange = (transport: string, ...steps: readonly (readonly [Direction, Uint8Array])[]): Exchange => ({
  transport,
  steps: steps.map(([direction, bytes]) => ({ direction, bytes })),
});

export function octetsOf({ steps }: Exchange): number {
  return steps.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/**
 * An exchange as lines of text: the transport, then a line per step: side, `+n` for n seconds, `-n` for
 * n lost bytes, `.` for the end, hexadecimal.
 */
export function toText({ transport, steps }: Exchange): string {
  const lines = steps.map(({ direction, bytes, missing, finished, wait }) =>
    [
      '><'[direction],
      ...(wait === undefined ? [] : [`+${wait}`]),
      ...(missing === undefined ? [] : [`-${missing}`]),
      ...(finished === true ? ['.'] : []),
      Buffer.from(bytes).toString('hex'),
    ].join(' '),
  );
  return `${[transport, ...lines].join('\n')}\n`;
}

export function fromText(text: string): Exchange {
  const [transport, ...lines] = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const steps = lines.map((line): Step => {
    const [side, ...words] = line.split(' ');
    const missing = words.find((word) => /^-\d+$/.test(word));
    const wait = words.find((word) => /^\+\d+$/.test(word));
    const hex = words.find((word) => /^[0-9a-f]+$/.test(word)) ?? '';
    return {
      direction: side === '<' ? 1 : 0,
      bytes: new Uint8Array(Buffer.from(hex, 'hex')),
      ...(missing === undefined ? {} : { missing: Number(missing.slice(1)) }),
      ...(wait === undefined ? {} : { wait: Number(wait.slice(1)) }),
      ...(words.includes('.') ? { finished: true } : {}),
    };
  });
  return { transport, steps };
}
