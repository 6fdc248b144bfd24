// Packets of OpenVPN's control channel, from its "Network protocol" documentation (openvpn.net) and the comments in its `ssl_pkt.h`:
// opcode and key id in one octet, session id, with `tls-auth` an HMAC and a packet id with a time, acknowledgments, the packet's number,
// and a piece of the TLS stream. With `tls-crypt` (`tls_crypt.h`) all behind the session id, the packet id and its HMAC is encrypted: such
// a connection is named, and that is all.

import { u16, u32 } from '../octets.ts';

const SESSION_OCTETS = 8;
const NUMBER_OCTETS = 4;
/** `tls-auth`: packet id and time behind the HMAC. */
const REPLAY_OCTETS = 8;
/** Opcode, session id, no acknowledgments, the number 0. */
const SHORTEST_RESET = 1 + SESSION_OCTETS + 1 + NUMBER_OCTETS;
/** Of MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512. */
const HMAC_OCTETS: ReadonlySet<number> = new Set([16, 20, 28, 32, 48, 64]);
const MAX_ACKNOWLEDGED = 8;

/** `tls-crypt`: packet id and time, HMAC of SHA-256, and encrypted: no acknowledgments, the number 0. */
const CRYPT_HMAC_OCTETS = 32;
const CRYPT_RESET_OCTETS = SHORTEST_RESET + REPLAY_OCTETS + CRYPT_HMAC_OCTETS;
/** The first packet id; with the mark of clients that take a server which keeps no state for them (`packet_id.h`: EARLY_NEG_START). */
const CRYPT_FIRST_IDS: ReadonlySet<number> = new Set([1, 0x0f000001]);
/** `tls-crypt-v2`: behind it the client's key, wrapped: a tag, the key, its length at the end. */
const LEAST_WRAPPED_KEY_OCTETS = 32 + 256 + 2;
const MAX_WRAPPED_KEY_OCTETS = 1024;
/** 2015, before which there was no `tls-crypt`: clocks are no earlier. */
const CRYPT_BEGAN_SECONDS = 1_420_070_400;

const CONTROL = 4;
const CLIENT_RESET = 7;
/** A client's first packet: its key id is 0. */
const FIRST_OCTET = CLIENT_RESET << 3;
/** With `tls-crypt-v2`. */
const CRYPT_V2_FIRST_OCTET = 10 << 3;

/** The longest first packet. */
export const MAX_RESET_OCTETS = CRYPT_RESET_OCTETS + MAX_WRAPPED_KEY_OCTETS;

/** Does a client's first packet begin with this octet? */
export function isFirstOctet(octet: number): boolean {
  return octet === FIRST_OCTET || octet === CRYPT_V2_FIRST_OCTET;
}

/** Octets of `tls-auth` in this client's first packet; -1 when it is none. */
export function authOctetsOf(bytes: Uint8Array, from: number, to: number): number {
  if (to - from < SHORTEST_RESET || bytes[from] !== FIRST_OCTET) return -1;
  for (let at = to - 1 - NUMBER_OCTETS; at < to; at++) if (bytes[at] !== 0) return -1;
  let isNamed = false;
  for (let at = from + 1; at <= from + SESSION_OCTETS; at++) if (bytes[at] !== 0) isNamed = true;
  if (!isNamed) return -1;
  const octets = to - from - SHORTEST_RESET;
  return octets === 0 || HMAC_OCTETS.has(octets - REPLAY_OCTETS) ? octets : -1;
}

/** Is this a client's first packet with `tls-crypt` or `tls-crypt-v2`? */
export function isEncryptedReset(bytes: Uint8Array, from: number, to: number): boolean {
  const octets = to - from;
  if (octets < CRYPT_RESET_OCTETS) return false;
  if (bytes[from] === CRYPT_V2_FIRST_OCTET) {
    const wrapped = u16(bytes, to - 2);
    if (wrapped < LEAST_WRAPPED_KEY_OCTETS || wrapped > MAX_WRAPPED_KEY_OCTETS) return false;
    if (octets !== CRYPT_RESET_OCTETS + wrapped) return false;
  } else if (bytes[from] !== FIRST_OCTET || octets !== CRYPT_RESET_OCTETS) return false;
  const id = from + 1 + SESSION_OCTETS;
  return CRYPT_FIRST_IDS.has(u32(bytes, id)) && u32(bytes, id + NUMBER_OCTETS) > CRYPT_BEGAN_SECONDS;
}

export interface ControlPacket {
  /** Its place in the stream; the reset has 0. */
  readonly number: number;
  /** What it carries of the TLS stream. */
  readonly from: number;
  readonly to: number;
}

/** A packet that carries a part of the first key's TLS stream; undefined: another one. */
export function controlPacket(bytes: Uint8Array, from: number, to: number, auth: number): ControlPacket | undefined {
  if (bytes[from] !== CONTROL << 3) return undefined;
  let at = from + 1 + SESSION_OCTETS + auth;
  if (at >= to || bytes[at] > MAX_ACKNOWLEDGED) return undefined;
  const acknowledged = bytes[at];
  at += 1 + acknowledged * NUMBER_OCTETS + (acknowledged > 0 ? SESSION_OCTETS : 0);
  if (at + NUMBER_OCTETS > to) return undefined;
  return { number: u32(bytes, at), from: at + NUMBER_OCTETS, to };
}
