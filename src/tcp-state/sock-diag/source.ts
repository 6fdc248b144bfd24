// TCP events where neither BPF nor tracefs is allowed: sock_diag(7) tells of each socket that is done for, with its counters
// (CAP_NET_ADMIN), and dumps of all sockets, one a second, show what is new and what changed. What begins and ends between two dumps is
// seen at its end only; without CAP_NET_ADMIN not at all. Only this network namespace.

import { FLAG, NETLINK, NetlinkError, type NetlinkSocket, openNetlink } from '../../system/netlink.ts';
import { aboutSource, TcpEvent } from '../event.ts';
import { netnsOf } from '../process.ts';
import { type Capability, TcpSourceError, type TcpStateSource, type TcpStateStats } from '../source.ts';
import { CLOSED, LISTEN, SYN_SENT, UNKNOWN } from '../states.ts';
import { DESTROYED_GROUPS, dumpRequest, FAMILIES, readSocket, SOCK_DIAG_BY_FAMILY } from './message.ts';
import { Owners } from './owners.ts';

const DUMP_MS = 1000;
const DEFAULT_BUFFER_BYTES = 8 * 1024 * 1024;
const MAX_SOCKETS = 1_000_000;
const ENDS = 'ends of connections, and what lasts a second; this network namespace only';
/** Without the notices of what is done for. */
const DUMPS = 'only what lasts a second; this network namespace only';

/** What is remembered of a socket between dumps. */
interface Known {
  state: number;
  /** ms of performance.now() when it was first seen; NaN: it was there before. */
  seenMs: number;
  dump: number;
  pid: number | undefined;
  command: string | undefined;
  // What notices do not tell.
  uid: number | undefined;
  inode: number | undefined;
  cgroup: number | undefined;
  mark: number | undefined;
}

export class SockDiagSource implements TcpStateSource {
  readonly name = 'sock-diag';
  readonly #bufferBytes: number;
  readonly #event = new TcpEvent();
  readonly #known = new Map<number, Known>();
  readonly #owners = new Owners();
  #dumps: NetlinkSocket | undefined;
  #destroyed: NetlinkSocket | undefined;
  #dump = 0;
  #nextDumpMs = 0;
  #delivered = 0;
  #lost = 0;

  constructor(options: { bufferBytes?: number } = {}) {
    this.#bufferBytes = options.bufferBytes ?? DEFAULT_BUFFER_BYTES;
  }

  async probe(): Promise<Capability> {
    try {
      using _ = await openNetlink(NETLINK.SOCK_DIAG);
    } catch (error) {
      return { usable: false, detail: (error as Error).message };
    }
    try {
      using socket = await openNetlink(NETLINK.SOCK_DIAG);
      for (const group of DESTROYED_GROUPS) socket.join(group);
      return { usable: true, detail: `sees ${ENDS}` };
    } catch {
      return { usable: true, detail: `without CAP_NET_ADMIN sees ${DUMPS}` };
    }
  }

