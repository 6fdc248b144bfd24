// What one direction of a stream said while its protocol is unknown: every analyzer that may come has to see it from the begin, piece by
// piece, each at the time it came.

const NOTHING = new Uint8Array(0);
/** Times are kept of so many pieces; what comes behind belongs to the last of them. */
const MAX_PIECES = 64;

/** When bytes came, and the number of the packet that brought them. */
interface Arrival {
  readonly seconds: number;
  readonly nanos: number;
  readonly packet: number;
}

/** A stretch of the kept bytes that came with one packet. */
export interface KeptPiece extends Arrival {
  end: number;
  /** How many bytes of the other direction that packet acknowledged; -1: it did not tell. */
  readonly acknowledged: number;
}

export class KeptBytes {
  /** The kept bytes are the first `length` of these. */
  bytes: Uint8Array = NOTHING;
  length = 0;
  readonly pieces: KeptPiece[] = [];

  /** Keeps a copy, and when it came. Nothing is copied twice for each piece: room doubles. */
  append(bytes: Uint8Array, from: number, to: number, arrival: Arrival, acknowledged: number): void {
    const end = this.length + to - from;
    if (end > this.bytes.length) {
      const before = this.bytes;
      // Most flows are known, or given up, with their first piece.
      this.bytes = new Uint8Array(this.length === 0 ? end : Math.max(2 * before.length, end));
      this.bytes.set(this.length === before.length ? before : before.subarray(0, this.length));
    }
    this.bytes.set(bytes.subarray(from, to), this.length);
    this.length = end;
    const { seconds, nanos, packet } = arrival;
    if (this.pieces.length < MAX_PIECES) this.pieces.push({ end, seconds, nanos, packet, acknowledged });
    else this.pieces[MAX_PIECES - 1].end = end;
  }
}
