// TCP events from the kernel's tracepoints by tracefs: per-CPU binary buffers in a tracing instance of our own, merged by the kernel's
// time. Needs root or CAP_DAC_OVERRIDE, and neither BPF nor FFI. It sees all network namespaces; a socket's is taken to be its owner's, and
// so are user and cgroup. Counters of sockets it does not see, nor their errors but those of resets. What was there before is asked of sock_diag where there is FFI: of this network namespace alone.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aboutSource, copyOf, TcpEvent } from '../event.ts';
import type { TcpStateFilter } from '../filter.ts';
import { KernelClock } from '../kernel-clock.ts';
import { processOf } from '../process.ts';
import { tellSockets } from '../sock-diag/source.ts';
import { type Capability, TcpSourceError, type TcpStateSource, type TcpStateStats } from '../source.ts';
import { LISTEN } from '../states.ts';
import { CpuPages } from './cpu-pages.ts';
import { type Decoder, decoderOf, TRACE_EVENTS } from './decode.ts';
import { parseFormat, parseHeaderPage } from './format.ts';
import { reapInstances, TracingInstance } from './instance.ts';
import { kernelFilter } from './kernel-filter.ts';
import { Lives } from './lives.ts';
import { findTracefs, isThere } from './mount.ts';
import { Processes } from './processes.ts';

export const DEFAULT_BUFFER_BYTES = 4 * 1024 * 1024;
const CHECK_MS = 1000;
/** Sockets that are there at the start and are told; those beyond are counted as lost. */
const MAX_SNAPSHOT = 100_000;

export class TracefsSource implements TcpStateSource {
  readonly name = 'tracefs';
  readonly #bufferBytes: number;
  readonly #event = new TcpEvent();
  readonly #decoders = new Map<number, Decoder>();
  /** The decoder of the last event's number. */
  #decoder: Decoder | undefined = undefined;
  #lastId = -1;
  readonly #lives = new Lives(randomBytes(4).toString('hex'));
  #cpus: CpuPages[] = [];
  #instance: TracingInstance | undefined;
  #processes: Processes | undefined;
  #clock: KernelClock | undefined;
  #delivered = 0;
  #lost = 0;
  #missed = 0;
  /** performance.now() at the beginning of this round. */
  #nowMs = 0;
  #nextCheckMs = 0;
  /** What was there at the start and is not told yet, and how many were too many. */
  #snapshot: TcpEvent[] = [];
  #untold = 0;

  /** `bufferBytes`: per CPU. */
  constructor(options: { bufferBytes?: number } = {}) {
    this.#bufferBytes = options.bufferBytes ?? DEFAULT_BUFFER_BYTES;
  }

  async probe(): Promise<Capability> {
    const { folder, detail } = findTracefs(false);
    if (folder === undefined) return { usable: false, detail };
    const lacks =
      'does not see counters of sockets, drops, owners that are gone at once, and what was there before in other network namespaces';
    return { usable: true, detail: detail === '' ? lacks : `${detail}; ${lacks}` };
  }

