// The two ends of a socket as records show them: the source is who connected.

import type { Address } from '../records/address.ts';
import { CommunityIds } from './community-ids.ts';
import type { TcpEvent } from './event.ts';
import { LISTEN } from './states.ts';

export class TcpView {
  source: Address | undefined = undefined;
  destination: Address | undefined = undefined;
  sourcePort: number | undefined = undefined;
  destinationPort: number | undefined = undefined;
  sourceBytes: number | undefined = undefined;
  destinationBytes: number | undefined = undefined;
  sourceSegments: number | undefined = undefined;
  destinationSegments: number | undefined = undefined;
  type: 'ipv4' | 'ipv6' | undefined = undefined;
  readonly transport = 'tcp';
  direction: 'ingress' | 'egress' | 'unknown' = 'unknown';
  readonly #communityIds = new CommunityIds();

  set(event: TcpEvent): void {
    const isAboutSocket = event.kind !== 'drops' && event.kind !== 'lost';
    const isListening = event.newState === LISTEN || (event.oldState === LISTEN && event.remotePort === 0);
    // Without better knowledge, the lower port is the server's, as it mostly is.
    const isServer =
      event.role === 'server' ||
      isListening ||
      (event.role === 'unknown' && event.localPort !== 0 && event.localPort < event.remotePort);
    this.direction = isListening || event.role === 'unknown' ? 'unknown' : isServer ? 'ingress' : 'egress';
    this.type = isAboutSocket ? (event.local.v6 ? 'ipv6' : 'ipv4') : undefined;
    const local = isAboutSocket ? event.local : undefined;
    const remote = isAboutSocket && !isListening ? event.remote : undefined;
    const localPort = event.localPort === 0 ? undefined : event.localPort;
    const remotePort = event.remotePort === 0 ? undefined : event.remotePort;
    this.source = isServer ? remote : local;
    this.destination = isServer ? local : remote;
    this.sourcePort = isServer ? remotePort : localPort;
    this.destinationPort = isServer ? localPort : remotePort;
    this.sourceBytes = isServer ? event.bytesReceived : event.bytesSent;
    this.destinationBytes = isServer ? event.bytesSent : event.bytesReceived;
    this.sourceSegments = isServer ? event.segmentsReceived : event.segmentsSent;
    this.destinationSegments = isServer ? event.segmentsSent : event.segmentsReceived;
  }

  get communityId(): string | undefined {
    const { source, destination, sourcePort, destinationPort } = this;
    if (source === undefined || destination === undefined) return undefined;
    if (sourcePort === undefined || destinationPort === undefined) return undefined;
    return this.#communityIds.of(source, destination, sourcePort, destinationPort);
  }

  get relatedIp(): readonly string[] | undefined {
    const { source, destination } = this;
    if (source === undefined) return destination === undefined ? undefined : [destination.toString()];
    if (destination === undefined || destination.equals(source)) return [source.toString()];
    return [source.toString(), destination.toString()];
  }
}
