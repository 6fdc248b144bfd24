// One event out of the words that the BPF program wrote. It runs for every event, so it owns its constants, and what mostly stays the same
// from one event to the next (namespace, cgroup, commands) is set again only when it changed: a number of more than 31 bits is an object
// to V8.

import type { Address } from '../../records/address.ts';
import { CommandNames } from '../command-names.ts';
import { clearCounters, TcpEvent } from '../event.ts';
import type { KernelClock } from '../kernel-clock.ts';
import { AT, ATTRIBUTION_NAMES, KIND_NAMES, ROLE_NAMES } from './event-layout.ts';

const AF_INET = 2;
const IPPROTO_MPTCP = 262;
const IPV4_MAPPED = 0xffff;
const NS_PER_US = 1000;
const TWO_32 = 0x100000000;
const STATE = KIND_NAMES.indexOf('state');
const SYNACK_RETRANSMIT = KIND_NAMES.indexOf('synack-retransmit');
const RESET_SENT = KIND_NAMES.indexOf('reset-sent');
const SNAPSHOT = KIND_NAMES.indexOf('snapshot');
/** Kinds whose sockets have counters; a segment without a socket has none. */
const HAS_COUNTERS =
  (1 << STATE) |
  (1 << KIND_NAMES.indexOf('retransmit')) |
  (1 << KIND_NAMES.indexOf('reset-received')) |
  (1 << KIND_NAMES.indexOf('error')) |
  (1 << SNAPSHOT);
const KINDS = [...KIND_NAMES];
const ROLES = [...ROLE_NAMES];
const ATTRIBUTIONS = [...ATTRIBUTION_NAMES];

// Members of the structure as words: those of one or two bytes stand in the word of the first of them.
const TIME = AT.time >> 2;
const COOKIE = AT.cookie >> 2;
const CGROUP = AT.cgroup >> 2;
const RECEIVED = AT.received >> 2;
const SENT = AT.sent >> 2;
const IN_STATE = AT.inState >> 2;
const LIFETIME = AT.lifetime >> 2;
const KIND_STATES_ROLE = AT.kind >> 2;
const FAMILY_LOCAL_PORT = AT.family >> 2;
const REMOTE_PORT_ERROR = AT.remotePort >> 2;
const CPU_PID = AT.cpuPid >> 2;
const OWNER_PID = AT.ownerPid >> 2;
const UID = AT.uid >> 2;
const GID = AT.gid >> 2;
const INODE = AT.inode >> 2;
const NETNS = AT.netns >> 2;
const SRTT = AT.srttUs >> 2;
const MIN_RTT = AT.minRttUs >> 2;
const RETRANSMITS = AT.retransmits >> 2;
const SEGMENTS_IN = AT.segmentsIn >> 2;
const SEGMENTS_OUT = AT.segmentsOut >> 2;
const REASON = AT.reason >> 2;
const INTERFACE = AT.interface >> 2;
const MARK = AT.mark >> 2;
const PROTOCOL_ATTRIBUTION_SOCKET = AT.protocol >> 2;
const LOCAL = AT.local;
const REMOTE = AT.remote;
const CPU_COMMAND = AT.cpuCommand >> 2;
const OWNER_COMMAND = AT.ownerCommand >> 2;

export class EventReader {
  readonly #event = new TcpEvent();
  readonly #commands = new CommandNames();
  readonly #clock: KernelClock;
  readonly #reasons: ReadonlyMap<number, string>;
  // Words that `#event` has the meaning of.
  #netns = 0;
  #cgroupLow = 0;
  #cgroupHigh = 0;

  /** `reasons`: why a reset is sent, by the kernel's number. */
  constructor(clock: KernelClock, reasons: ReadonlyMap<number, string>) {
    this.#clock = clock;
    this.#reasons = reasons;
  }