  async start(filter: TcpStateFilter): Promise<void> {
    const { folder, detail } = findTracefs(true);
    if (folder === undefined) throw new TcpSourceError(`TCP events from tracefs: ${detail}`);
    try {
      reapInstances(folder);
      const { commit, data } = parseHeaderPage(readFileSync(join(folder, 'events/header_page'), 'latin1'));
      const events = this.#choose(folder, filter);
      this.#clock = new KernelClock();
      const instance = new TracingInstance(folder, { bufferBytes: this.#bufferBytes, events });
      this.#instance = instance;
      this.#processes = new Processes(() => instance.savedCommands());
      this.#cpus = instance.pipes.map((fd) => new CpuPages(fd, commit.offset, data));
      // After the tracing began: what is opened meanwhile may be told twice, and is not missed.
      await this.#lookAround(filter.kinds?.has('snapshot') ?? true);
    } catch (error) {
      this.close();
      const { code, message } = error as NodeJS.ErrnoException;
      throw new TcpSourceError(
        `TCP events from tracefs (${folder}): ${code === undefined ? '' : `${code}: `}${message}`,
      );
    }
  }

  /** Folder of the tracing instance, for tests. */
  get folder(): string | undefined {
    return this.#instance?.folder;
  }

  drain(max: number, emit: (event: TcpEvent) => void, isLast = false): number {
    if (isLast) this.#instance!.stop();
    // What happens on one CPU while another is read comes later than what is read: it waits for the next time.
    this.#nowMs = performance.now();
    const horizon = isLast ? Number.POSITIVE_INFINITY : Number(process.hrtime.bigint());
    const told = this.#snapshot.splice(0, max);
    for (const event of told) emit(event);
    for (const cpu of this.#cpus) cpu.look(isLast);
    const count = told.length + this.#merge(max - told.length, horizon, emit);
    this.#delivered += count;
    // Told last, and only when everything else is.
    if (count < max) this.#tellLost(emit, isLast);
    return count;
  }

  stats(): TcpStateStats {
    return { produced: this.#delivered + this.#lost, delivered: this.#delivered, lost: this.#lost };
  }

  close(): void {
    this.#instance?.close();
    this.#instance = undefined;
    this.#cpus = [];
  }

  /** The sockets that are there, and who listens: connections that come to them have an owner then. */
  async #lookAround(isWanted: boolean): Promise<void> {
    await tellSockets((event) => {
      const { pid } = event;
      if (event.newState === LISTEN && pid !== undefined) {
        this.#lives.listens(event.localPort, processOf(pid) ?? { pid, command: event.command });
      }
      if (!isWanted) return;
      if (this.#snapshot.length < MAX_SNAPSHOT) this.#snapshot.push(copyOf(event));
      else this.#untold++;
    });
  }

  /** The events that are needed, with what the kernel shall leave out. */
  #choose(folder: string, filter: TcpStateFilter): Map<string, string> {
    const chosen = new Map<string, string>();
    for (const [event, kind] of Object.entries(TRACE_EVENTS)) {
      // Changes of state say who owns a socket, resets how it ended: both are always followed.
      const isFollowed = kind === 'state' || kind === 'reset-received';
      if (!isFollowed && filter.kinds !== undefined && !filter.kinds.has(kind)) continue;
      const path = join(folder, 'events', event, 'format');
      if (kind !== 'state' && !isThere(path)) continue;
      const format = parseFormat(readFileSync(path, 'latin1'));
      this.#decoders.set(format.id, decoderOf(kind, format));
      chosen.set(event, kernelFilter(filter, format));
    }
    return chosen;
  }

  /** Hands on the events of all CPUs by time, as far as `horizon`. */
  #merge(max: number, horizon: number, emit: (event: TcpEvent) => void): number {
    let count = 0;
    while (count < max) {
      let first: CpuPages | undefined;
      let limit = horizon;
      for (const cpu of this.#cpus) {
        if (!cpu.hasEvent) continue;
        const { time } = cpu.cursor;
        if (first === undefined) {
          if (time <= limit) first = cpu;
        } else if (time < first.cursor.time) {
          limit = first.cursor.time;
          first = cpu;
        } else if (time < limit) limit = time;
      }
      if (first === undefined) break;
      while (count < max && first.hasEvent && first.cursor.time <= limit) {
        if (this.#read(first)) {
          count++;
          emit(this.#event);
        }
        first.advance();
      }
    }
    return count;
  }

  /** Fills the event; false for one that is not ours. */
  #read({ cursor }: CpuPages): boolean {
    const { view, at, time } = cursor;
    const id = view.getUint16(at, true);
    // Nearly all events are of one kind.
    if (id !== this.#lastId) {
      this.#lastId = id;
      this.#decoder = this.#decoders.get(id);
    }
    const decoder = this.#decoder;
    if (decoder === undefined) return false;
    const event = this.#event;
    event.timeSeconds = this.#clock!.seconds(time);
    event.timeNanos = this.#clock!.nanos;
    event.socket = undefined;
    event.role = 'unknown';
    event.stateNs = undefined;
    event.lifetimeNs = undefined;
    event.pid = undefined;
    event.command = undefined;
    event.attribution = 'none';
    event.uid = undefined;
    event.cgroup = undefined;
    event.netns = undefined;
    const process = this.#processes!.of(decoder.tid(view, at), this.#nowMs);
    event.cpuPid = process?.pid;
    event.cpuCommand = process?.command;
    decoder.decode(event, view, at);
    // Waiting processes are woken with nothing to tell, too (MPTCP).
    if (decoder.kind === 'error' && event.error === undefined) return false;
    const { socketAt } = decoder;
    if (socketAt < 0) return true;
    const low = view.getUint32(at + socketAt, true);
    const high = view.getUint16(at + socketAt + 4, true);
    if (low === 0 && high === 0) return true;
    if (decoder.kind === 'state') this.#lives.change(event, low, high, time, process);
    else {
      if (decoder.kind === 'reset-received') this.#lives.reset(low, high);
      this.#lives.look(event, low, high, time);
    }
    return true;
  }

  #tellLost(emit: (event: TcpEvent) => void, isLast: boolean): void {
    const nowMs = this.#nowMs;
    let missed = 0;
    for (const cpu of this.#cpus) missed += cpu.missed;
    if (nowMs < this.#nextCheckMs && missed === this.#missed && !isLast) return;
    this.#nextCheckMs = nowMs + CHECK_MS;
    this.#missed = missed;
    this.#clock!.check();
    const lost = this.#instance!.lost() + this.#untold - this.#lost;
    if (lost <= 0) return;
    this.#lost += lost;
    emit(aboutSource('lost', lost));
  }
}
