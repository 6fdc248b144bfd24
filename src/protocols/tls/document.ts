// A session into its record.

import { endAt } from '../span.ts';
import { cipherSuiteName } from './cipher-suites.ts';
import {
  alertName,
  EXTENSION_EARLY_DATA,
  EXTENSION_ENCRYPTED_CLIENT_HELLO,
  groupName,
  isGrease,
  isTls13,
  ocspStatusName,
  versionName,
  versionNumber,
  versionProtocol,
} from './codes.ts';
import { describeAnswer, describeHello, MAX_LISTED } from './detail.ts';
import { applicationProtocols, chosenGroup, serverNames, supportedVersions } from './extensions.ts';
import { type Ja4Transport, ja3, ja3s, ja4 } from './fingerprints.ts';
import { extensionOf, type Hello } from './hello.ts';
import { knownCertificate } from './known-certificates.ts';
import type { DetailOptions } from './options.ts';
import { emptyRecord, type TlsRecord } from './record.ts';
import { resumptionOf } from './resumption.ts';
import type { Carrier, Session } from './session.ts';

const LEVEL_FATAL = 2;
const TLS_1_3 = 0x0304;
/** What a ServerHello of TLS 1.3 or DTLS 1.3 has in its old place for the version. */
const STANDS_FOR_TLS13: ReadonlySet<number> = new Set([0x0303, 0xfefd]);
const JA4_TRANSPORTS: Readonly<Record<Carrier, Ja4Transport>> = { tls: 't', dtls: 'd', quic: 'q' };

/** The record of this session. `carrier`: what the handshake went over. */
export function describe(session: Session, carrier: Carrier, options: DetailOptions): TlsRecord {
  const record = emptyRecord();
  const { clientHello, serverHello } = session;
  record.startSeconds = session.startSeconds;
  record.startNanos = session.startNanos;
  record.networkProtocol = carrier;
  record.established = session.isEstablished;
  record.status = session.isEstablished ? 'OK' : 'Error';
  if (session.isEstablished) {
    record.duration = endAt(record, session.endSeconds, session.endNanos);
  }
  const answer = serverHello ?? session.retryRequest;
  // RFC 9001 section 4.2: QUIC offers nothing older than TLS 1.3.
  const version = answer === undefined && carrier === 'quic' ? TLS_1_3 : versionOf(answer ?? unanswered(session));
  if (version !== undefined) {
    record.version = versionNumber(version);
    record.versionProtocol = versionProtocol(version);
  }
  const method = resumptionOf(session, versionOf(serverHello));
  record.resumed = method !== undefined;
  if (clientHello !== undefined) describeClient(record, clientHello, carrier);
  if (serverHello !== undefined) describeServer(record, serverHello, session);
  if (options.send_certificates) describeCertificates(record, session, options);
  if (options.include_detailed_fields) {
    if (version !== undefined) record.detailedVersion = detailedVersion(version);
    record.resumptionMethod = method === 'unknown' ? undefined : method;
    describeProgress(record, session);
    if (clientHello !== undefined) describeHello(record, clientHello);
    if (serverHello !== undefined) describeAnswer(record, serverHello);
  }
  if (options.send_request && clientHello !== undefined) record.request = hexOf(clientHello.bytes);
  if (options.send_response && serverHello !== undefined) record.response = hexOf(serverHello.bytes);
  if (session.retryRequest !== undefined) record.isRetried = true;
  if (session.isVerified) record.isVerified = true;
  if (session.hasEncryptedAlert) record.hasEncryptedAlert = true;
  const hashes = [
    record.clientJa3,
    record.clientJa4,
    record.serverJa3s,
    record.serverSha1,
    record.serverSha256,
    record.serverMd5,
  ];
  const related = hashes.filter((hash) => hash !== undefined);
  if (related.length > 0) record.relatedHash = related;
  record.errorMessage = messages(session);
  return record;
}

/** The ClientHello, when nobody answered it; an answer that was not captured chose a version that nobody can know. */
function unanswered({ clientHello, isEstablished }: Session): Hello | undefined {
  return isEstablished ? undefined : clientHello;
}

/** The version that is really spoken, as far as the hello is there to say it. */
export function versionOf(hello: Hello | undefined): number | undefined {
  if (hello === undefined || hello.bytes.length < 2) return undefined;
  if (hello.isClient) return hello.version;
  const [version] = supportedVersions(hello);
  if (version !== undefined) return version;
  // TLS 1.3 says that it is 1.2, and the truth in an extension, which is missing here (RFC 8446 section 4.1.3).
  return hello.isCut && STANDS_FOR_TLS13.has(hello.version) ? undefined : hello.version;
}

function describeClient(record: TlsRecord, hello: Hello, carrier: Carrier): void {
  if (hello.isComplete && !hello.isSsl2) {
    record.clientJa3 = ja3(hello);
    record.clientJa4 = ja4(hello, JA4_TRANSPORTS[carrier]);
  }
  const [name] = serverNames(hello);
  if (name !== undefined) {
    record.serverName = name;
    record.destinationDomain = name;
    record.relatedHosts = [name];
  }
  const ciphers = hello.ciphers.filter((number) => !isGrease(number));
  record.supportedCiphers = ciphers.slice(0, MAX_LISTED).map(cipherSuiteName);
  if (extensionOf(hello, EXTENSION_ENCRYPTED_CLIENT_HELLO) !== undefined) record.hasEncryptedClientHello = true;
  if (extensionOf(hello, EXTENSION_EARLY_DATA) !== undefined) record.hasEarlyData = true;
}

