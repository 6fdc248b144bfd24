// What records show of an event beside what the event says itself: the source is who connected, numbers have names. What takes time to
// make is made when an encoder asks for it.

import type { Address } from '../records/address.ts';
import { CommunityIds } from './community-ids.ts';
import type { Containers, Place } from './containers.ts';
import { ErrorNames } from './error-names.ts';
import type { TcpEvent } from './event.ts';
import { endReason, type RecordKind } from './lifecycle.ts';
import { RelatedAddresses } from './related-addresses.ts';
import { SocketIds } from './socket-ids.ts';
import { LISTEN, STATE_NAMES, UNKNOWN } from './states.ts';

const NAMES = [...STATE_NAMES];

export class TcpView {
  kind: RecordKind = 'state';
  sequence = 0;
  eventType: readonly string[] = [];
  outcome: string | undefined = undefined;
  reason: string | undefined = undefined;
  duration: number | undefined = undefined;
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
  oldState: string | undefined = undefined;
  newState: string | undefined = undefined;
  error: string | undefined = undefined;

  readonly #containers: Containers | undefined;
  readonly #errorNames = new ErrorNames();
  readonly #communityIds = new CommunityIds();
  readonly #socketIds = new SocketIds();
  readonly #addresses = new RelatedAddresses();
  #socket: string | number | undefined = undefined;
  #socketRun = '';
  #uid: number | undefined = undefined;
  #cgroup: number | undefined = undefined;
  // Encoders ask several times: whether it is there, how long it is, what it is.
  #isAsked = false;
  #socketId: string | undefined = undefined;
  #userId: string | undefined = undefined;
  #communityId: string | undefined = undefined;
  #relatedIp: readonly string[] | undefined = undefined;
  #place: Place | undefined = undefined;
  #isPlaced = false;

  /** `containers`: where cgroups are looked up. */
  constructor(containers: Containers | undefined) {
    this.#containers = containers;
  }

  /** What is the same in all records of an event. */
  set(event: TcpEvent): void {
    if (this.#isAsked) this.#forget();
    this.#socket = event.socket;
    this.#socketRun = event.socketRun;
    this.#uid = event.uid;
    this.#cgroup = event.cgroup;
    const { kind, role, oldState, newState, localPort, remotePort } = event;
    const isAboutSocket = kind !== 'drops' && kind !== 'lost';
    const isListening = newState === LISTEN || ((oldState === LISTEN || oldState === UNKNOWN) && remotePort === 0);
    const local = isAboutSocket ? event.local : undefined;
    const remote = isAboutSocket && !isListening ? event.remote : undefined;
    const ownPort = localPort === 0 ? undefined : localPort;
    const otherPort = remotePort === 0 ? undefined : remotePort;
    this.type = isAboutSocket ? (event.local.v6 ? 'ipv6' : 'ipv4') : undefined;
    this.oldState = isAboutSocket ? NAMES[oldState] : undefined;
    this.newState = isAboutSocket ? NAMES[newState] : undefined;
    this.error = event.error === undefined ? undefined : this.#errorNames.of(event.error);
    // Without better knowledge, the lower port is the server's, as it mostly is.
    if (role === 'server' || isListening || (role === 'unknown' && localPort !== 0 && localPort < remotePort)) {
      this.direction = isListening || role === 'unknown' ? 'unknown' : 'ingress';
      this.source = remote;
      this.destination = local;
      this.sourcePort = otherPort;
      this.destinationPort = ownPort;
      this.sourceBytes = event.bytesReceived;
      this.destinationBytes = event.bytesSent;
      this.sourceSegments = event.segmentsReceived;
      this.destinationSegments = event.segmentsSent;
    } else {
      this.direction = role === 'unknown' ? 'unknown' : 'egress';
      this.source = local;
      this.destination = remote;
      this.sourcePort = ownPort;
      this.destinationPort = otherPort;
      this.sourceBytes = event.bytesSent;
      this.destinationBytes = event.bytesReceived;
      this.sourceSegments = event.segmentsSent;
      this.destinationSegments = event.segmentsReceived;
    }
  }

  /** What only records of this kind say. `isLife`: they tell how long it was since the connection, or the attempt, began. */
  setKind(event: TcpEvent, kind: RecordKind, isLife: boolean, outcome: string | undefined): void {
    const isClose = kind === 'close';
    this.kind = kind;
    // A source that does not know when the attempt began knows how long the last state took.
    this.duration = isLife ? (event.lifetimeNs ?? (isClose ? undefined : event.stateNs)) : undefined;
    this.reason = isClose ? endReason(event) : event.reason;
    if (!isClose) this.outcome = outcome;
    else this.outcome = this.reason === undefined ? undefined : event.error === undefined ? 'success' : 'failure';
  }

  get socketId(): string | undefined {
    if (this.#socket === undefined) return undefined;
    if (this.#socketId !== undefined) return this.#socketId;
    this.#isAsked = true;
    return (this.#socketId = this.#socketIds.of(this.#socket, this.#socketRun));
  }
  get userId(): string | undefined {
    if (this.#uid === undefined) return undefined;
    if (this.#userId !== undefined) return this.#userId;
    this.#isAsked = true;
    return (this.#userId = String(this.#uid));
  }
  get communityId(): string | undefined {
    if (this.#communityId !== undefined) return this.#communityId;
    const { source, destination, sourcePort, destinationPort } = this;
    if (source === undefined || destination === undefined) return undefined;
    if (sourcePort === undefined || destinationPort === undefined) return undefined;
    this.#isAsked = true;
    return (this.#communityId = this.#communityIds.of(source, destination, sourcePort, destinationPort));
  }
  get relatedIp(): readonly string[] | undefined {
    if (this.#relatedIp !== undefined) return this.#relatedIp;
    this.#isAsked = true;
    return (this.#relatedIp = this.#addresses.of(this.source, this.destination));
  }
  get cgroupPath(): string | undefined {
    return this.#placed()?.path;
  }
  get container(): string | undefined {
    return this.#placed()?.container;
  }

  #placed(): Place | undefined {
    if (this.#isPlaced) return this.#place;
    this.#isAsked = true;
    this.#isPlaced = true;
    return (this.#place = this.#cgroup === undefined ? undefined : this.#containers?.of(this.#cgroup));
  }

  #forget(): void {
    this.#isAsked = false;
    this.#socketId = undefined;
    this.#userId = undefined;
    this.#communityId = undefined;
    this.#relatedIp = undefined;
    this.#place = undefined;
    this.#isPlaced = false;
  }
}
