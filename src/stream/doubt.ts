// Would its receiver take this segment? What it refuses must not be what we deliver, and what it takes must not be lost because our
// picture of it is incomplete. So a segment that fails a test is doubted, not dropped: its bytes wait, a copy without doubt replaces
// them, and when the receiver acknowledges them it did take them after all.
//
// RFC 9293 section 3.10.7.4 (sequence, acknowledgment and window), RFC 7323 section 5 (PAWS), RFC 5961 section 5.2 (old
// acknowledgments), RFC 2385 section 3 (signatures). Details are those of Linux, which the tests ask.

import { type HalfStream, NO_EDGE } from './half-stream.ts';
import type { Segment } from './segment.ts';

export const DOUBT_NO_ACK = 1;
export const DOUBT_OLD_ACK = 2;
/** Acknowledges what was never sent, as far as we saw. */
export const DOUBT_UNSENT_ACK = 4;
export const DOUBT_WINDOW = 8;
export const DOUBT_PAWS = 16;
export const DOUBT_CHECKSUM = 32;
export const DOUBT_TTL = 64;
export const DOUBT_SIGNED = 128;
/** Came with a SYN: taken only by a receiver that acknowledges it (RFC 7413 section 4.2). */
export const DOUBT_SYN = 256;

/** What each doubt is counted as, by its bit; data of a SYN are counted otherwise. */
export const DOUBT_NAMES = ['no_ack', 'old_ack', 'unsent_ack', 'window', 'paws', 'checksum', 'ttl', 'signed'] as const;

/**
 * Who is refused for one of these reasons is refused whole: its acknowledgment and window mean nothing. Not so with checksums: on a
 * host's own interfaces those of both sides are wrong, and acknowledgments are what proves it.
 */
export const DOUBT_WHOLE = DOUBT_PAWS | DOUBT_TTL | DOUBT_SIGNED;

const ACK = 16;
/** Linux takes time stamps that are one behind (`TCP_PAWS_WINDOW`). */
const PAWS_WINDOW = 1;
/**
 * Reasons why the receiver may refuse `segment`, which begins at `position` of `half`; `other` is the receiver's own direction.
 * Nothing is doubted when the receiver is never seen: nothing could settle it. Checksums are looked at elsewhere.
 */
export function doubtOf(segment: Segment, position: number, half: HalfStream, other: HalfStream): number {
  if (!other.known) return 0;
  let doubt = 0;
  if ((segment.flags & ACK) === 0) doubt = DOUBT_NO_ACK;
  else {
    const beyond = (segment.acknowledgment - other.next) | 0;
    if (beyond > 0) {
      if (other.position + beyond > other.sent + 1) doubt = DOUBT_UNSENT_ACK;
    } else if (other.position + beyond < other.acked - Math.min(half.maxWindow, other.acked)) doubt = DOUBT_OLD_ACK;
  }
  // RFC 9293 section 3.10.7.4; Linux refuses since 6.17 what only begins in the window.
  if (half.edge !== NO_EDGE && position + segment.length > half.edge) doubt |= DOUBT_WINDOW;
  if (segment.hasTimestamp && half.hasRecent && ((half.recent - segment.timestamp) | 0) > PAWS_WINDOW)
    doubt |= DOUBT_PAWS;
  if (half.ttl !== 0 && segment.ttl !== half.ttl) doubt |= DOUBT_TTL;
  if (segment.isSigned && !half.isSigned) doubt |= DOUBT_SIGNED;
  return doubt;
}
