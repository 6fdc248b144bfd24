// Handshake messages into a session (RFC 8446 section 4, RFC 5246 section 7.4): the same for TLS over TCP and for QUIC.

import {
  CERTIFICATE,
  CERTIFICATE_REQUEST,
  CERTIFICATE_STATUS,
  CLIENT_HELLO,
  HELLO_VERIFY_REQUEST,
  SERVER_HELLO,
  SERVER_HELLO_DONE,
  SERVER_KEY_EXCHANGE,
} from './codes.ts';
import { elementAt, TAG_ENUMERATED, TAG_SEQUENCE } from './der.ts';
import { type Hello, parseHello } from './hello.ts';
import { MAX_CERTIFICATES, type Session, type Speaker } from './session.ts';

const CURVE_TYPE_NAMED = 3;
const STATUS_TYPE_OCSP = 1;

/** Random of a ServerHello that is a HelloRetryRequest (RFC 8446 section 4.1.3): SHA-256 of "HelloRetryRequest". */
const RETRY_RANDOM = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');

/** Whose bodies are looked at. */
export function isWantedMessage(type: number): boolean {
  return (
    type === CLIENT_HELLO ||
    type === SERVER_HELLO ||
    type === CERTIFICATE ||
    type === SERVER_KEY_EXCHANGE ||
    type === CERTIFICATE_STATUS
  );
}

/** Counts memory for what a session keeps; false when there is no more. */
export type Hold = (bytes: number) => boolean;

/** Takes from one message what the session wants. `speaker`: who sent it. */
export function takeMessage(
  session: Session,
  speaker: Speaker,
  type: number,
  bytes: Uint8Array,
  from: number,
  to: number,
  isWhole: boolean,
  hold: Hold,
): void {
  switch (type) {
    case CLIENT_HELLO:
      if (session.clientHello === undefined && hold(to - from)) {
        session.clientHello = parseHello(bytes, from, to, true, isWhole, session.carrier === 'dtls');
        if (!session.clientHello.isComplete)
          session.note(isWhole ? 'Malformed ClientHello' : 'The end of the ClientHello is missing');
      }
      break;
    case SERVER_HELLO:
      takeServerHello(session, bytes, from, to, isWhole, hold);
      break;
    case HELLO_VERIFY_REQUEST:
      if (session.carrier === 'dtls') session.isVerified = true;
      break;
    case CERTIFICATE:
      takeCertificates(session, speaker, bytes, from, to, hold);
      if (!isWhole) session.note(`The end of the ${speaker}'s certificates is missing`);
      break;
    case SERVER_KEY_EXCHANGE:
      takeKeyExchange(session, bytes, from, to);
      break;
    case CERTIFICATE_REQUEST:
      session.isCertificateRequested = true;
      break;
    case SERVER_HELLO_DONE:
      session.hasServerHelloDone = true;
      break;
    case CERTIFICATE_STATUS:
      takeStatus(session, bytes, from, to);
      break;
  }
}

function takeServerHello(
  session: Session,
  bytes: Uint8Array,
  from: number,
  to: number,
  isWhole: boolean,
  hold: Hold,
): void {
  if (session.serverHello !== undefined || !hold(to - from)) return;
  const hello = parseHello(bytes, from, to, false, isWhole, false);
  if (isRetry(hello)) {
    session.retryRequest = hello;
    return;
  }
  session.serverHello = hello;
  if (!hello.isComplete) session.note(isWhole ? 'Malformed ServerHello' : 'The end of the ServerHello is missing');
}

function isRetry({ bytes, randomFrom, randomTo }: Hello): boolean {
  return randomTo - randomFrom === RETRY_RANDOM.length && RETRY_RANDOM.equals(bytes.subarray(randomFrom, randomTo));
}

/** RFC 5246 section 7.4.2: all of it has a length of three octets, and so has each certificate. */
function takeCertificates(
  session: Session,
  speaker: Speaker,
  bytes: Uint8Array,
  from: number,
  to: number,
  hold: Hold,
): void {
  const list = speaker === 'client' ? session.clientCertificates : session.serverCertificates;
  if (list.length > 0) return;
  let at = from + 3;
  while (at + 3 <= to) {
    const end = at + 3 + ((bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2]);
    if (end > to) break;
    if (list.length >= MAX_CERTIFICATES || !hold(end - at - 3)) {
      session.note(`More of the ${speaker}'s certificates than can be kept`);
      break;
    }
    list.push(bytes.slice(at + 3, end));
    at = end;
  }
}

/** RFC 8422 section 5.4. Whether it is such a key exchange the suite tells, which may come later where datagrams change places. */
function takeKeyExchange(session: Session, bytes: Uint8Array, from: number, to: number): void {
  if (to - from < 3 || bytes[from] !== CURVE_TYPE_NAMED) return;
  session.curve = (bytes[from + 1] << 8) | bytes[from + 2];
}

/** RFC 6066 section 8, RFC 6960 section 4.2.1: an OCSPResponse begins with its status. */
function takeStatus(session: Session, bytes: Uint8Array, from: number, to: number): void {
  if (to - from < 4 || bytes[from] !== STATUS_TYPE_OCSP) return;
  const response = elementAt(bytes, from + 4, to);
  if (response === undefined || response.tag !== TAG_SEQUENCE) return;
  const status = elementAt(bytes, response.from, response.to);
  if (status?.tag === TAG_ENUMERATED && status.to === status.from + 1) session.ocspStatus = bytes[status.from];
}
