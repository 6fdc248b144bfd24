// The record of one TLS handshake. Names follow ECS and Packetbeat; what they have no name for stands under `netscribe.tls`.

import { forwarded, program, transaction } from '../../records/common.ts';
import { f } from '../../records/field.ts';
import { blankRecord, defineRecord, type RecordOf } from '../../records/record.ts';
import { VERSION } from '../../version.ts';
import { cipherSuiteName } from './cipher-suites.ts';

export const tls = defineRecord(
  'tls',
  {
    family: 'transaction',
    doc: 'a TLS handshake, over TCP, in datagrams (DTLS), in QUIC, OpenVPN or TDS: one for each connection, also when it failed',
  },
  {
    ...program(VERSION),
    ...transaction('tls'),
    ...forwarded,
    networkProtocol: f.keyword('network.protocol', '`tls`, `dtls`, or `quic` for a handshake in QUIC'),
    destinationDomain: f
      .text(['destination.domain', 'server.domain'], 'server name that the client asks for')
      .optional(),
    relatedHosts: f.keywords('related.hosts', 'server names that the client asks for').optional(),
    relatedHash: f.keywords('related.hash', 'fingerprints of hellos and of the first certificates').optional(),
    request: f.text('request', 'the ClientHello in hexadecimal, with `send_request`').optional(),
    response: f.text('response', 'the ServerHello in hexadecimal, with `send_response`').optional(),

    version: f
      .keyword('tls.version', 'version spoken (`1.2`); the one that the client names when no server answered')
      .optional(),
    versionProtocol: f.keyword('tls.version_protocol', '`tls`, `dtls`, `ssl`, or `unknown` for drafts').optional(),
    cipher: f.keyword('tls.cipher', 'cipher suite that the server chose').optional().numbered(cipherSuiteName),
    curve: f.keyword('tls.curve', 'group of the key exchange').optional(),
    established: f.bool('tls.established', 'the handshake came to its end'),
    resumed: f.bool('tls.resumed', 'an earlier session goes on'),
    nextProtocol: f.keyword('tls.next_protocol', 'application protocol that the server chose (ALPN)').optional(),

    clientJa3: f.keyword('tls.client.ja3', 'JA3 of the ClientHello').optional(),
    clientJa4: f.keyword('tls.client.ja4', 'JA4 of the ClientHello').optional(),
    serverName: f.text('tls.client.server_name', 'server name that the client asks for (SNI)').alias('sni').optional(),
    supportedCiphers: f.keywords('tls.client.supported_ciphers', 'cipher suites that the client offers').optional(),
    clientSubject: f.text('tls.client.subject', "subject of the client's certificate").optional(),
    clientIssuer: f.text('tls.client.issuer', 'its issuer').optional(),
    clientNotBefore: f.keyword('tls.client.not_before', 'first moment of its validity').optional(),
    clientNotAfter: f.keyword('tls.client.not_after', 'last moment of its validity').optional(),
    clientMd5: f.keyword('tls.client.hash.md5', 'its MD5').optional(),
    clientSha1: f.keyword('tls.client.hash.sha1', 'its SHA-1').optional(),
    clientSha256: f.keyword('tls.client.hash.sha256', 'its SHA-256').optional(),
    clientChain: f
      .keywords('tls.client.certificate_chain', 'the chain in PEM, with `include_raw_certificates`')
      .optional(),
    clientX509: f.json('tls.client.x509', 'what the certificate says: the fields of ECS x509').optional(),
    serverJa3s: f.keyword('tls.server.ja3s', 'JA3S of the ServerHello').optional(),
    serverSubject: f.text('tls.server.subject', "subject of the server's certificate").optional(),
    serverIssuer: f.text('tls.server.issuer', 'its issuer').optional(),
    serverNotBefore: f.keyword('tls.server.not_before', 'first moment of its validity').optional(),
    serverNotAfter: f.keyword('tls.server.not_after', 'last moment of its validity').optional(),
    serverMd5: f.keyword('tls.server.hash.md5', 'its MD5').optional(),
    serverSha1: f.keyword('tls.server.hash.sha1', 'its SHA-1').optional(),
    serverSha256: f.keyword('tls.server.hash.sha256', 'its SHA-256').optional(),
    serverChain: f
      .keywords('tls.server.certificate_chain', 'the chain in PEM, with `include_raw_certificates`')
      .optional(),
    serverX509: f.json('tls.server.x509', 'what the certificate says: the fields of ECS x509').optional(),

    detailedVersion: f
      .keyword('tls.detailed.version', 'version spoken, with its protocol (`TLS 1.2`)')
      .optional()
      .dimension(),
    resumptionMethod: f.keyword('tls.detailed.resumption_method', 'how: `id` or `ticket`').optional(),
    clientCertificateRequested: f
      .bool('tls.detailed.client_certificate_requested', 'the server asked for a certificate (not visible in TLS 1.3)')
      .optional(),
    ocspResponse: f
      .keyword('tls.detailed.ocsp_response', 'status of the OCSP response that the server stapled')
      .optional(),
    alerts: f
      .list('tls.detailed.alerts', 'alerts in clear', {
        severity: f.keyword('severity', '`warning` or `fatal`'),
        code: f.int('code', 'number of the alert'),
        type: f.keyword('type', 'its name'),
        source: f.keyword('source', '`client` or `server`'),
      })
      .optional(),
    alertTypes: f.keywords('tls.detailed.alert_types', 'names of the alerts').optional(),

    helloVersion: f.keyword('tls.detailed.client_hello.version', 'legacy_version').optional(),
    helloRandom: f.keyword('tls.detailed.client_hello.random', 'random').optional(),
    helloSession: f.keyword('tls.detailed.client_hello.session_id', 'session id').optional(),
    helloCompressions: f
      .keywords('tls.detailed.client_hello.supported_compression_methods', 'compression methods')
      .optional(),
    helloNames: f.keywords('tls.detailed.client_hello.extensions.server_name_indication', 'server names').optional(),
    helloAlpn: f
      .keywords('tls.detailed.client_hello.extensions.application_layer_protocol_negotiation', 'application protocols')
      .optional(),
    helloTicket: f
      .keyword(
        'tls.detailed.client_hello.extensions.session_ticket',
        'length of the session ticket; empty when it asks for one',
      )
      .optional(),
    helloVersions: f.keywords('tls.detailed.client_hello.extensions.supported_versions', 'versions').optional(),
    helloGroups: f.keywords('tls.detailed.client_hello.extensions.supported_groups', 'groups').optional(),
    helloSignatures: f
      .keywords('tls.detailed.client_hello.extensions.signature_algorithms', 'signature algorithms')
      .optional(),
    helloPointFormats: f.keywords('tls.detailed.client_hello.extensions.ec_points_formats', 'point formats').optional(),
    helloStatusType: f
      .keyword('tls.detailed.client_hello.extensions.status_request.type', 'kind of status that is asked for: `ocsp`')
      .optional(),
    helloResponderOctets: f
      .int(
        'tls.detailed.client_hello.extensions.status_request.responder_id_list_length',
        'length of the list of responders',
      )
      .inUnit('bytes')
      .optional(),
    helloStatusExtensions: f
      .int(
        'tls.detailed.client_hello.extensions.status_request.request_extensions',
        'length of the extensions of the request',
      )
      .inUnit('bytes')
      .optional(),
    helloUnparsed: f.keywords('tls.detailed.client_hello.extensions._unparsed_', 'other extensions').optional(),

    answerVersion: f.keyword('tls.detailed.server_hello.version', 'legacy_version').optional(),
    answerRandom: f.keyword('tls.detailed.server_hello.random', 'random').optional(),
    answerSession: f.keyword('tls.detailed.server_hello.session_id', 'session id').optional(),
    answerCompression: f
      .keyword('tls.detailed.server_hello.selected_compression_method', 'compression method')
      .optional(),
    answerAlpn: f
      .keywords('tls.detailed.server_hello.extensions.application_layer_protocol_negotiation', 'application protocol')
      .optional(),
    answerTicket: f
      .keyword('tls.detailed.server_hello.extensions.session_ticket', 'there: the server will send a ticket')
      .optional(),
    answerVersions: f.keyword('tls.detailed.server_hello.extensions.supported_versions', 'version').optional(),
    answerPointFormats: f
      .keywords('tls.detailed.server_hello.extensions.ec_points_formats', 'point formats')
      .optional(),
    answerStatus: f
      .bool('tls.detailed.server_hello.extensions.status_request.response', 'the server will staple a status')
      .optional(),
    answerUnparsed: f.keywords('tls.detailed.server_hello.extensions._unparsed_', 'other extensions').optional(),

    serverCertificates: f
      .json('tls.detailed.server_certificate_chain', "the certificates behind the server's own, as `tls.server.x509`")
      .optional(),
    clientCertificates: f
      .json('tls.detailed.client_certificate_chain', "the certificates behind the client's own, as `tls.client.x509`")
      .optional(),

    isRetried: f.bool('netscribe.tls.hello_retry_request', 'the server asked for a second ClientHello').optional(),
    isVerified: f
      .bool('netscribe.tls.hello_verify_request', 'DTLS: the server made the client repeat its hello with a cookie')
      .optional(),
    clientConnectionId: f
      .keyword(
        'netscribe.tls.client_connection_id',
        'DTLS: the connection id that the server is to send, in hexadecimal; empty: none, but the client may send one',
      )
      .optional(),
    serverConnectionId: f
      .keyword('netscribe.tls.server_connection_id', 'DTLS: the connection id that the client is to send')
      .optional(),
    hasEncryptedClientHello: f
      .bool(
        'netscribe.tls.encrypted_client_hello',
        'the ClientHello has an inner one, encrypted (ECH), or looks like it',
      )
      .optional(),
    hasEarlyData: f.bool('netscribe.tls.early_data', 'the client offers early data (0-RTT)').optional(),
    hasEncryptedAlert: f
      .bool('netscribe.tls.encrypted_alert', "an alert that only its receiver can read came before the handshake's end")
      .optional(),
    quicVersion: f.keyword('netscribe.quic.version', 'version of QUIC').optional(),
  },
);

export type TlsRecord = RecordOf<typeof tls.fields>;

/** Its constructor: a copy by spreading costs several times as much for so many fields. */
const Blank = blankRecord(tls).constructor as new () => TlsRecord;

/** A record with nothing in it. */
export function emptyRecord(): TlsRecord {
  return new Blank();
}
