// Is the checksum of a TCP segment right, or that of its IPv4 header? RFC 9293 section 3.1, RFC 8200 section 8.1, RFC 1071. For who
// has the sum of the payload already: words are taken low byte first, which the sum does not mind and the machine likes better.

const PROTOCOL_TCP = 6;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const TCP_HEADER = 20;

/**
 * `payloadSum` is the sum of the words of the whole payload, `octets` long, that begins at `payload`. False where it can not be told:
 * behind IPv4 options and IPv6 extensions, for a source route changes the address that the checksum is made for.
 */
export function isTcpChecksumWrong(
  view: DataView,
  network: number,
  transport: number,
  payload: number,
  octets: number,
  payloadSum: number,
): boolean {
  const v6 = view.getUint8(network) >> 4 === 6;
  if (transport - network !== (v6 ? IPV6_HEADER : IPV4_HEADER)) return false;
  // The pseudo-header: both addresses, the protocol, the length.
  let sum = v6 ? sumWords(view, network + 8, transport) : sumOfTwo(view, network + 12);
  if (!v6 && (sumOfTwo(view, network) + halves(view.getInt32(network + 8, true)) + sum) % 0xffff !== 0) return true;
  sum += payloadSum + swapped(payload - transport + octets) + swapped(PROTOCOL_TCP);
  const options = transport + TCP_HEADER;
  if (payload < options) return (sum + sumWords(view, transport, payload)) % 0xffff !== 0;
  sum += sumOfTwo(view, transport) + sumOfTwo(view, transport + 8) + halves(view.getInt32(transport + 16, true));
  return (sum + sumWords(view, options, payload)) % 0xffff !== 0;
}

// Headers without options, most of all, are added up without a loop: V8 looks at the view again in each round.

function sumOfTwo(view: DataView, at: number): number {
  return halves(view.getInt32(at, true)) + halves(view.getInt32(at + 4, true));
}

function halves(word: number): number {
  return (word & 0xffff) + (word >>> 16);
}

/** Sum of the 16-bit words of [from, to), low byte first; the high byte that an odd length lacks is 0. */
export function sumWords(view: DataView, from: number, to: number): number {
  let sum = 0;
  let i = from;
  for (; i + 4 <= to; i += 4) {
    sum += halves(view.getInt32(i, true));
  }
  for (; i + 2 <= to; i += 2) sum += view.getUint16(i, true);
  return i < to ? sum + view.getUint8(i) : sum;
}

function swapped(word: number): number {
  return ((word & 0xff) << 8) | ((word >>> 8) & 0xff);
}
