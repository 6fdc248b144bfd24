// The interfaces that are captured, as they come and go: one source of packets made of many. It follows the configuration and the links of
// the machine; each interface has a state of its own.

import {
  type InterfaceDescription,
  type PacketBatch,
  type PacketSource,
  type SourceStats,
  sourceStats,
} from '../sources/source.ts';
import { Capture, type SourceInit, type SourceRenew } from './capture.ts';
import { HeaderCounter } from './header-counter.ts';
import {
  type Autodetection,
  type CaptureConfig,
  ConfigError,
  checkInterfaces,
  describeInterface,
  detectInterfaces,
  type Interfaces,
  isPattern,
  MAX_INTERFACES,
  resolveInterfaces,
  sameConfig,
} from './interface-config.ts';
import type { LinkTable } from './link-table.ts';
import { sharers } from './ring-share.ts';
import { RunGroup } from './run-group.ts';
import type { CaptureStatus } from './status.ts';

export interface InterfaceChange {
  name: string;
  success: boolean;
}

export interface Changes {
  enabled: InterfaceChange[];
  updated: InterfaceChange[];
  disabled: InterfaceChange[];
}

export interface CaptureSetOptions {
  sourceInit: SourceInit;
  /** Undefined: a source that is to change is closed, and opened anew. */
  sourceRenew?: SourceRenew | undefined;
  /** Undefined: links are not looked at; only names can be captured then. */
  links?: LinkTable | undefined;
  /** An interface is about to be closed, or its source to be changed: the last chance to write out what it has. */
  beforeClose?: (captures: readonly Capture[]) => Promise<void>;
  /** It is captured no longer. */
  closed?: (capture: Capture) => void;
  /** Headers are looked at here, because nobody else tells interface by interface what could be read. */
  countsHeaders?: boolean;
  /** Whoever reads is told that the sources never end. */
  isEndless?: boolean;
  /** Sources share a bounded memory: when many more come, those that are open get less of it. */
  sharesMemory?: boolean;
  /** Hears what people should know. */
  note?: ((text: string) => void) | undefined;
}

/** How long an empty round waits; doubled up to the last one while nothing comes. */
const FIRST_WAIT_MS = 2;
const LAST_WAIT_MS = 32;
/** While packets never pause, others have their turn so often. */
const TURN_MS = 20;
/**
 * New rings stand beside former ones until these are read to their end. A part of all at once, for all together have three quarters of the
 * memory that there may be.
 */
const RENEWED_PARTS = 4;
/** How often links and failed interfaces are looked at. */
const LOOK_MS = 200;

export class CaptureSet implements PacketSource {
  readonly secrets = [];
  readonly names = [];
  readonly interfaces: InterfaceDescription[] = [];
  readonly #options: CaptureSetOptions;
  readonly #headers = new HeaderCounter();
  readonly #captures = new Map<string, Capture>();
  #order: Capture[] = [];
  #turn = 0;
  readonly #owners = new WeakMap<PacketBatch, Capture>();
  #packets = 0;
  #frameBytes = 0;
  #wanted: { interfaces: Interfaces } | { detection: Autodetection } = { interfaces: {} };
  #lookAt = 0;
  #turnEnds = 0;
  #held: { isReached: PromiseWithResolvers<void>; isOver: PromiseWithResolvers<void> } | undefined;
  #waitMs = FIRST_WAIT_MS;
  #wake: (() => void) | undefined;
  #change: Promise<unknown> = Promise.resolve();
  #stopping: Promise<void> | undefined;
  #readUntil = Number.POSITIVE_INFINITY;
  #isCutShort = false;
  #isStopped = false;
  #isClosed = false;
  /** What interfaces that are gone had counted. */
  readonly #gone = { received: 0, dropped: 0 };

  constructor(options: CaptureSetOptions) {
    this.#options = options;
  }

  // ---- what is captured

  /** Captures exactly these from now on. Throws a ConfigError before anything is changed. */
  async update(interfaces: Interfaces): Promise<Changes> {
    checkInterfaces(interfaces);
    this.#wanted = { interfaces };
    return this.#apply();
  }

