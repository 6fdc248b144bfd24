// Copies of datagrams. A mirror port that shows a packet where it comes in and where it goes out shows it twice, within microseconds: the
// same IP identification (RFC 791, 3.1; RFC 6864) and the same payload in the same flow. Reassembly makes one of TCP's copies; of
// datagrams only the first is looked into, or else a query would have been sent twice and its answer have no question. Whoever sends a
// datagram again waits for longer.

import { RecentBytes } from '../stream/recent-bytes.ts';
import { areCopyTimes } from '../stream/whole-datagrams.ts';

/** Datagrams that are remembered: one for each value of a hash. */
const PLACES = 256;
/** Bytes that are kept for comparing. Longer datagrams are no copies of anything. */
const KEPT_BYTES = 16 * 1024;

/** Words of an entry. */
const WORDS = 3;
const IDENTIFICATION = 0;
const LENGTH = 1;
const NANOS = 2;

/** Where a datagram is remembered: by what tells neighbours apart, the identification or what their payloads begin and end with. */
function entryOf(sender: number, identification: number, bytes: Uint8Array, from: number, to: number): number {
  let mixed = (to - from) ^ sender ^ Math.imul(identification, 0x9e3779b1);
  if (from < to) mixed ^= Math.imul((bytes[from] << 8) | bytes[Math.min(from + 1, to - 1)], 0x85ebca6b) ^ bytes[to - 1];
  return (mixed ^ (mixed >>> 16) ^ (mixed >>> 8)) & (PLACES - 1);
}

/** The datagrams of a shard. Of a shard, not of a thread: what is remembered must not depend on the number of threads. */
export class RecentDatagrams {
  readonly #bytes = new RecentBytes(KEPT_BYTES);
  readonly #words = new Int32Array(PLACES * WORDS);
  /** Where each one's bytes are, and its second. */
  readonly #places = new Float64Array(PLACES).fill(-1);
  readonly #seconds = new Float64Array(PLACES);
  readonly #senders = new Float64Array(PLACES);

  /**
   * Is bytes[from, to) a copy of what came before? If not, it is remembered. `sender` is a number for the flow and the side that
   * sent, `identification` that of the IPv4 header, 0 in IPv6.
   */
  isCopy(
    sender: number,
    identification: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    seconds: number,
    nanos: number,
  ): boolean {
    const length = to - from;
    const entry = entryOf(sender, identification, bytes, from, to);
    const at = entry * WORDS;
    const words = this.#words;
    const kept = this.#bytes;
    const place = this.#places[entry];
    if (
      place >= 0 &&
      this.#senders[entry] === sender &&
      words[at + IDENTIFICATION] === identification &&
      words[at + LENGTH] === length &&
      areCopyTimes(seconds, nanos, this.#seconds[entry], words[at + NANOS]) &&
      kept.has(place) &&
      !kept.differs(place, bytes, from, length)
    )
      return true;
    if (length > KEPT_BYTES) return false;
    this.#senders[entry] = sender;
    words[at + IDENTIFICATION] = identification;
    words[at + LENGTH] = length;
    words[at + NANOS] = nanos;
    this.#seconds[entry] = seconds;
    this.#places[entry] = kept.keep(bytes, from, to);
    return false;
  }
}
