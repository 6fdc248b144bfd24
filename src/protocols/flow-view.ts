// What analyzers and records see of a flow: its endpoints with one side as the source. What costs something to make (community id,
// flow id) is made when it is first asked for.

import { communityDigest, communityId } from '../flow/community-id.ts';
import { type NetworkDirection, REVERSED } from '../flow/internal-networks.ts';
import { Digest, writeBase64 } from '../flow/sha1.ts';
import { Address } from '../records/address.ts';
import { flowId, writeFlowId } from '../records/flow-id.ts';
import { NOWHERE, type Place } from '../records/place.ts';
import { NOBODY, type Process } from '../records/process.ts';

/** No flow's packet yet. */
const UNKNOWN = -1;

/** Knows whose process an end of a flow is. */
export interface Processes {
  /** Changes when there is more to know. */
  readonly version: number;
  /** `firstSeconds`: Unix second in which the flow began. */
  of(
    transport: string,
    address: Address,
    port: number,
    peer: Address,
    peerPort: number,
    firstSeconds: number,
  ): Process | undefined;
}

/** Knows where addresses are. */
export interface Places {
  of(address: Address): Place;
}

export class FlowView {
  readonly source = new Address();
  readonly destination = new Address();
  /** 0 where the protocol has no ports. */
  sourcePort = 0;
  destinationPort = 0;
  /** ICMP: what stands in the place of ports for the community id (type and code of the source's message). */
  icmpType = 0;
  icmpCode = 0;
  /** True for TCP, UDP, SCTP, DCCP, UDP-Lite: the ports mean something. */
  hasPorts = false;
  /** `tcp`, `udp`, `icmp`, `ipv6-icmp`, … (IANA keyword in lower case). */
  transport = '';
  /** IP protocol number. */
  protocol = 0;
  /** `ipv4` or `ipv6`. */
  type = '';
  /** `network.direction`: `unknown` unless the internal networks are told. */
  direction: NetworkDirection = 'unknown';
  /** MAC addresses in ECS form (`00-11-22-AA-BB-CC`), undefined where the link has none. */
  sourceMac: string | undefined = undefined;
  destinationMac: string | undefined = undefined;
  /** VLAN ids, outermost first; undefined without. */
  vlan: readonly string[] | undefined = undefined;
  /** The capturing interface of the flow's first packet, undefined where the capture does not name it. */
  interfaceName: string | undefined = undefined;
  /** Number of the flow's first packet: with the endpoints it is the flow's id. */
  firstPacket = UNKNOWN;
  /** Of a transaction: bytes of the connection came twice with different contents while it went on. */
  isDisputed: true | undefined = undefined;
  /** Who the client is behind the proxy that is this flow's source; undefined when the proxy does not say (PROXY protocol). */
  forwardedIp: string | undefined = undefined;
  /** Which link its MAC addresses, VLANs and interface are of, where they came from a table of links; -1: none. */
  link = -1;
  #id = '';
  #communityId = '';
  /** What the community id is made of, when it was asked for as bytes. */
  #digest: Digest | undefined = undefined;
  #isDigested = false;
  #relatedIp: readonly string[] | undefined = undefined;
  /** Databases that are asked where addresses are; undefined: nobody wants to know. */
  places: Places | undefined = undefined;
  /** Who is asked for processes; undefined: nobody wants to know. */
  processes: Processes | undefined = undefined;
  /** Unix second of the flow's first packet. */
  firstSeconds = 0;
  #sourceProcess = NOBODY;
  #destinationProcess = NOBODY;
  #processesOf = -1;
  #sourcePlace: Place | undefined = undefined;
  #destinationPlace: Place | undefined = undefined;
  #reversed: FlowView | undefined = undefined;

  /** Stable identity of the flow: a hash of its key and first packet. */
  get id(): string {
    if (this.#id === '' && this.firstPacket !== UNKNOWN) {
      this.#id = flowId(this.source, this.#sourceKey, this.destination, this.#destinationKey, this.firstPacket);
    }
    return this.#id;
  }
  set id(value: string) {
    this.#id = value;
  }
  /** The id as ASCII bytes at `at`; the offset behind. */
  writeId(out: Uint8Array, at: number): number {
    return this.#id !== '' || this.firstPacket === UNKNOWN
      ? writeAscii(this.#id, out, at)
      : writeFlowId(this.source, this.#sourceKey, this.destination, this.#destinationKey, this.firstPacket, out, at);
  }
  get #sourceKey(): number {
    return this.hasPorts ? this.sourcePort : -1;
  }
  get #destinationKey(): number {
    return this.hasPorts ? this.destinationPort : -1;
  }

  /** The ports as records show them: absent where the protocol has none. Compared, for V8 takes ten instructions to find out what is true. */
  get sourcePortIfAny(): number | undefined {
    return this.hasPorts === true ? this.sourcePort : undefined;
  }
  get destinationPortIfAny(): number | undefined {
    return this.hasPorts === true ? this.destinationPort : undefined;
  }

