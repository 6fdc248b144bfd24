// Stretches of bytes, copied and compared where they lie: no view is made of a part.

const nativeCopy = Buffer.prototype.copy;
/** Fewer are copied sooner than the machine's own copying is called. */
const FEW = 16;
const WORD = 4;

/** Copies from[begin, end) to `to` at `at`, where there is room for it. */
export function copyBytes(from: Uint8Array, begin: number, end: number, to: Uint8Array, at: number): void {
  if (end - begin > FEW) {
    nativeCopy.call(from as Buffer, to, at, begin, end);
    return;
  }
  for (let i = begin, out = at; i < end; i++, out++) to[out] = from[i];
}

/** Do `length` bytes of `a` at `aFrom` differ from those of `b` at `bFrom`? Each comes with a view of all of it. */
export function bytesDiffer(
  a: Uint8Array,
  aView: DataView,
  aFrom: number,
  b: Uint8Array,
  bView: DataView,
  bFrom: number,
  length: number,
): boolean {
  let i = 0;
  for (; i + WORD <= length; i += WORD) if (aView.getInt32(aFrom + i) !== bView.getInt32(bFrom + i)) return true;
  for (; i < length; i++) if (a[aFrom + i] !== b[bFrom + i]) return true;
  return false;
}
