// The two ends of a socket as records show them: the source is who connected. What takes time to make is made when an encoder asks for it.

import type { Address } from '../records/address.ts';
import { CommunityIds } from './community-ids.ts';
import type { TcpEvent } from './event.ts';
import { RelatedAddresses } from './related-addresses.ts';
import { SocketIds } from './socket-ids.ts';
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
  readonly #socketIds = new SocketIds();
  readonly #addresses = new RelatedAddresses();
  #socket: string | number | undefined = undefined;
  #uid: number | undefined = undefined;
  // Encoders ask several times: whether it is there, how long it is, what it is.
  #socketId: string | undefined = undefined;
  #userId: string | undefined = undefined;
  #communityId: string | undefined = undefined;
  #relatedIp: readonly string[] | undefined = undefined;

  set(event: TcpEvent): void {
    this.#socket = event.socket;
    this.#uid = event.uid;
    this.#socketId = undefined;
    this.#userId = undefined;
    this.#communityId = undefined;
    this.#relatedIp = undefined;
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

  get socketId(): string | undefined {
    const socket = this.#socket;
    if (socket === undefined) return undefined;
    return (this.#socketId ??= this.#socketIds.of(socket));
  }
  get userId(): string | undefined {
    return this.#uid === undefined ? undefined : (this.#userId ??= String(this.#uid));
  }

  get communityId(): string | undefined {
    if (this.#communityId !== undefined) return this.#communityId;
    const { source, destination, sourcePort, destinationPort } = this;
    if (source === undefined || destination === undefined) return undefined;
    if (sourcePort === undefined || destinationPort === undefined) return undefined;
    return (this.#communityId = this.#communityIds.of(source, destination, sourcePort, destinationPort));
  }

  get relatedIp(): readonly string[] | undefined {
    return (this.#relatedIp ??= this.#addresses.of(this.source, this.destination));
  }
}
