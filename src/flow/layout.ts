// How a flow lies in memory: rows of 32-bit words, no object. `A` is the lower endpoint, `B` the higher; who of them began the flow is
// a bit of the state word. What every packet touches is one cache line (the hot row, 64 bytes); what few packets need stands in a
// second array under the same number (the cold row), whole IPv6 addresses in a third. Measured: a third less per packet above
// 100,000 flows than with one row of 104 bytes.

/** Words of a hot row, and the shift that makes a row's number its first word. */
export const HOT_WORDS = 16;
export const HOT_SHIFT = 4;
export const COLD_WORDS = 14;
export const WIDE_WORDS = 8;

// For `coldAt`: exported constants are read each time, with checks, in their own module too.
const hotShift = HOT_SHIFT;
const coldWords = COLD_WORDS;

export const F_A = 0;
export const F_B = 1;
export const F_PORTS = 2;
/** Key context << 8 | IP protocol. */
export const F_PROTOCOL = 3;
export const F_STATE = 4;
export const F_LAST_SECONDS = 5;
export const F_LAST_NANOS = 6;
/** Counters since the last document, modulo 2^32; what runs over is carried into the extension. */
export const F_PACKETS_A = 7;
export const F_PACKETS_B = 8;
export const F_BYTES_A = 9;
export const F_BYTES_B = 10;
export const F_PAYLOAD_A = 11;
export const F_PAYLOAD_B = 12;
/** TCP flags that were set, A | B << 8, and the last TTL, A << 16 | B << 24. */
export const F_MARKS = 13;
/** Next expected TCP sequence number of each side. */
export const F_SEQUENCE_A = 14;
export const F_SEQUENCE_B = 15;

/** Number of the first packet, low 32 bits (see `firstPacketOf`). */
export const C_FIRST_PACKET = 0;
export const C_FIRST_SECONDS = 1;
export const C_FIRST_NANOS = 2;
/** Index into the table of link attributes (MACs, VLANs, tunnels), 0 none. */
export const C_LINK = 3;
/** Timer list: next and previous flow + 1; `C_PREVIOUS` is -(list + 1) at the head. */
export const C_NEXT = 4;
export const C_PREVIOUS = 5;
/** Index of the extension row, 0 none. */
export const C_EXTENSION = 6;
/** Index of the conversation (reassembly and analyzer), 0 none; below 0: none, and what detection knows so far (`engine/conversations.ts`). */
export const C_CONVERSATION = 7;
/** Initial sequence number of who began. */
export const C_ISN = 8;
/** min A | max A << 8 | min B << 16 | max B << 24; a side's half is 0 where all its TTLs are the one in `F_MARKS`. */
export const C_TTL = 9;
/** Logical shard | application protocol << 8. */
export const C_SHARD = 10;

/** What each side's SYN said (`syn-facts.ts`), 0 when it was not seen. */
export const C_SYN_A = 11;
export const C_SYN_B = 12;
/** Index of the row of the handshake, 0 none. */
export const C_HANDSHAKE = 13;

/** What a TCP handshake told: of every connection whose SYN was answered, and so kept apart from the extension. */
export const HANDSHAKE_WORDS = 5;
/** Bit 0: handshake RTT known; bit 1: server RTT known; bit 2: the SYN was sent more than once (no RTT, as Karn says). */
export const H_FLAGS = 0;
/** Round-trip times in ns as low and high word. */
export const H_HANDSHAKE_RTT = 1;
export const H_SERVER_RTT = 3;

/** The extension: for the minority of flows that have something of it. */
export const EXTENSION_WORDS = 21;
export const E_RETRANSMITS_A = 0;
export const E_RETRANSMITS_B = 1;
export const E_GAPS_A = 2;
export const E_GAPS_B = 3;
export const E_ZERO_WINDOWS_A = 4;
export const E_ZERO_WINDOWS_B = 5;
export const E_ICMP_ERRORS = 6;
/** High words of packets, bytes and payload, A and B, in the order of the low ones. */
export const E_HIGH = 7;
/** The last hole in each side's sequence numbers, [start, end): a segment that fills it came late, it was not sent again. */
export const E_HOLE_A = 13;
export const E_HOLE_B = 15;

/** What was noticed of the connection: bits of `tcp-events.ts`. */
export const E_EVENTS = 17;
/** Sequence number of a SYN that does not belong to the connection, as long as nobody answered it. */
export const E_OTHER_SYN = 18;
/** Bit 0: the side that sent it; bits 4 to 7: the state before a reset. */
export const E_ASIDE = 19;
/** Sequence number of a reset that was not exactly the next one. */
export const E_RESET_SEQUENCE = 20;

export const H_FLAG_HANDSHAKE = 1;
export const H_FLAG_SERVER = 2;
export const H_FLAG_SYN_AGAIN = 4;
/** SYNs of the initiator, or SYN-ACKs, had different sequence numbers: the acknowledgment decides. */
export const H_FLAG_SYN_MOVED = 8;
export const H_FLAG_SYNACK_MOVED = 16;

// Bits of the state word.
export const S_INITIATOR_B = 1;
export const S_CONFIDENCE_SHIFT = 1;
export const S_TCP_SHIFT = 3;
export const S_TCP_MASK = 15 << S_TCP_SHIFT;
export const S_LONG = 1 << 7;
export const S_SEEN_A = 1 << 8;
export const S_SEEN_B = 1 << 9;
export const S_FIN_A = 1 << 10;
export const S_FIN_B = 1 << 11;
export const S_SEQUENCE_A = 1 << 12;
export const S_SEQUENCE_B = 1 << 13;
/** Detection is over for this flow: no analyzer, no payload kept. */
export const S_UNINTERESTING = 1 << 14;
export const S_PORTS = 1 << 15;
/** DSCP of A's last packet, six bits; B's above it. */
export const S_DSCP_SHIFT = 16;
export const S_DSCP_BITS = 6;

/** The next packet decides something: the handshake is not complete, or one of the two below. */
export const S_WATCH = 1 << 28;
/** The last packet was a reset that its receiver may not obey. */
export const S_RESET_LAST = 1 << 29;
/** A SYN came that does not belong to the connection. */
export const S_OTHER_SYN = 1 << 30;
/** Which of two intervals the counters belong to, by turns (`arrears.ts`). */
export const S_INTERVAL = 1 << 31;

/** Application protocol in the shard word. */
export const APPLICATION_SHIFT = 8;

export const TCP_NONE = 0;
export const TCP_SYN_SENT = 1;
export const TCP_SYN_RECEIVED = 2;
export const TCP_ESTABLISHED = 3;
export const TCP_CLOSING = 4;
export const TCP_CLOSED = 5;
export const TCP_RESET = 6;
export const TCP_REJECTED = 7;
export const TCP_PARTIAL = 8;

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const ACK = 16;

/** First word of a flow's cold row, by the first word of its hot one. */
export function coldAt(base: number): number {
  return (base >>> hotShift) * coldWords;
}
