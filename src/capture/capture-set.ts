// The interfaces that are captured, as they come and go: one source of packets made of many. It follows the configuration and the links of
// the machine; each interface has a state of its own.

import {
  type InterfaceDescription,
  type PacketBatch,
  type PacketSource,
  type SourceStats,
  sourceStats,
} from '../sources/source.ts';
import { Capture, type SourceInit } from './capture.ts';
import { CaptureRounds, type RoundsOptions } from './capture-rounds.ts';
import {
  type Autodetection,
  type CaptureConfig,
  describeInterface,
  type Interfaces,
  sameConfig,
} from './interface-config.ts';
import { followLinks, whyAway } from './link-states.ts';
import type { LinkTable } from './link-table.ts';
import { sharers } from './ring-share.ts';
import { RunGroup } from './run-group.ts';
import { type RenewalOptions, renewSources } from './source-renewal.ts';
import type { CaptureStatus } from './status.ts';
import { WantedInterfaces } from './wanted-interfaces.ts';

export interface InterfaceChange {
  name: string;
  success: boolean;
}

export interface Changes {
  enabled: InterfaceChange[];
  updated: InterfaceChange[];
  disabled: InterfaceChange[];
}

export interface CaptureSetOptions extends RenewalOptions, RoundsOptions {
  sourceInit: SourceInit;
  /** Undefined: links are not looked at; only names can be captured then. */
  links?: LinkTable | undefined;
  /** It is captured no longer. */
  closed?: (capture: Capture) => void;
}

/** How often links and failed interfaces are looked at. */
const LOOK_MS = 200;

export class CaptureSet implements PacketSource {
  readonly secrets = [];
  readonly names = [];
  readonly interfaces: InterfaceDescription[] = [];
  readonly #options: CaptureSetOptions;
  readonly #wanted: WantedInterfaces;
  readonly #rounds: CaptureRounds;
  readonly #captures = new Map<string, Capture>();
  /** Failed ones whose next try waits for its turn. */
  readonly #retrying = new Set<Capture>();
  #lookAt = 0;
  /** What was said last of links that can not be followed; '' for nothing. */
  #complaint = '';
  #change: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  /** What interfaces that are gone had counted. */
  readonly #gone = { received: 0, dropped: 0 };

  constructor(options: CaptureSetOptions) {
    this.#options = options;
    this.#wanted = new WantedInterfaces(options.links);
    this.#rounds = new CaptureRounds(options, (now) => this.#look(now));
  }

  // ---- what is captured

  /** Captures exactly these from now on. Throws a ConfigError before anything is changed. */
  async update(interfaces: Interfaces): Promise<Changes> {
    this.#wanted.name(interfaces);
    return this.#apply();
  }

  /** Captures all links but the excluded ones, those that appear later too. */
  async autodetect(detection: Autodetection): Promise<Changes> {
    this.#wanted.detect(detection);
    return this.#apply();
  }

  /** Closes these interfaces, or all. Resolves when they are closed. */
  closeInterfaces(names: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      const captures = this.select(names);
      if (names.length === 0) this.#wanted.withdrawAll();
      else this.#wanted.withdraw(new Set(captures.map(({ name }) => name)));
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
    return this.#rounds.hold();
  }
  goOn(): void {
    this.#rounds.goOn();
  }

  next(): PacketBatch | 'idle' | 'end' | Promise<PacketBatch | 'idle' | 'end'> {
    return this.#rounds.next();
  }

  /** Whose batch it is. */
  ownerOf(batch: PacketBatch): Capture | undefined {
    return this.#rounds.ownerOf(batch);
  }

  release(batch: PacketBatch): void {
    this.#rounds.release(batch);
  }

  /**
   * Ends after what is there: no packet that has come is left behind, unless reading takes longer than until then, in
   * `performance.now()`'s milliseconds; `unread` tells.
   */
  stop(until = Number.POSITIVE_INFINITY): void {
    this.#rounds.stop(until);
  }

