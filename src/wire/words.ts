// The bytes of a packet, seen several at a time. Packets come from the same few buffers, so the view of the last one is nearly always the
// right one.

let viewed: Uint8Array = new Uint8Array(0);
let view = new DataView(viewed.buffer);

/** A view of `bytes`, with the same offsets. To be used at once: the next call may give that of another buffer. */
export function wordsOf(bytes: Uint8Array): DataView {
  if (bytes !== viewed) {
    viewed = bytes;
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  return view;
}
