// Network namespaces for tests: a pair of connected interfaces that nothing else talks on, and programs that run there.
// Needs root, iproute2 and a kernel with namespaces; tests that need it skip with a reason elsewhere.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { LiveOptions } from '../../src/sources/ring/open-live.ts';
import { MAIN } from './program.ts';
import { PROJECT } from './shared.ts';

export const noNamespaces = whyNot();
if (noNamespaces !== '') console.warn(`SKIPPED: tests in network namespaces do not run: ${noNamespaces}`);

function whyNot(): string {
  if (process.getuid?.() !== 0) return 'this is not root';
  const name = `netscribe-probe-${process.pid}`;
  try {
    execFileSync('ip', ['netns', 'add', name], { stdio: 'pipe' });
    execFileSync('ip', ['netns', 'del', name], { stdio: 'pipe' });
    return '';
  } catch (error) {
    return (error as Error).message.trim();
  }
}

let made = 0;

const up = (link: string): string => `link set dev ${link} ${link === 'lo' ? '' : 'mtu 65535 '}up`;
const pairOf = (one: string, other: string): string[] => [
  `link add name ${one} type veth peer name ${other}`,
  up(one),
  up(other),
];

/** What a program left behind. */
export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

export class Namespace {
  readonly name = `netscribe-${process.pid}-${made++}`;
  /** What is run as netscribe. */
  program = MAIN;

  /** With the interfaces `a` and `b` connected, up, silent (no IPv6, no addresses), and taking frames of 64 KiB. */
  constructor() {
    // One process, which starts the others: each that a process of a few hundred MiB starts costs it tens of milliseconds.
    const sysctl = 'sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1';
    const words = `ip netns add ${this.name}; ip netns exec ${this.name} ${sysctl}; exec ip -n ${this.name} -batch -`;
    execFileSync('sh', ['-ec', words], {
      input: [...pairOf('a', 'b'), up('lo')].join('\n'),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
  }

  up(link: string): void {
    this.ipAtOnce(up(link));
  }

  /** Two connected interfaces more, up. */
  pair(one: string, other: string): void {
    this.ipAtOnce(...pairOf(one, other));
  }

  ip(words: string): string {
    return execFileSync('ip', ['-n', this.name, ...words.split(' ')], { encoding: 'utf8' });
  }

  /** One after the other, with nothing in between. */
  ipAtOnce(...lines: string[]): void {
    execFileSync('ip', ['-n', this.name, '-batch', '-'], {
      input: lines.join('\n'),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
  }

  run(...words: string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.name, ...words], { encoding: 'utf8' });
  }

  /** A program of ours; `before` are words in front of it (setpriv …). */
  netscribe(words: readonly string[], before: readonly string[] = []): Program {
    return new Program(['ip', 'netns', 'exec', this.name, ...before, process.execPath, this.program, ...words]);
  }

  /**
   * Sends the frames of a classic pcap on an interface, `times` times, as fast as it goes or as said; gives their number. `goesOn`: the rate
   * is that of all such calls together.
   */
  async send(link: string, file: string, times = 1, perSecond = 0, goesOn = false): Promise<number> {
    this.#sender ??= this.script('send-frames.ts');
    return Number(await this.#sender.ask(`${link} ${file} ${times} ${perSecond} ${goesOn ? 'on' : ''}`.trim()));
  }
  #sender: Program | undefined;

  /** The same on a link that was just set up, without waiting until the kernel's word of it has gone round. */
  async sendAtOnce(link: string, file: string): Promise<number> {
    this.#sender ??= this.script('send-frames.ts');
    return Number(await this.#sender.ask(`${link} ${file} 1 0 now`));
  }

  /** Opens all these captures in one process, lets `traffic` happen, and gives how many packets each took. */
  async count(captures: readonly Partial<LiveOptions>[], traffic: () => unknown): Promise<number[]> {
    this.#listener ??= this.script('listen.ts');
    for (const capture of captures) await this.#listener.ask(JSON.stringify(capture));
    await traffic();
    return JSON.parse(await this.#listener.ask('count'));
  }
  #listener: Program | undefined;

  /** A script of test/kit that runs here. */
  script(name: string, ...words: string[]): Program {
    return new Program(['ip', 'netns', 'exec', this.name, process.execPath, `${PROJECT}test/kit/${name}`, ...words]);
  }

  async remove(): Promise<void> {
    for (const script of [this.#sender, this.#listener]) {
      script?.child.stdin?.end();
      await script?.end();
    }
    execFileSync('ip', ['netns', 'del', this.name]);
  }
}

export class Program {
  readonly child: ChildProcess;
  out = '';
  err = '';
  readonly #closed: Promise<unknown>;
  #isClosed = false;

  constructor([command, ...words]: readonly string[]) {
    this.child = spawn(command, words, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#closed = once(this.child, 'close').then(() => {
      this.#isClosed = true;
      this.#hear();
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text) => {
      this.out += text;
      this.#hear();
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text) => {
      this.err += text;
      this.#hear();
    });
  }

  /** Waits until it said what is waited for; fails with what it said when it ends before. */
  async until(isSaid: () => boolean): Promise<void> {
    while (!isSaid()) {
      const { exitCode, signalCode } = this.child;
      if (this.#isClosed) throw new Error(`it ended with ${exitCode ?? signalCode}: ${this.err}`);
      await this.#heard.promise;
    }
  }
  #heard = Promise.withResolvers<void>();

  #hear(): void {
    this.#heard.resolve();
    this.#heard = Promise.withResolvers<void>();
  }

  /** Gives it a line and waits for one; what is asked meanwhile waits its turn. */
  ask(line: string): Promise<string> {
    const answer = this.#answered.then(() => this.#ask(line));
    this.#answered = answer.catch(() => undefined);
    return answer;
  }
  #answered: Promise<unknown> = Promise.resolve();

  async #ask(line: string): Promise<string> {
    const before = this.out.length;
    this.child.stdin!.write(`${line}\n`);
    await this.until(() => this.out.slice(before).endsWith('\n'));
    return this.out.slice(before).trim();
  }

  /** Ends it as Ctrl-C does. */
  async interrupt(): Promise<Ended> {
    this.child.kill('SIGINT');
    return this.end();
  }

  async end(): Promise<Ended> {
    await this.#closed;
    return { code: this.child.exitCode, out: this.out, err: this.err };
  }
}

/** Writes frames as a classic pcap (microseconds, Ethernet). */
export function writeFrames(path: string, frames: readonly Uint8Array[]): void {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(262_144, 16);
  head.writeUInt32LE(1, 20);
  const parts: Uint8Array[] = [head];
  for (const [i, frame] of frames.entries()) {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(1_700_000_000, 0);
    record.writeUInt32LE(i, 4);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    parts.push(record, frame);
  }
  writeFileSync(path, Buffer.concat(parts));
}
