// How much work an input costs, counted and not timed: steps of our code that ran, and bytes that the runtime's own functions copied or
// searched for it. What grows with the square of its input shows at any speed of the machine.

import { counters } from './counters.ts';
import { type Exchange, octetsOf, type Step } from './exchange.ts';
import { joined } from './mutate.ts';
import { type Feeding, Finding, type Target, WHOLE } from './target.ts';

/** Bytes that a copy or a search moves in the time of one step. */
const BYTES_PER_STEP = 16;
/** Twice the input may cost so much more. */
export const MAX_RATIO = 2.5;
/** Steps per octet that are never called too many: an input that costs nothing has no meaningful ratio. */
const FREE_STEPS_PER_OCTET = 4;

/** Where `set`, `slice` and the like of all typed arrays stand. */
const TYPED_ARRAY = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;

let copied = 0;

/** Counts what native functions do to bytes while `work` runs. */
function countingCopies(work: () => void): number {
  copied = 0;
  const restore = [
    wrap(Buffer, 'concat', (list: readonly Uint8Array[]) => list.reduce((sum, { length }) => sum + length, 0)),
    wrap(TYPED_ARRAY, 'set', (source: ArrayLike<number>) => source.length),
    wrap(TYPED_ARRAY, 'slice', lengthOf),
    wrap(TYPED_ARRAY, 'fill', lengthOf),
    wrap(TYPED_ARRAY, 'copyWithin', lengthOf),
    wrap(Buffer.prototype, 'copy', lengthOf),
    wrap(Buffer.prototype, 'toString', lengthOf),
    wrap(String.prototype, 'split', lengthOf),
    wrap(String.prototype, 'replace', lengthOf),
    wrap(String.prototype, 'slice', () => 1),
    wrap(Array.prototype, 'join', lengthOf),
    wrap(Array.prototype, 'sort', lengthOf),
    wrap(Array.prototype, 'shift', lengthOf),
    wrap(Array.prototype, 'splice', lengthOf),
    wrap(Array.prototype, 'includes', lengthOf),
    wrap(Array.prototype, 'indexOf', lengthOf),
  ];
  try {
    work();
  } finally {
    for (const undo of restore) undo();
  }
  return copied;
}

function lengthOf(this: { length: number }): number {
  return this.length;
}

// biome-ignore lint/suspicious/noExplicitAny: any function of any signature is wrapped.
function wrap(owner: any, name: string, cost: (...args: any[]) => number): () => void {
  const original = Object.getOwnPropertyDescriptor(owner, name)!;
  Object.defineProperty(owner, name, {
    ...original,
    value(this: unknown, ...args: unknown[]) {
      copied += cost.apply(this, args);
      return (original.value as (...args: unknown[]) => unknown).apply(this, args);
    },
  });
  return () => Object.defineProperty(owner, name, original);
}

/** Work of one run, in steps. */
export function workOf(target: Target, exchange: Exchange, feeding: Feeding = WHOLE): number {
  counters.clear();
  const copies = countingCopies(() => target.run(exchange, feeding));
  return counters.steps() + copies / BYTES_PER_STEP;
}

/** A way to make an exchange of about so many octets. */
export type Flood = (octets: number) => Exchange;

/** Blows up `exchange`: a block of a step repeated, the step repeated, everything repeated. */
export function floodsOf(
  exchange: Exchange,
  places: readonly (readonly [step: number, at: number, length: number])[],
): Flood[] {
  const floods: Flood[] = [(octets) => repeatSteps(exchange, octets)];
  for (const [index, at, length] of places) {
    const step = exchange.steps[index];
    const block = step.bytes.subarray(at, at + length);
    if (block.length === 0) continue;
    const blown = (octets: number, bytes: Uint8Array): Step => ({ ...step, bytes: bytes.slice(0, octets) });
    floods.push((octets) => ({
      ...exchange,
      steps: exchange.steps.with(
        index,
        blown(octets, joined(step.bytes.subarray(0, at), times(block, octets), step.bytes.subarray(at))),
      ),
    }));
    floods.push((octets) => ({
      ...exchange,
      steps: [
        ...exchange.steps.slice(0, index),
        { ...step, bytes: step.bytes.slice(0, at) },
        ...Array.from({ length: Math.ceil(octets / block.length) }, () => ({ ...step, bytes: block })),
      ],
    }));
  }
  return floods;
}

function repeatSteps(exchange: Exchange, octets: number): Exchange {
  const each = Math.max(1, octetsOf(exchange));
  const count = Math.ceil(octets / each);
  return { ...exchange, steps: Array.from({ length: count }, () => exchange.steps).flat() };
}

function times(block: Uint8Array, octets: number): Uint8Array {
  const all = new Uint8Array(Math.ceil(octets / block.length) * block.length);
  for (let at = 0; at < all.length; at += block.length) all.set(block, at);
  return all;
}

/**
 * Throws when the work grows faster than the input: from `octets` to twice and from there to four times as much. One step may be a limit
 * that is reached or a buffer that is doubled; both steps are growth.
 */
export function checkLinear(target: Target, flood: Flood, octets: number, feeding: Feeding = WHOLE): void {
  const [one, two, four] = [1, 2, 4].map((n) => workOf(target, flood(n * octets), feeding));
  if (four / (4 * octets) < FREE_STEPS_PER_OCTET) return;
  if (two / one > MAX_RATIO && four / two > MAX_RATIO) {
    throw new Finding(
      'linear work',
      `${Math.round(one)}, ${Math.round(two)}, ${Math.round(four)} steps for ${octets} octets, twice, four times as many`,
    );
  }
}
