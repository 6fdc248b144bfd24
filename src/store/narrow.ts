// Whole numbers in as few bytes as their span needs: what is above the least of them in 1, 2 or 4 bytes each, in none where all are alike.
// Numbers of records are small most of the time, and what a log has to flush is what a report of many flows waits for.

export type Numbers = Float64Array | Uint32Array | Uint8Array;

/** Bytes of a value above `base`; 8: doubles as they are. */
export interface Narrow {
  readonly width: 0 | 1 | 2 | 4 | 8;
  readonly base: number;
}

const AS_WORDS: Narrow = { width: 4, base: 0 };
const AS_DOUBLES: Narrow = { width: 8, base: 0 };

export function narrow(values: Numbers): Narrow {
  if (values.length === 0) return { width: 0, base: 0 };
  if (values instanceof Float64Array) return narrowDoubles(values);
  return values instanceof Uint32Array ? narrowWords(values) : narrowBytes(values);
}

function narrowDoubles(values: Float64Array): Narrow {
  let [least, most] = [values[0], values[0]];
  let broken = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    // Also for what is no number.
    if (Math.floor(value) !== value) broken = 1;
    if (value < least) least = value;
    else if (value > most) most = value;
  }
  const span = most - least;
  if (broken !== 0 || !(span < 0x1_0000_0000)) return AS_DOUBLES;
  return { width: span === 0 ? 0 : span < 256 ? 1 : span < 65_536 ? 2 : 4, base: least };
}

/** What is random (nanoseconds, addresses) is known to be after some of it: a look every so many, less one, which is a mask. */
const LOOK_MASK = 1023;

function narrowWords(values: Uint32Array): Narrow {
  let [least, most] = [values[0], values[0]];
  // One loop, not one in another: V8 compiles it while it runs, and gives the code up where an inner loop ends.
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value < least) least = value;
    else if (value > most) most = value;
    if ((i & LOOK_MASK) === LOOK_MASK && most - least > 0xffff) return AS_WORDS;
  }
  if (most - least > 0xffff) return AS_WORDS;
  return { ...narrowBelow(most - least + 1), base: least };
}

/** Of numbers that are known to be below `limit`, without a look at them. */
export function narrowBelow(limit: number): Narrow {
  if (limit > 0x1_0000) return AS_WORDS;
  return { width: limit <= 1 ? 0 : limit <= 0x100 ? 1 : 2, base: 0 };
}

/** Of bytes that are 0 or 1: a search in memory is far quicker than a loop. */
function narrowBytes(values: Uint8Array): Narrow {
  const [first] = values;
  const others = Buffer.from(values.buffer, values.byteOffset, values.length);
  return others.indexOf(1 - first) < 0 ? { width: 0, base: first } : { width: 1, base: 0 };
}

/** Writes `values` at `at`, which is a multiple of 8 in the buffer. */
export function writeNarrow(values: Numbers, { width, base }: Narrow, out: Uint8Array, at: number): void {
  if (width === 0) return;
  const from = out.byteOffset + at;
  if (width === 8) new Float64Array(out.buffer, from, values.length).set(values);
  else if (width === 4) spread(values, base, new Uint32Array(out.buffer, from, values.length));
  else if (width === 2) spread(values, base, new Uint16Array(out.buffer, from, values.length));
  else spread(values, base, new Uint8Array(out.buffer, from, values.length));
}

function spread(values: Numbers, base: number, out: Words): void {
  if (base === 0 && values.BYTES_PER_ELEMENT === out.BYTES_PER_ELEMENT) out.set(values);
  else copyOf(values, out)(values, -base, out);
}

/** Fills `into` from what `writeNarrow` wrote at `at`, a multiple of 8 in the buffer. */
export function readNarrow(into: Numbers, { width, base }: Narrow, bytes: Uint8Array, at: number): void {
  const from = bytes.byteOffset + at;
  const { length } = into;
  if (width === 0) into.fill(base);
  else if (width === 8) into.set(new Float64Array(bytes.buffer, from, length));
  else if (width === 4) gather(new Uint32Array(bytes.buffer, from, length), base, into);
  else if (width === 2) gather(new Uint16Array(bytes.buffer, from, length), base, into);
  else gather(new Uint8Array(bytes.buffer, from, length), base, into);
}

function gather(values: Words, base: number, into: Numbers): void {
  if (base === 0 && values.BYTES_PER_ELEMENT === into.BYTES_PER_ELEMENT) into.set(values);
  else copyOf(values, into)(values, base, into);
}

type Words = Uint8Array | Uint16Array | Uint32Array;
type Copy = (from: Numbers | Words, more: number, into: Numbers | Words) => void;

/** By the bytes of an element, from and into. */
const copies: (Copy | undefined)[] = [];

/**
 * The loop that copies numbers, each with `more` added. Each pair of kinds has a loop of its own: one loop for all of them would look at each
 * number up what kinds the arrays are.
 */
function copyOf(from: Numbers | Words, into: Numbers | Words): Copy {
  const place = from.BYTES_PER_ELEMENT * 16 + into.BYTES_PER_ELEMENT;
  copies[place] ??= newCopy(`${from.BYTES_PER_ELEMENT}-${into.BYTES_PER_ELEMENT}`);
  return copies[place];
}

/** Its name is part of the text: V8 keeps what it saw of arrays by text, not by function. */
function newCopy(name: string): Copy {
  const loop = 'const { length } = from; for (let i = 0; i < length; i++) into[i] = from[i] + more;';
  return new Function('from,more,into', `${loop}\n//# sourceURL=netscribe-copy-${name}.js`) as Copy;
}
