// The authentication option of DHCP (RFC 3118 section 2) and DHCPv6 (RFC 8415 section 21.11): which protocol, and how much of it. What
// it carries stays out of records: a configuration token is a password in clear, and a reconfigure key is a key.

const PROTOCOLS: readonly string[] = ['configuration token', 'delayed', 'delayed', 'reconfigure key'];
/** Protocol, algorithm, replay detection method, and its value of eight octets. */
const FIXED_OCTETS = 11;

export function authenticationText(bytes: Uint8Array, from: number, to: number): string {
  if (to - from < FIXED_OCTETS) return `${to - from} bytes`;
  const protocol = PROTOCOLS[bytes[from]] ?? `protocol ${bytes[from]}`;
  return `${protocol}, algorithm ${bytes[from + 1]}, ${to - from - FIXED_OCTETS} bytes`;
}
