// What tests look at: a decoded cursor as plain data.

import { Cursor } from '../../src/wire/cursor.ts';
import { decode } from '../../src/wire/decode.ts';
import { LAYER_NAMES } from '../../src/wire/layers.ts';

export function decodeFrame(frame: Uint8Array, linkType: number, wireLength = frame.length): Cursor {
  const c = new Cursor();
  c.reset(frame, new DataView(frame.buffer, frame.byteOffset, frame.length), 0, frame.length, wireLength);
  decode(c, linkType);
  return c;
}

export const stackOf = (c: Cursor): string =>
  Array.from(c.layers.subarray(0, c.depth), (layer) => LAYER_NAMES[layer]).join(':');

/** Every number and boolean of the cursor, and its layers. */
export function stateOf(c: Cursor): Record<string, unknown> {
  const state: Record<string, unknown> = { stack: stackOf(c) };
  for (const [key, value] of Object.entries(c)) {
    if (typeof value === 'number' || typeof value === 'boolean') state[key] = value;
  }
  state.offsets = Array.from(c.offsets.subarray(0, c.depth));
  state.lengths = Array.from(c.lengths.subarray(0, c.depth));
  return state;
}
