// TLS 1.0 to 1.3, SSL 3.0 and the SSL 2.0 ClientHello over TCP; DTLS (`../dtls/`); the handshake in QUIC (`../quic/`), in
// OpenVPN (`../openvpn/`) and in Microsoft SQL Server's TDS (`../tds/`). Google's QUIC is named.
//
//   probe.ts                               is it TLS?
//   record-layer.ts, message-reader.ts     stream → records → handshake messages
//   hello.ts, extensions.ts, messages.ts   messages → session
//   der.ts, distinguished-name.ts, certificate.ts   certificates
//   session-analyzer.ts, analyzer.ts       when a handshake is over
//   streams.ts, datagrams.ts               what carries it
//   document.ts, detail.ts, fingerprints.ts, record.ts   session → document
//   codes.ts, cipher-suites.ts             names of numbers

import type { Protocol } from '../protocol.ts';
import { DatagramAnalyzer, probeDatagram } from './datagrams.ts';
import { options, PORTS, type TlsOptions } from './options.ts';
import { tls as tlsRecord } from './record.ts';
import { probeStream, StreamAnalyzer } from './streams.ts';

export const tls: Protocol<TlsOptions> = {
  name: 'tls',
  doc: 'TLS, DTLS and SSL: handshakes with their hellos, certificates, alerts and fingerprints',
  ports: PORTS,
  transports: ['tcp', 'udp'],
  options,
  records: [tlsRecord],
  probe(direction, bytes, from, to, hinted, transport) {
    if (transport === 'udp') return probeDatagram(bytes, from, to);
    return probeStream(direction, bytes, from, to, hinted);
  },
  open: (context, chosen) =>
    context.flow.transport === 'udp' ? new DatagramAnalyzer(context, chosen) : new StreamAnalyzer(context, chosen),
};