  /** Nobody reads any more: what is left in the rings counts as `unread`. */
  cutShort(): void {
    this.#rounds.cutShort();
  }

  /** Packets that were left in the rings because there was no time to read them, or nobody who could. */
  get unread(): number {
    if (!this.#rounds.isCutShort) return 0;
    const { received, dropped } = this.stats().live!;
    return Math.max(0, received - dropped - this.#rounds.packets);
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
      packets: this.#rounds.packets,
      bytesRead: this.#rounds.frameBytes,
      kernelDropped: dropped,
      live: { received, dropped, freezes: 0, ringBlocks: 0, ringHighWater: 0, ringBytes: 0 },
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#rounds.abandon();
    await this.closeInterfaces([]);
    this.#options.links?.close();
  }

  // ---- inside

  get #order(): readonly Capture[] {
    return this.#rounds.order;
  }

  #apply(): Promise<Changes> {
    return this.#inTurn(async () => {
      const wanted = this.#wanted.resolve();
      const changes: Changes = { enabled: [], updated: [], disabled: [] };
      const leaving = this.#order.filter(({ name }) => !wanted.has(name));
      const changed = this.#order.filter(({ name, config }) => {
        const now = wanted.get(name);
        return now !== undefined && !sameConfig(config, now);
      });
      const reopened = await renewSources(this.#options, { captures: this.#order, changed, wanted });
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
      this.#rounds.order = [...this.#captures.values()];
      for (const [capture] of starting) group.run(() => this.#open(capture));
      await group.wait();
      for (const [capture, list] of starting) list.push({ name: capture.name, success: capture.state !== 'failed' });
      this.#followLinks();
      this.#rounds.wake();
      for (const list of Object.values(changes))
        list.sort((a: InterfaceChange, b: InterfaceChange) => (a.name < b.name ? -1 : 1));
      return changes;
    });
  }

  async #open(capture: Capture): Promise<void> {
    const { links, sourceInit } = this.#options;
    // It is captured no longer since it was its turn to be opened.
    if (this.#captures.get(capture.name) !== capture) return;
    if (links !== undefined && capture.config.disable !== true) {
      const reason = whyAway(capture.name, links);
      if (reason !== undefined) {
        capture.state = 'waiting';
        capture.error = reason;
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
    this.#rounds.order = [...this.#captures.values()];
    this.#rounds.wake();
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
    if (now < this.#lookAt || this.#rounds.isStopping) return;
    this.#lookAt = now + LOOK_MS;
    if (this.#options.links?.hasChanged() === true) void this.#linksChanged();
    for (const capture of this.#order) {
      if (!capture.isDue(now) || this.#retrying.has(capture)) continue;
      this.#retrying.add(capture);
      void this.#inTurn(() => this.#open(capture)).finally(() => this.#retrying.delete(capture));
    }
  }

  async #linksChanged(): Promise<void> {
    try {
      if (this.#wanted.isDynamic) await this.#apply();
      else await this.#inTurn(async () => this.#followLinks());
      this.#complaint = '';
    } catch (error) {
      // There are too many links, or the kernel could not be asked: the interfaces that are captured stay as they are.
      const words = `the interfaces that are captured stay as they are: ${(error as Error).message}`;
      if (words !== this.#complaint) this.#options.note?.(words);
      this.#complaint = words;
      await this.#inTurn(async () => this.#followLinks()).catch(() => undefined);
    }
  }

  #followLinks(): void {
    const { links } = this.#options;
    if (links === undefined) return;
    for (const capture of followLinks(this.#order, links)) void this.#inTurn(() => this.#open(capture));
  }

  /** Changes one after the other. */
  #inTurn<Result>(step: () => Promise<Result>): Promise<Result> {
    const done = this.#change.then(step, step);
    this.#change = done.catch(() => undefined);
    return done;
  }
}