  /** Community ID v1, seed 0. */
  get communityId(): string {
    if (this.#communityId === '') {
      this.#communityId = communityId(
        this.source,
        this.destination,
        this.protocol,
        this.hasPorts ? this.sourcePort : this.icmpType,
        this.hasPorts ? this.destinationPort : this.icmpCode,
      );
    }
    return this.#communityId;
  }
  set communityId(value: string) {
    this.#communityId = value;
  }
  /** The same as ASCII bytes at `at`; the offset behind. */
  writeCommunityId(out: Uint8Array, at: number): number {
    if (this.#communityId !== '') return writeAscii(this.#communityId, out, at);
    if (!this.#isDigested || this.#digest === undefined) {
      this.#digest ??= new Digest();
      this.#isDigested = true;
      communityDigest(
        this.source,
        this.destination,
        this.protocol,
        this.hasPorts ? this.sourcePort : this.icmpType,
        this.hasPorts ? this.destinationPort : this.icmpCode,
        0,
        this.#digest,
      );
    }
    out[at] = 0x31;
    out[at + 1] = 0x3a;
    return writeBase64(this.#digest, out, at + 2);
  }

  get sourcePlace(): Place {
    this.#sourcePlace ??= this.places?.of(this.source) ?? NOWHERE;
    return this.#sourcePlace;
  }
  get destinationPlace(): Place {
    this.#destinationPlace ??= this.places?.of(this.destination) ?? NOWHERE;
    return this.#destinationPlace;
  }

  get sourceProcess(): Process {
    if (this.processes !== undefined) this.#findProcesses(this.processes);
    return this.#sourceProcess;
  }
  get destinationProcess(): Process {
    if (this.processes !== undefined) this.#findProcesses(this.processes);
    return this.#destinationProcess;
  }
  /** The server's if it is here, else the client's. */
  get process(): Process {
    return this.destinationProcess === NOBODY ? this.sourceProcess : this.destinationProcess;
  }

  /** Whoever was found stays: another one that has the same ports later has another flow. */
  #findProcesses(processes: Processes): void {
    if (this.#processesOf === processes.version) return;
    this.#processesOf = processes.version;
    const { transport, source, sourcePort, destination, destinationPort, firstSeconds } = this;
    if (this.#sourceProcess === NOBODY)
      this.#sourceProcess =
        processes.of(transport, source, sourcePort, destination, destinationPort, firstSeconds) ?? NOBODY;
    if (this.#destinationProcess === NOBODY)
      this.#destinationProcess =
        processes.of(transport, destination, destinationPort, source, sourcePort, firstSeconds) ?? NOBODY;
  }

  /** Both addresses, each once: `related.ip`. */
  get relatedIp(): readonly string[] {
    if (this.#relatedIp === undefined) {
      this.#relatedIp = this.source.equals(this.destination)
        ? [this.source.toString()]
        : [this.source.toString(), this.destination.toString()];
    }
    return this.#relatedIp;
  }

  /** Forgets what was derived, when the view is filled for another flow. */
  renew(): void {
    this.#id = '';
    this.#communityId = '';
    this.#isDigested = false;
    this.firstPacket = UNKNOWN;
    this.isDisputed = undefined;
    this.forwardedIp = undefined;
    this.#relatedIp = undefined;
    if (this.#processesOf !== -1) {
      this.#sourceProcess = NOBODY;
      this.#destinationProcess = NOBODY;
      this.#processesOf = -1;
    }
    this.#sourcePlace = undefined;
    this.#destinationPlace = undefined;
    this.#reversed = undefined;
  }

  /** The same flow with the other side as the source. */
  get reversed(): FlowView {
    if (this.#reversed === undefined) {
      const other = new FlowView();
      other.source.copy(this.destination);
      other.destination.copy(this.source);
      other.sourcePort = this.destinationPort;
      other.destinationPort = this.sourcePort;
      other.icmpType = this.icmpType;
      other.icmpCode = this.icmpCode;
      other.hasPorts = this.hasPorts;
      other.transport = this.transport;
      other.protocol = this.protocol;
      other.type = this.type;
      other.direction = REVERSED[this.direction];
      other.sourceMac = this.destinationMac;
      other.destinationMac = this.sourceMac;
      other.vlan = this.vlan;
      other.interfaceName = this.interfaceName;
      other.firstPacket = this.firstPacket;
      other.isDisputed = this.isDisputed;
      other.places = this.places;
      other.processes = this.processes;
      other.firstSeconds = this.firstSeconds;
      other.#id = this.#id;
      other.#communityId = this.communityId;
      other.#reversed = this;
      this.#reversed = other;
    }
    return this.#reversed;
  }
}

function writeAscii(text: string, out: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
  return at + text.length;
}
