// The endpoint hash: the bytes that name a flow in goProbe, 13 for IPv4 and 37 for IPv6. Source address, source port (big endian),
// destination address, destination port, IP protocol. It is no digest: the fields stand in it as they are.
//
// The port of a client says nothing when the service's port is a well-known one, so it is left out (zero): all connections of a client
// to one HTTPS server are one flow.

export const EP_HASH_V4_BYTES = 13;
export const EP_HASH_V6_BYTES = 37;

export const PROTOCOL_ICMP = 1;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
export const PROTOCOL_ESP = 50;
export const PROTOCOL_ICMPV6 = 58;

/** A service's port so common that its clients' ports are left out: DNS, HTTP, HTTPS, SMB and the usual alternative of HTTP. */
export function isCommonPort(port: number, protocol: number): boolean {
  if (protocol === PROTOCOL_TCP) return port === 443 || port === 80 || port === 53 || port === 445 || port === 8080;
  return protocol === PROTOCOL_UDP && (port === 53 || port === 443);
}

/** Words of a key: both addresses (one word each for IPv4, four for IPv6), both ports, the protocol. */
export const KEY_WORDS_V4 = 4;
export const KEY_WORDS_V6 = 10;

/** Bytes of the endpoint hash of a key. */
export function epHashOf(words: ArrayLike<number>, at: number, isV4: boolean): Uint8Array {
  const width = isV4 ? 1 : 4;
  const out = new Uint8Array(isV4 ? EP_HASH_V4_BYTES : EP_HASH_V6_BYTES);
  const view = new DataView(out.buffer);
  const ports = words[at + 2 * width];
  for (let i = 0; i < width; i++) view.setInt32(i * 4, words[at + i]);
  view.setUint16(width * 4, ports >>> 16);
  for (let i = 0; i < width; i++) view.setInt32(width * 4 + 2 + i * 4, words[at + width + i]);
  view.setUint16(width * 8 + 2, ports & 0xffff);
  out[width * 8 + 4] = words[at + 2 * width + 1];
  return out;
}

/** Puts the key that an endpoint hash names into `words`; its length says the family. */
export function keyOfEpHash(hash: Uint8Array, words: Int32Array, from = 0): void {
  const width = hash.length - from === EP_HASH_V4_BYTES ? 1 : 4;
  const view = new DataView(hash.buffer, hash.byteOffset + from, hash.length - from);
  for (let i = 0; i < width; i++) words[i] = view.getInt32(i * 4);
  for (let i = 0; i < width; i++) words[width + i] = view.getInt32(width * 4 + 2 + i * 4);
  words[2 * width] = (view.getUint16(width * 4) << 16) | view.getUint16(width * 8 + 2);
  words[2 * width + 1] = hash[from + width * 8 + 4];
}

/** The hash of the other direction. */
export function reverseEpHash(hash: Uint8Array): Uint8Array {
  const half = (hash.length - 1) / 2;
  const out = new Uint8Array(hash.length);
  out.set(hash.subarray(half, 2 * half), 0);
  out.set(hash.subarray(0, half), half);
  out[2 * half] = hash[2 * half];
  return out;
}
