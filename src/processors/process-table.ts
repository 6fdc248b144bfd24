// Which process of this machine an end of a flow is. A thread of its own (`process-watch-thread.ts`) looks at sockets and processes; each
// thread that makes records has one of these, which hears of them by a channel.

import type { Processes } from '../protocols/flow-view.ts';
import type { Address } from '../records/address.ts';
import type { Process } from '../records/process.ts';
import { socketKey } from './socket-list.ts';

/** Name of the channel, the same in all threads of this program. */
export const CHANNEL = 'netscribe.processes';

/** What the watch says: changes, or everything to who has just said hello. */
export interface SocketNews {
  opened: readonly (readonly [key: string, process: Process])[];
  closed: readonly string[];
  /** Addresses of this machine. */
  addresses: readonly string[];
  /** Unix seconds. */
  at: number;
}
export const HELLO = 'hello';

/** Records about a flow come later than its socket's end: when it times out, or at the interval. */
const KEEP_SECONDS = 400;
/** Of sockets that were closed; the first of them leave. */
export const MAX_CLOSED = 65_536;
/** Between the end of a socket and the news of it. */
const GRACE_SECONDS = 2;

interface Entry {
  readonly process: Process;
  /** Unix second at which the socket was seen no more; infinite while it is open. */
  closedAt: number;
}

export class ProcessTable implements Processes {
  readonly #channel = new BroadcastChannel(CHANNEL);
  readonly #sockets = new Map<string, Entry>();
  /** Of sockets that were closed, in that order. */
  readonly #closed = new Map<string, Entry>();
  #addresses: ReadonlySet<string> = new Set();
  /** Counts news: what was not found before may be there now. */
  version = 0;

  constructor() {
    this.#channel.onmessage = ({ data }) => {
      if (data !== HELLO) this.take(data as SocketNews);
    };
    this.#channel.unref?.();
    this.#channel.postMessage(HELLO);
  }

  take({ opened, closed, addresses, at }: SocketNews): void {
    this.version++;
    this.#addresses = new Set(addresses);
    for (const key of closed) {
      const entry = this.#sockets.get(key);
      if (entry === undefined || entry.closedAt !== Number.POSITIVE_INFINITY) continue;
      entry.closedAt = at;
      this.#closed.set(key, entry);
    }
    for (const [key, process] of opened) {
      this.#closed.delete(key);
      this.#sockets.set(key, { process, closedAt: Number.POSITIVE_INFINITY });
    }
    for (const [key, entry] of this.#closed) {
      if (entry.closedAt + KEEP_SECONDS >= at && this.#closed.size <= MAX_CLOSED) break;
      this.#closed.delete(key);
      this.#sockets.delete(key);
    }
  }

  of(
    transport: string,
    address: Address,
    port: number,
    peer: Address,
    peerPort: number,
    firstSeconds: number,
  ): Process | undefined {
    const local = address.toString();
    if (!this.#addresses.has(local) && (address.v6 || address.w3 >>> 24 !== 127)) return undefined;
    const end = `${local}:${port}`;
    return (
      this.#find(socketKey(transport, end, `${peer}:${peerPort}`), firstSeconds) ??
      this.#find(socketKey(transport, end, '*'), firstSeconds) ??
      this.#find(socketKey(transport, `*:${port}`, '*'), firstSeconds)
    );
  }

  close(): void {
    this.#channel.close();
  }

  /** A socket that was gone before the flow began has nothing to do with it. */
  #find(key: string, firstSeconds: number): Process | undefined {
    const entry = this.#sockets.get(key);
    return entry !== undefined && entry.closedAt + GRACE_SECONDS >= firstSeconds ? entry.process : undefined;
  }
}