function describeServer(record: TlsRecord, hello: Hello, session: Session): void {
  if (hello.ciphers.length > 0) record.cipher = cipherSuiteName(hello.ciphers[0]);
  const curve = namedCurve(session) ?? chosenGroup(hello);
  if (curve !== undefined) record.curve = groupName(curve);
  if (hello.isComplete) record.serverJa3s = ja3s(hello);
  const [protocol] = applicationProtocols(hello);
  record.nextProtocol = protocol;
}

/** RFC 8422 section 5.4: only a key exchange over elliptic curves names one. */
function namedCurve({ curve, serverHello }: Session): number | undefined {
  const [cipher] = serverHello?.ciphers ?? [];
  return cipher !== undefined && cipherSuiteName(cipher).includes('_ECDH') ? curve : undefined;
}

/** Drafts of TLS 1.3 are it. */
function detailedVersion(version: number): string {
  return isTls13(version) && versionProtocol(version) !== 'dtls' ? 'TLS 1.3' : versionName(version);
}

function describeCertificates(record: TlsRecord, session: Session, options: DetailOptions): void {
  const client = tellChain(session.clientCertificates, options);
  record.clientSubject = client.subject;
  record.clientIssuer = client.issuer;
  record.clientNotBefore = client.notBefore;
  record.clientNotAfter = client.notAfter;
  record.clientMd5 = client.md5;
  record.clientSha1 = client.sha1;
  record.clientSha256 = client.sha256;
  record.clientX509 = client.x509;
  record.clientChain = client.pem;
  record.clientCertificates = client.rest;
  const server = tellChain(session.serverCertificates, options);
  record.serverSubject = server.subject;
  record.serverIssuer = server.issuer;
  record.serverNotBefore = server.notBefore;
  record.serverNotAfter = server.notAfter;
  record.serverMd5 = server.md5;
  record.serverSha1 = server.sha1;
  record.serverSha256 = server.sha256;
  record.serverX509 = server.x509;
  record.serverChain = server.pem;
  record.serverCertificates = server.rest;
  if (client.isBroken) session.note("The client's certificate cannot be read");
  if (server.isBroken) session.note("The server's certificate cannot be read");
}

/** A chain, leaf first, as the record has it: the leaf in fields, the others as a list. */
function tellChain(chain: readonly Uint8Array[], options: DetailOptions) {
  if (chain.length === 0) return {};
  const [leaf] = chain;
  const certificate = knownCertificate(leaf);
  const { parsed } = certificate;
  const hashed = (algorithm: DetailOptions['fingerprints'][number]) =>
    options.fingerprints.includes(algorithm) ? certificate.fingerprint(algorithm) : undefined;
  const others = options.include_detailed_fields ? chain.slice(1).map((one) => knownCertificate(one).parsed?.x509) : [];
  const rest = others.filter((one) => one !== undefined);
  return {
    subject: parsed?.subject || undefined,
    issuer: parsed?.issuer || undefined,
    notBefore: parsed?.notBefore,
    notAfter: parsed?.notAfter,
    x509: parsed?.x509,
    md5: hashed('md5'),
    sha1: hashed('sha1'),
    sha256: hashed('sha256'),
    pem: options.include_raw_certificates ? chain.map(pem) : undefined,
    rest: rest.length > 0 ? rest : undefined,
    isBroken: parsed === undefined,
  };
}

/** RFC 7468. */
function pem(der: Uint8Array): string {
  const lines = Buffer.from(der.buffer, der.byteOffset, der.length)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function describeProgress(record: TlsRecord, session: Session): void {
  record.clientCertificateRequested = session.isCertificateRequested;
  if (session.ocspStatus !== undefined) record.ocspResponse = ocspStatusName(session.ocspStatus);
  if (session.alerts.length === 0) return;
  record.alerts = session.alerts.map(({ level, code, source }) => ({
    severity: level === LEVEL_FATAL ? 'fatal' : 'warning',
    code,
    type: alertName(code),
    source,
  }));
  record.alertTypes = [...new Set(session.alerts.map(({ code }) => alertName(code)))];
}

function messages(session: Session): readonly string[] | undefined {
  const alerts = session.alerts.filter(({ level }) => level === LEVEL_FATAL);
  const all = [
    ...alerts.map(({ source, code }) => `Fatal alert of the ${source}: ${alertName(code)}`),
    ...session.notes,
  ];
  if (session.isEstablished) {
    if (session.clientHello === undefined) all.push('The ClientHello was not captured');
    if (session.serverHello === undefined) all.push('The ServerHello was not captured');
  }
  if (all.length > 0) return all;
  if (session.isEstablished) return undefined;
  if (session.hasEncryptedAlert) return ['An encrypted alert ended the handshake'];
  return [
    session.serverHello === undefined
      ? 'No answer to the ClientHello'
      : 'The connection ended before the handshake did',
  ];
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