  /** The event of the record that begins at byte `at`, a multiple of four, in both views. It is valid until the next call. */
  read(words: Int32Array, view: DataView, at: number): TcpEvent {
    const event = this.#event;
    const w = at >> 2;
    const kindStatesRole = words[w + KIND_STATES_ROLE];
    const kind = kindStatesRole & 0xff;
    const cookie = u64(words, w + COOKIE);
    const protocolAttributionSocket = words[w + PROTOCOL_ATTRIBUTION_SOCKET];
    const isTcp = (protocolAttributionSocket & 0xffff) !== IPPROTO_MPTCP;
    const familyLocalPort = words[w + FAMILY_LOCAL_PORT];
    const family = familyLocalPort & 0xffff;
    const remotePortError = words[w + REMOTE_PORT_ERROR];
    event.kind = KINDS[kind] ?? 'state';
    event.timeSeconds = this.#clock.seconds(u64(words, w + TIME));
    event.timeNanos = this.#clock.nanos;
    event.socket = cookie === 0 ? undefined : cookie;
    event.protocol = isTcp ? 'tcp' : 'mptcp';
    readAddress(event.local, view, at + LOCAL, family);
    readAddress(event.remote, view, at + REMOTE, family);
    event.localPort = familyLocalPort >>> 16;
    event.remotePort = remotePortError & 0xffff;
    event.oldState = (kindStatesRole >>> 8) & 0xff;
    event.newState = (kindStatesRole >>> 16) & 0xff;
    event.role = ROLES[kindStatesRole >>> 24] ?? 'unknown';
    event.stateNs = positive(u64(words, w + IN_STATE));
    event.lifetimeNs = positive(u64(words, w + LIFETIME));
    const pid = words[w + OWNER_PID];
    event.pid = positive(pid);
    event.command = pid === 0 ? undefined : this.#commands.at(words, w + OWNER_COMMAND);
    event.attribution = ATTRIBUTIONS[(protocolAttributionSocket >>> 16) & 0xff] ?? 'none';
    event.uid = cookie !== 0 || kind === SYNACK_RETRANSMIT ? words[w + UID] >>> 0 : undefined;
    const inode = words[w + INODE] >>> 0;
    event.inode = positive(inode);
    event.gid = inode === 0 ? undefined : words[w + GID] >>> 0;
    event.socketState = cookie === 0 ? undefined : protocolAttributionSocket >>> 24;
    event.cpuPid = kind === SNAPSHOT ? undefined : words[w + CPU_PID];
    event.cpuCommand = kind === SNAPSHOT ? undefined : this.#commands.at(words, w + CPU_COMMAND);
    this.#readPlace(event, words, w);
    event.interfaceIndex = positive(words[w + INTERFACE]);
    event.mark = positive(words[w + MARK] >>> 0);
    readCounters(event, words, w, isTcp && cookie !== 0 && ((HAS_COUNTERS >>> kind) & 1) !== 0);
    event.error = positive(remotePortError >>> 16);
    event.reason = kind === RESET_SENT ? this.#reason(words[w + REASON]) : undefined;
    return event;
  }

  #readPlace(event: TcpEvent, words: Int32Array, w: number): void {
    const netns = words[w + NETNS];
    if (netns !== this.#netns) {
      this.#netns = netns;
      event.netns = positive(netns >>> 0);
    }
    const low = words[w + CGROUP];
    const high = words[w + CGROUP + 1];
    if (low !== this.#cgroupLow || high !== this.#cgroupHigh) {
      this.#cgroupLow = low;
      this.#cgroupHigh = high;
      event.cgroup = positive((low >>> 0) + high * TWO_32);
    }
  }

  #reason(reason: number): string {
    return this.#reasons.get(reason) ?? String(reason);
  }
}

function readCounters(event: TcpEvent, words: Int32Array, w: number, isThere: boolean): void {
  if (!isThere) {
    clearCounters(event);
    return;
  }
  event.bytesSent = u64(words, w + SENT);
  event.bytesReceived = u64(words, w + RECEIVED);
  event.segmentsSent = words[w + SEGMENTS_OUT] >>> 0;
  event.segmentsReceived = words[w + SEGMENTS_IN] >>> 0;
  event.retransmissions = words[w + RETRANSMITS] >>> 0;
  const rtt = words[w + SRTT] >>> 0;
  event.rttNs = rtt === 0 ? undefined : rtt * NS_PER_US;
  const least = words[w + MIN_RTT];
  // Without a measurement it is all ones.
  event.minRttNs = least === 0 || least === -1 ? undefined : (least >>> 0) * NS_PER_US;
}

function u64(words: Int32Array, w: number): number {
  return (words[w] >>> 0) + words[w + 1] * TWO_32;
}

function positive(value: number): number | undefined {
  return value === 0 ? undefined : value;
}

/** IPv4 on an IPv6 socket is IPv4. */
function readAddress(address: Address, view: DataView, at: number, family: number): void {
  const w0 = view.getUint32(at);
  if (family === AF_INET) {
    address.setV4(w0);
    return;
  }
  const w1 = view.getUint32(at + 4);
  const w2 = view.getUint32(at + 8);
  const w3 = view.getUint32(at + 12);
  if (w0 === 0 && w1 === 0 && w2 === IPV4_MAPPED) address.setV4(w3);
  else address.setV6(w0, w1, w2, w3);
}
