// Live packets where we may not take them ourselves: tcpdump captures and writes them to a pipe that we read. Slower, and with what
// the kernel dropped known only at the end, but it needs no FFI, and tcpdump may have privileges that we have not.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { MissingError } from '../../system/errors.ts';
import { CaptureFile } from '../capture-file.ts';
import type { LiveOptions } from '../ring/open-live.ts';
import { selectInterfaces } from '../ring/selection.ts';
import {
  type EmbeddedName,
  type EmbeddedSecrets,
  type InterfaceDescription,
  type PacketBatch,
  type PacketSource,
  type SourceStats,
  sourceStats,
} from '../source.ts';
import { StreamBytes } from './stream-bytes.ts';

type Next = PacketBatch | 'idle' | 'end';
/** A wait is over after so long, so that time can go on. */
const WAIT_MS = 100;
/** Time for tcpdump to take what is there before it is ended. */
const TAKE_MS = 200;

export class TcpdumpSource implements PacketSource {
  readonly interfaces: InterfaceDescription[] = [];
  readonly secrets: EmbeddedSecrets[] = [];
  readonly names: EmbeddedName[] = [];
  timesOutside = 0;
  readonly #options: LiveOptions;
  readonly #reason: string;
  #child: ChildProcess | undefined;
  #closed: Promise<unknown> = Promise.resolve();
  #file: CaptureFile | undefined;
  #pending: Promise<Next> | undefined;
  #said = '';
  readonly #isEndless: boolean;

  /** `reason`: why we do not capture ourselves, for messages. `isEndless`: it is an error when tcpdump ends without being told to. */
  constructor(options: LiveOptions, reason: string, { isEndless = false } = {}) {
    this.#options = options;
    this.#reason = reason;
    this.#isEndless = isEndless;
  }

  /** Rejects with MissingError when tcpdump can not be run, or may not capture either. */
  async open(): Promise<void> {
    const { interfaces } = this.#options;
    const { single, isAny } = selectInterfaces(interfaces);
    const name = single ?? (isAny ? 'any' : undefined);
    if (name === undefined || interfaces.join() !== name) {
      throw new MissingError(
        `${this.#reason}; tcpdump could stand in for one interface or 'any', not for ${interfaces}`,
      );
    }
    const child = spawn('tcpdump', this.#words(name), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    child.on('error', (error) => {
      this.#said += error.message;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
    this.#closed = once(child, 'close').catch(() => undefined);
    this.#file = new CaptureFile(name, this, { bytes: new StreamBytes(child.stdout) });
    await this.#file.open();
    if (this.#file.damage !== undefined) {
      // Nothing came out of it: it ended at once.
      await this.#closed;
      throw new MissingError(`${this.#reason}\nnetscribe: tcpdump, which could stand in, says: ${this.#lastWords}`);
    }
    for (const one of this.interfaces) {
      one.name = name;
      one.file = '';
    }
  }

  next(): Next | Promise<Next> {
    const next = this.#pending ?? this.#file!.next();
    if (!(next instanceof Promise)) return next === 'end' ? this.#end() : next;
    this.#pending = next;
    const timeout = Promise.withResolvers<'idle'>();
    const timer = setTimeout(timeout.resolve, WAIT_MS, 'idle');
    const taken = next.then((result) => {
      clearTimeout(timer);
      return result;
    });
    return Promise.race([taken, timeout.promise]).then((result): Next | Promise<Next> => {
      if (result !== 'idle') this.#pending = undefined;
      return result === 'end' ? this.#end() : result;
    });
  }

  release(batch: PacketBatch): void {
    this.#file!.release(batch);
  }

  /** tcpdump takes what came until now, and ends: what is in the kernel's buffer when it ends, it throws away. */
  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    setTimeout(() => this.#child?.kill('SIGINT'), TAKE_MS);
  }
  #isStopping = false;

  stats(): SourceStats {
    const count = (pattern: RegExp) => Number(pattern.exec(this.#said)?.[1] ?? 0);
    return sourceStats({
      packets: this.#file?.packets ?? 0,
      bytesRead: this.#file?.bytesRead ?? 0,
      kernelDropped: count(/(\d+) packets? dropped by kernel/) + count(/(\d+) packets? dropped by interface/),
      damaged: this.#file?.damage === undefined ? [] : [this.#file.damage],
    });
  }

  async close(): Promise<void> {
    this.#child?.kill('SIGINT');
    await this.#file?.close();
    await this.#closed;
  }

  /** What the kernel dropped, tcpdump says at its end. */
  async #end(): Promise<'end'> {
    await this.#closed;
    if (this.#isEndless && !this.#isStopping) throw new Error(`tcpdump has ended: ${this.#lastWords}`);
    return 'end';
  }

  get #lastWords(): string {
    return this.#said.trim().split('\n').at(-1) ?? '';
  }

  #words(name: string): string[] {
    const { filter = '', snapLength = 0, promiscuous = true, direction = 'inout', ringBytes } = this.#options;
    return [
      // --immediate-mode -U: a packet on a quiet line is taken and written when it comes.
      ...[
        '-i',
        name,
        '-n',
        '--immediate-mode',
        '-U',
        '-w',
        '-',
        '--time-stamp-precision=nano',
        '-s',
        String(snapLength),
        '-Q',
        direction,
      ],
      ...(promiscuous ? [] : ['-p']),
      ...(ringBytes === undefined ? [] : ['-B', String(Math.ceil(ringBytes / 1024))]),
      // Behind it, a filter is no option whatever it begins with.
      '--',
      ...(filter === '' ? [] : [filter]),
    ];
  }
}