  /** Captures all links but the excluded ones, those that appear later too. */
  async autodetect(detection: Autodetection): Promise<Changes> {
    if (this.#options.links === undefined)
      throw new ConfigError('interfaces can not be detected: the kernel can not be asked for them (koffi is missing)');
    this.#wanted = { detection };
    return this.#apply();
  }

  /** Closes these interfaces, or all. Resolves when they are closed. */
  closeInterfaces(names: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      const captures = this.select(names);
      const closing = new Set(captures.map(({ name }) => name));
      if ('interfaces' in this.#wanted) {
        const left = Object.entries(this.#wanted.interfaces).filter(([name]) => !closing.has(name));
        this.#wanted = { interfaces: names.length === 0 ? {} : Object.fromEntries(left) };
      } else if (names.length === 0) this.#wanted = { interfaces: {} };
      await this.#close(captures);
    });
  }

  /** The captures of these names, or all; unknown names are passed over. */
  select(names: readonly string[]): Capture[] {
    if (names.length === 0) return [...this.#order];
    return names.flatMap((name) => this.#captures.get(name) ?? []);
  }

  config(names: readonly string[]): Record<string, CaptureConfig> {
    return Object.fromEntries(this.select(names).map(({ name, config }) => [name, structuredClone(config)]));
  }
  status(names: readonly string[]): Record<string, CaptureStatus> {
    return Object.fromEntries(this.select(names).map((capture) => [capture.name, capture.status()]));
  }

  // ---- PacketSource

  async open(): Promise<void> {}

  /**
   * Packets wait in their rings, and time stands still for whoever reads: `next` answers when it goes on. Resolves when somebody waits for that
   * answer, who has done with all that came before, or when it goes on.
   */
  hold(): Promise<void> {
    this.#held ??= { isReached: Promise.withResolvers(), isOver: Promise.withResolvers() };
    return this.#held.isReached.promise;
  }
  goOn(): void {
    this.#held?.isReached.resolve();
    this.#held?.isOver.resolve();
    this.#held = undefined;
  }

  next(): PacketBatch | 'idle' | 'end' | Promise<PacketBatch | 'idle' | 'end'> {
    if (this.#held !== undefined) {
      this.#held.isReached.resolve();
      return this.#held.isOver.promise.then(() => this.next());
    }
    const now = performance.now();
    if (now > this.#readUntil) {
      this.#isCutShort = true;
      return 'end';
    }
    if (now > this.#turnEnds) {
      this.#turnEnds = Number.POSITIVE_INFINITY;
      return new Promise((resolve) => {
        setImmediate(() => {
          this.#turnEnds = performance.now() + TURN_MS;
          resolve(this.next());
        });
      });
    }
    this.#look(now);
    const order = this.#order;
    for (let n = 0; n < order.length; n++) {
      this.#turn = (this.#turn + 1) % order.length;
      const capture = order[this.#turn];
      const batch = capture.poll(() => this.#wake?.());
      if (batch === undefined) continue;
      if (batch.count === 0) {
        capture.release(batch);
        continue;
      }
      this.#owners.set(batch, capture);
      this.#mark(batch, capture);
      this.#waitMs = FIRST_WAIT_MS;
      return batch;
    }
    if (this.#isStopped) return 'end';
    if (this.#options.isEndless !== true && order.every(({ isAtEnd }) => isAtEnd)) return 'end';
    return this.#wait();
  }

  /** Whose batch it is. */
  ownerOf(batch: PacketBatch): Capture | undefined {
    return this.#owners.get(batch);
  }

  release(batch: PacketBatch): void {
    this.#owners.get(batch)?.release(batch);
  }

  /**
   * Ends after what is there: no packet that has come is left behind, unless reading takes longer than until then, in
   * `performance.now()`'s milliseconds; `unread` tells.
   */
  stop(until = Number.POSITIVE_INFINITY): void {
    this.goOn();
    this.#readUntil = until;
    this.#stopping ??= this.#drain();
  }

  /** Packets that were left in the rings because there was no time to read them. */
  get unread(): number {
    if (!this.#isCutShort) return 0;
    const { received, dropped } = this.stats().live!;
    return Math.max(0, received - dropped - this.#packets);
  }

  async #drain(): Promise<void> {
    const group = new RunGroup();
    for (const capture of this.#order) group.run(() => capture.drain());
    await group.wait();
    this.#isStopped = true;
    this.#wake?.();
  }

  stats(): SourceStats {
    let received = this.#gone.received;
    let dropped = this.#gone.dropped;
    for (const capture of this.#order) {
      const status = capture.status();
      received += status.received_total;
      dropped += status.dropped_total;
    }
    return sourceStats({
      packets: this.#packets,
      bytesRead: this.#frameBytes,
      kernelDropped: dropped,
      live: { received, dropped, freezes: 0, ringBlocks: 0, ringHighWater: 0, ringBytes: 0 },
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isStopped = true;
    this.goOn();
    this.#wake?.();
    for (const capture of this.#order) capture.abandon();
    await this.closeInterfaces([]);
    this.#options.links?.close();
  }

  // ---- inside

  #apply(): Promise<Changes> {
    return this.#inTurn(async () => {
      const wanted = this.#resolve();
      if (wanted.size > MAX_INTERFACES)
        throw new ConfigError(`${wanted.size} interfaces are meant; at most ${MAX_INTERFACES} can be captured`);
      const changes: Changes = { enabled: [], updated: [], disabled: [] };
      const leaving = this.#order.filter(({ name }) => !wanted.has(name));
      const changed = this.#order.filter(({ name, config }) => {
        const now = wanted.get(name);
        return now !== undefined && !sameConfig(config, now);
      });
      const reopened = await this.#renew(changed, this.#tooLarge(wanted), wanted);
      const group = new RunGroup();
      await this.#finish([...leaving, ...reopened], group);
      for (const capture of [...leaving, ...reopened]) group.run(() => capture.close());
      await group.wait();
      for (const capture of leaving) {
        this.#remove(capture);
        changes.disabled.push({ name: capture.name, success: true });
      }
      const starting: [Capture, InterfaceChange[]][] = changed.map((capture) => [capture, changes.updated]);
      for (const capture of reopened) {
        capture.config = wanted.get(capture.name)!;
        if (!changed.includes(capture)) starting.push([capture, []]);
      }
      for (const [name, config] of wanted) {
        if (this.#captures.has(name)) continue;
        const capture = new Capture(name, this.#numberOf(name), config);
        this.#captures.set(name, capture);
        starting.push([capture, config.disable === true ? changes.disabled : changes.enabled]);
      }
      this.#order = [...this.#captures.values()];
      for (const [capture] of starting) group.run(() => this.#open(capture));
      await group.wait();
      for (const [capture, list] of starting) list.push({ name: capture.name, success: capture.state !== 'failed' });
      this.#followLinks();
      this.#wake?.();
      for (const list of Object.values(changes))
        list.sort((a: InterfaceChange, b: InterfaceChange) => (a.name < b.name ? -1 : 1));
      return changes;
    });
  }

  /** Those whose rings leave too little for so many interfaces. */
  #tooLarge(wanted: ReadonlyMap<string, CaptureConfig>): Capture[] {
    if (this.#options.sharesMemory !== true) return [];
    const rings = sharers(wanted.size);
    return this.#order.filter((capture) => capture.isOpen && capture.rings < rings && wanted.has(capture.name));
  }

  /** Lets sources go on otherwise, or smaller; gives those that have to be opened anew. */
  async #renew(
    changed: readonly Capture[],
    tooLarge: readonly Capture[],
    wanted: ReadonlyMap<string, CaptureConfig>,
  ): Promise<Capture[]> {
    const { sourceRenew, beforeClose, note } = this.#options;
    const all = this.#order.filter((capture) => changed.includes(capture) || tooLarge.includes(capture));
    const goOn = all.filter(({ isOpen, name }) => isOpen && wanted.get(name)!.disable !== true);
    const renewed = new Set<Capture>();
    if (sourceRenew !== undefined && goOn.length > 0) {
      await beforeClose?.(goOn.filter((capture) => changed.includes(capture)));
      const rings = sharers(wanted.size);
      const atOnce = Math.ceil(goOn.length / RENEWED_PARTS);
      for (let i = 0; i < goOn.length; i += atOnce) {
        const group = new RunGroup();
        for (const capture of goOn.slice(i, i + atOnce)) {
          group.run(async () => {
            if (await capture.renew(sourceRenew, wanted.get(capture.name)!, rings)) renewed.add(capture);
          });
        }
        await group.wait();
      }
    }
    const smaller = tooLarge.filter((capture) => renewed.has(capture));
    if (smaller.length > 0)
      note?.(
        `there are ${wanted.size} interfaces now: the rings of ${namesOf(smaller)} became smaller; no packet was missed`,
      );
    const anew = goOn.filter((capture) => !renewed.has(capture));
    if (anew.length > 0)
      note?.(`the rings of ${namesOf(anew)} are opened anew: packets of some tenths of a second are missed there`);
    return all.filter((capture) => !renewed.has(capture));
  }

  #resolve(): Map<string, CaptureConfig> {
    const links = this.#options.links?.list().map(({ name }) => name) ?? [];
    if ('detection' in this.#wanted) return detectInterfaces(this.#wanted.detection, links);
    if (this.#options.links === undefined && Object.keys(this.#wanted.interfaces).some(isPattern))
      throw new ConfigError(
        'patterns can not be resolved: the kernel can not be asked for its links (koffi is missing)',
      );
    return resolveInterfaces(this.#wanted.interfaces, links);
  }

  async #open(capture: Capture): Promise<void> {
    const { links, sourceInit } = this.#options;
    if (links !== undefined && capture.config.disable !== true) {
      if (!links.list().some(({ name }) => name === capture.name)) {
        capture.state = 'waiting';
        capture.error = `there is no interface '${capture.name}' now`;
        return;
      }
    }
    await capture.open(sourceInit, sharers(this.#captures.size));
  }

  async #close(captures: readonly Capture[]): Promise<void> {
    const group = new RunGroup();
    await this.#finish(captures, group);
    for (const capture of captures) group.run(() => capture.close());
    await group.wait();
    for (const capture of captures) this.#remove(capture);
    this.#order = [...this.#captures.values()];
    this.#wake?.();
  }

  /** The last packets are read, then what they made is written out. */
  async #finish(captures: readonly Capture[], group: RunGroup): Promise<void> {
    if (captures.length === 0) return;
    for (const capture of captures) group.run(() => capture.drain());
    await group.wait();
    await this.#options.beforeClose?.(captures);
  }

  #remove(capture: Capture): void {
    const { received_total, dropped_total } = capture.status();
    this.#gone.received += received_total;
    this.#gone.dropped += dropped_total;
    this.#captures.delete(capture.name);
    this.#options.closed?.(capture);
  }

  /** A name keeps its number, so that flows of an interface that comes back are the same flows. */
  #numberOf(name: string): number {
    const known = this.interfaces.findIndex((one) => one.name === name);
    if (known >= 0) return known;
    this.interfaces.push(describeInterface(name));
    return this.interfaces.length - 1;
  }

  /** Now and then: have links changed, is a failed interface to be tried again? */
  #look(now: number): void {
    if (now < this.#lookAt || this.#stopping !== undefined) return;
    this.#lookAt = now + LOOK_MS;
    if (this.#options.links?.hasChanged() === true) void this.#linksChanged();
    for (const capture of this.#order) {
      if (capture.isDue(now)) void this.#inTurn(() => this.#open(capture));
    }
  }

  async #linksChanged(): Promise<void> {
    const isDynamic = 'detection' in this.#wanted || Object.keys(this.#wanted.interfaces).some(isPattern);
    try {
      if (isDynamic) await this.#apply();
      else await this.#inTurn(async () => this.#followLinks());
    } catch {
      // The kernel could not be asked, or there are too many links: the interfaces that are captured stay as they are.
    }
  }

  /** States follow links: up, down, gone, back. */
  #followLinks(): void {
    const { links } = this.#options;
    if (links === undefined) return;
    const states = new Map(links.list().map((link) => [link.name, link]));
    for (const capture of this.#order) {
      const link = states.get(capture.name);
      if (link === undefined) capture.away(`there is no interface '${capture.name}' now`);
      else if (!link.isUp) capture.away(`the interface '${capture.name}' is down`);
      else if (capture.isOpen) capture.back();
      else if (capture.state === 'waiting' && !capture.isAtEnd) void this.#inTurn(() => this.#open(capture));
    }
  }

  #mark(batch: PacketBatch, capture: Capture): void {
    const { count, numbers, interfaceId, capturedLength } = batch;
    const first = this.#packets + 1;
    let frameBytes = 0;
    for (let i = 0; i < count; i++) {
      numbers[i] = first + i;
      frameBytes += capturedLength[i];
    }
    interfaceId.fill(capture.number, 0, count);
    batch.firstPacket = first;
    this.#packets += count;
    this.#frameBytes += frameBytes;
    capture.count(batch);
    if (this.#options.countsHeaders === true) this.#headers.count(batch, capture);
  }

  #wait(): Promise<'idle'> {
    const ms = this.#waitMs;
    this.#waitMs = Math.min(ms * 2, LAST_WAIT_MS);
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        this.#turnEnds = performance.now() + TURN_MS;
        resolve('idle');
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }

  /** Changes one after the other. */
  #inTurn<Result>(step: () => Promise<Result>): Promise<Result> {
    const done = this.#change.then(step, step);
    this.#change = done.catch(() => undefined);
    return done;
  }
}

function namesOf(captures: readonly Capture[]): string {
  return captures.map(({ name }) => name).join(', ');
}
