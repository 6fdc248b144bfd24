// Is the checksum of a TCP segment right, or that of its IPv4 header? RFC 9293 section 3.1, RFC 8200 section 8.1, RFC 1071. For who
// has the sum of the payload already: words are taken low byte first, which the sum does not mind and the machine likes better.

const PROTOCOL_TCP = 6;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;

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
  if (!v6 && sumWords(view, network, transport) % 0xffff !== 0) return true;
  // The pseudo-header: both addresses, the protocol, the length.
  let sum = payloadSum + swapped(payload - transport + octets) + swapped(PROTOCOL_TCP);
  sum += sumWords(view, v6 ? network + 8 : network + 12, transport);
  return (sum + sumWords(view, transport, payload)) % 0xffff !== 0;
}

/** Sum of the 16-bit words of [from, to), low byte first; the high byte that an odd length lacks is 0. */
export function sumWords(view: DataView, from: number, to: number): number {
  let sum = 0;
  let i = from;
  for (; i + 4 <= to; i += 4) {
    const word = view.getInt32(i, true);
    sum += (word & 0xffff) + (word >>> 16);
  }
  for (; i + 2 <= to; i += 2) sum += view.getUint16(i, true);
  return i < to ? sum + view.getUint8(i) : sum;
}

function swapped(word: number): number {
  return ((word & 0xff) << 8) | ((word >>> 8) & 0xff);
}
