// One event out of the bytes that the BPF program wrote.

import type { Address } from '../../records/address.ts';
import { CommandNames } from '../command-names.ts';
import type { TcpEvent } from '../event.ts';
import type { KernelClock } from '../kernel-clock.ts';
import { AT, ATTRIBUTION_NAMES, KIND_NAMES, ROLE_NAMES } from './event-layout.ts';

const AF_INET = 2;
const IPPROTO_MPTCP = 262;
const IPV4_MAPPED = 0xffff;
const NS_PER_US = 1000;
/** Changes of state and the like have counters; a segment without a socket has none. */
const HAS_COUNTERS = new Set<string>(['state', 'retransmit', 'reset-received', 'error', 'snapshot']);

export class EventReader {
  readonly #commands = new CommandNames();
  readonly #clock: KernelClock;
  readonly #reasons: ReadonlyMap<number, string>;

  /** `reasons`: why a reset is sent, by the kernel's number. */
  constructor(clock: KernelClock, reasons: ReadonlyMap<number, string>) {
    this.#clock = clock;
    this.#reasons = reasons;
  }

  /** Fills `event`. `at`: where the record begins. */
  read(event: TcpEvent, view: DataView, bytes: Uint8Array, at: number): void {
    const kind = KIND_NAMES[bytes[at + AT.kind]] ?? 'state';
    event.kind = kind;
    event.seconds = this.#clock.seconds(u64(view, at + AT.time));
    event.nanos = this.#clock.nanos;
    const cookie = u64(view, at + AT.cookie);
    event.socket = cookie === 0 ? undefined : cookie;
    event.protocol = view.getUint16(at + AT.protocol, true) === IPPROTO_MPTCP ? 'mptcp' : 'tcp';
    const family = view.getUint16(at + AT.family, true);
    readAddress(event.local, view, at + AT.local, family);
    readAddress(event.remote, view, at + AT.remote, family);
    event.localPort = view.getUint16(at + AT.localPort, true);
    event.remotePort = view.getUint16(at + AT.remotePort, true);
    event.role = ROLE_NAMES[bytes[at + AT.role]] ?? 'unknown';
    event.oldState = bytes[at + AT.oldState];
    event.newState = bytes[at + AT.newState];
    event.stateNs = positive(u64(view, at + AT.inState));
    event.lifetimeNs = positive(u64(view, at + AT.lifetime));
    event.pid = positive(view.getUint32(at + AT.ownerPid, true));
    event.command = event.pid === undefined ? undefined : this.#commands.at(view, bytes, at + AT.ownerCommand);
    event.attribution = ATTRIBUTION_NAMES[bytes[at + AT.attribution]] ?? 'none';
    const hasSocket = cookie !== 0 || kind === 'synack-retransmit';
    event.uid = hasSocket ? view.getUint32(at + AT.uid, true) : undefined;
    event.inode = positive(view.getUint32(at + AT.inode, true));
    event.gid = event.inode === undefined ? undefined : view.getUint32(at + AT.gid, true);
    event.socketState = cookie === 0 ? undefined : bytes[at + AT.socketState];
    event.cpuPid = kind === 'snapshot' ? undefined : view.getUint32(at + AT.cpuPid, true);
    event.cpuCommand = kind === 'snapshot' ? undefined : this.#commands.at(view, bytes, at + AT.cpuCommand);
    event.netns = positive(view.getUint32(at + AT.netns, true));
    event.cgroup = positive(u64(view, at + AT.cgroup));
    event.interfaceIndex = positive(view.getUint32(at + AT.interface, true));
    event.mark = positive(view.getUint32(at + AT.mark, true));
    this.#readCounters(event, view, at, cookie !== 0 && event.protocol === 'tcp' && HAS_COUNTERS.has(kind));
    event.error = positive(view.getUint16(at + AT.error, true));
    const reason = view.getUint32(at + AT.reason, true);
    event.reason = kind === 'reset-sent' ? (this.#reasons.get(reason) ?? String(reason)) : undefined;
    event.count = undefined;
    event.drops = undefined;
  }

  #readCounters(event: TcpEvent, view: DataView, at: number, isThere: boolean): void {
    if (!isThere) {
      event.bytesSent = undefined;
      event.bytesReceived = undefined;
      event.segmentsSent = undefined;
      event.segmentsReceived = undefined;
      event.retransmissions = undefined;
      event.rttNs = undefined;
      event.minRttNs = undefined;
      return;
    }
    event.bytesSent = u64(view, at + AT.sent);
    event.bytesReceived = u64(view, at + AT.received);
    event.segmentsSent = view.getUint32(at + AT.segmentsOut, true);
    event.segmentsReceived = view.getUint32(at + AT.segmentsIn, true);
    event.retransmissions = view.getUint32(at + AT.retransmits, true);
    const rtt = view.getUint32(at + AT.srttUs, true);
    event.rttNs = rtt === 0 ? undefined : rtt * NS_PER_US;
    const least = view.getUint32(at + AT.minRttUs, true);
    // Without a measurement it is all ones.
    event.minRttNs = least === 0 || least === 0xffffffff ? undefined : least * NS_PER_US;
  }
}

function u64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x100000000;
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