  async start(): Promise<void> {
    this.#event.netns = netnsOf('self');
    try {
      this.#dumps = await openNetlink(NETLINK.SOCK_DIAG);
      const destroyed = await openNetlink(NETLINK.SOCK_DIAG, this.#bufferBytes);
      this.#destroyed = destroyed;
      for (const group of DESTROYED_GROUPS) destroyed.join(group);
    } catch (error) {
      // Without the notices, dumps still show something.
      this.#destroyed?.close();
      this.#destroyed = undefined;
      if (this.#dumps === undefined) {
        throw new TcpSourceError(`TCP events from sock_diag: ${(error as Error).message}`);
      }
    }
  }

  drain(_max: number, emit: (event: TcpEvent) => void, isLast = false): number {
    const before = this.#delivered;
    const nowMs = performance.now();
    if (nowMs >= this.#nextDumpMs || isLast) {
      this.#nextDumpMs = nowMs + DUMP_MS;
      this.#takeDump(emit);
    }
    const isLossy = this.#destroyed?.receive(({ type, body }) => {
      if (type === SOCK_DIAG_BY_FAMILY) this.#ended(body, emit);
    });
    if (isLossy === true) {
      // How many, the kernel does not say: at least one.
      this.#lost++;
      emit(aboutSource('lost', 1));
    }
    return this.#delivered - before;
  }

  get sees(): string {
    return this.#destroyed === undefined ? DUMPS : ENDS;
  }

  stats(): TcpStateStats {
    return { produced: this.#delivered + this.#lost, delivered: this.#delivered, lost: this.#lost };
  }

  close(): void {
    this.#dumps?.close();
    this.#destroyed?.close();
  }

  #takeDump(emit: (event: TcpEvent) => void): void {
    const dump = ++this.#dump;
    let areOwnersFresh = false;
    for (const family of FAMILIES) {
      try {
        this.#dumps!.request(
          'the sockets can not be listed',
          SOCK_DIAG_BY_FAMILY,
          FLAG.DUMP,
          dumpRequest(family),
          ({ body }) => {
            const told = readSocket(this.#event, body);
            if (told === undefined || told.cookie === 0) return;
            if (
              !areOwnersFresh &&
              !this.#known.has(told.cookie) &&
              this.#owners.of(this.#event.inode ?? 0) === undefined
            ) {
              this.#owners.refresh();
              areOwnersFresh = true;
            }
            this.#listed(told.cookie, told.state, dump, emit);
          },
        );
      } catch (error) {
        if (!(error instanceof NetlinkError)) throw error;
        throw new TcpSourceError(error.message);
      }
    }
    for (const [cookie, known] of this.#known) if (known.dump < dump - 1) this.#known.delete(cookie);
  }

  /** A socket in a dump: there at the start, new, or in another state. */
  #listed(cookie: number, state: number, dump: number, emit: (event: TcpEvent) => void): void {
    const known = this.#known.get(cookie);
    if (known !== undefined) {
      known.dump = dump;
      if (known.state === state) return;
      this.#tell('state', known.state, state, known, emit);
      known.state = state;
      return;
    }
    const owner = this.#owners.of(this.#event.inode ?? 0);
    const seenMs = dump === 1 ? Number.NaN : performance.now();
    const { uid, inode, cgroup, mark } = this.#event;
    const found = { state, seenMs, dump, pid: owner?.pid, command: owner?.command, uid, inode, cgroup, mark };
    if (this.#known.size < MAX_SOCKETS) this.#known.set(cookie, found);
    if (dump === 1) this.#tell('snapshot', state, state, found, emit);
    else this.#tell('state', UNKNOWN, state, found, emit);
  }

  /** A notice that a socket is done for. */
  #ended(body: Buffer, emit: (event: TcpEvent) => void): void {
    const told = readSocket(this.#event, body);
    if (told === undefined) return;
    const known = this.#known.get(told.cookie);
    this.#known.delete(told.cookie);
    this.#tell('state', lastState(known, this.#event), CLOSED, known, emit);
  }

  #tell(
    kind: 'state' | 'snapshot',
    oldState: number,
    newState: number,
    known: Known | undefined,
    emit: (event: TcpEvent) => void,
  ): void {
    const event = this.#event;
    const nowMs = Date.now();
    event.kind = kind;
    event.timeSeconds = Math.floor(nowMs / 1000);
    event.timeNanos = (nowMs % 1000) * 1_000_000;
    event.oldState = oldState;
    event.newState = newState;
    event.uid ??= known?.uid;
    event.inode ??= known?.inode;
    event.cgroup ??= known?.cgroup;
    event.mark ??= known?.mark;
    event.pid = known?.pid;
    event.command = known?.command;
    event.attribution = event.pid === undefined ? 'none' : 'descriptor';
    const life = (performance.now() - (known?.seenMs ?? Number.NaN)) * 1e6;
    event.lifetimeNs = Number.isNaN(life) ? undefined : Math.round(life);
    this.#delivered++;
    emit(event);
  }
}

/**
 * The state before the end. A dump is up to a second old: a connection that was there then may have gone through all states since. But who
 * listens does nothing else, and who waited for an answer and has no other side any more never got one.
 */
function lastState(known: Known | undefined, event: TcpEvent): number {
  const state = known?.state ?? UNKNOWN;
  return state === LISTEN || (state === SYN_SENT && event.remotePort === 0) ? state : UNKNOWN;
}

/** Tells the sockets that there are in this network namespace, as far as it can be had: without netlink by FFI, none. */
export async function tellSockets(emit: (event: TcpEvent) => void): Promise<void> {
  const source = new SockDiagSource();
  try {
    await source.start();
    source.drain(0, (event) => {
      if (event.kind === 'snapshot') emit(event);
    });
  } catch {
    // Whoever can not list them goes on without.
  } finally {
    source.close();
  }
}
