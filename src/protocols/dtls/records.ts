// DTLS records in a datagram: RFC 6347 section 4.1 (1.0 and 1.2), RFC 9146 section 4 (with a connection id), RFC 9147 section 4 (the
// short header of encrypted records in 1.3). In CAPWAP's control channel four octets stand before them (RFC 5415 section 4.2).

import { u16 } from '../octets.ts';
import {
  CONTENT_ACK,
  CONTENT_ALERT,
  CONTENT_CHANGE_CIPHER_SPEC,
  CONTENT_CONNECTION_ID,
  CONTENT_HANDSHAKE,
  VERSION_DTLS_OLD,
  VERSION_DTLS10,
  VERSION_DTLS12,
} from '../tls/codes.ts';
import { MAX_RECORD_OCTETS } from '../tls/record-layer.ts';

/** Type, version, epoch, sequence number, length. */
export const RECORD_HEADER_OCTETS = 13;
/** The type of what has the short header: its own is encrypted. */
export const CONTENT_HIDDEN = -1;

/** DTLS 1.3 says 1.2 here. */
const RECORD_VERSIONS: ReadonlySet<number> = new Set([VERSION_DTLS10, VERSION_DTLS12, VERSION_DTLS_OLD]);
const SHORT_HEADER_MASK = 0xe0;
const SHORT_HEADER = 0x20;
const SHORT_HAS_ID = 0x10;
const SHORT_LONG_NUMBER = 0x08;
const SHORT_HAS_LENGTH = 0x04;
const SHORT_EPOCH_MASK = 0x03;

const CAPWAP_DTLS = 0x01;
const CAPWAP_OCTETS = 4;

export interface DtlsRecord {
  readonly type: number;
  /** Of a short header the lowest two bits. */
  readonly epoch: number;
  /** Its contents: bytes[from, to), not longer than the bytes at hand. */
  readonly from: number;
  readonly to: number;
  /** Length of the contents. */
  readonly length: number;
}

/** Where the records of this datagram begin. */
export function recordsFrom(bytes: Uint8Array, from: number, to: number): number {
  const isCapwap =
    to - from > CAPWAP_OCTETS &&
    bytes[from] === CAPWAP_DTLS &&
    bytes[from + 1] === 0 &&
    bytes[from + 2] === 0 &&
    bytes[from + 3] === 0;
  return isCapwap ? from + CAPWAP_OCTETS : from;
}

/** Could a record begin with this octet? On the same port may be STUN, RTP and others (RFC 9443). */
export function isRecordStart(first: number): boolean {
  return (first & SHORT_HEADER_MASK) === SHORT_HEADER || (first >= CONTENT_CHANGE_CIPHER_SPEC && first <= CONTENT_ACK);
}

/**
 * The record at `at`; undefined when there is none. `idOctets`: length of the connection ids in this direction; undefined when it is not
 * known: a record with one is then taken to be the last of its datagram.
 */
export function recordAt(
  bytes: Uint8Array,
  at: number,
  to: number,
  idOctets: number | undefined,
): DtlsRecord | undefined {
  if ((bytes[at] & SHORT_HEADER_MASK) === SHORT_HEADER) return shortRecordAt(bytes, at, to, idOctets);
  if (to - at < RECORD_HEADER_OCTETS) return undefined;
  const type = bytes[at];
  if (type < CONTENT_CHANGE_CIPHER_SPEC || type > CONTENT_ACK || !RECORD_VERSIONS.has(u16(bytes, at + 1)))
    return undefined;
  const epoch = u16(bytes, at + 3);
  let lengthAt = at + RECORD_HEADER_OCTETS - 2;
  if (type === CONTENT_CONNECTION_ID) {
    if (idOctets === undefined) return { type, epoch, from: lengthAt, to, length: to - lengthAt };
    lengthAt += idOctets;
    if (lengthAt + 2 > to) return undefined;
  }
  return measured(type, epoch, lengthAt + 2, u16(bytes, lengthAt), to);
}

function shortRecordAt(
  bytes: Uint8Array,
  at: number,
  to: number,
  idOctets: number | undefined,
): DtlsRecord | undefined {
  const first = bytes[at];
  const epoch = first & SHORT_EPOCH_MASK;
  const hasId = (first & SHORT_HAS_ID) !== 0;
  if (hasId && idOctets === undefined) return { type: CONTENT_HIDDEN, epoch, from: at + 1, to, length: to - at - 1 };
  const behindNumber = at + 1 + (hasId ? idOctets! : 0) + ((first & SHORT_LONG_NUMBER) !== 0 ? 2 : 1);
  const hasLength = (first & SHORT_HAS_LENGTH) !== 0;
  const from = behindNumber + (hasLength ? 2 : 0);
  if (from > to) return undefined;
  return measured(CONTENT_HIDDEN, epoch, from, hasLength ? u16(bytes, behindNumber) : to - from, to);
}

function measured(type: number, epoch: number, from: number, length: number, to: number): DtlsRecord | undefined {
  return length > MAX_RECORD_OCTETS ? undefined : { type, epoch, from, to: Math.min(to, from + length), length };
}

/** Are its contents in clear? Everything is encrypted from epoch 1 on. */
export function isClear({ type, epoch }: DtlsRecord): boolean {
  return epoch === 0 && (type === CONTENT_HANDSHAKE || type === CONTENT_ALERT);
}
