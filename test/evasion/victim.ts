// The real kernel of `victim.py`, to play scripts to: it answers for itself, so the server's steps of a script only say when to wait.

import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { TcpOptions } from '../../src/wire/tcp-options.ts';
import {
  CLIENT,
  type Script,
  SERVER,
  SERVER_PORT,
  type Step,
  sealed,
  tcpSegment,
} from '../kit/generate/evasion/script.ts';
import { ip, type MadePacket, onEthernet } from '../kit/packets.ts';
import type { Bytes } from '../wire/frames.ts';

const PROGRAM = fileURLToPath(new URL('victim.py', import.meta.url));
const FIRST_PORT = 20_000;
const IP = 14;
const TCP = IP + 20;

/** Why there can be no victim here; empty when there can. */
export function whyNoVictim(): string {
  if (process.getuid?.() !== 0) return 'needs root: a network namespace of its own';
  if (spawnSync('python3', ['--version']).status !== 0) return 'needs python3';
  if (spawnSync('ip', ['-V']).status !== 0) return 'needs iproute2';
  const probe = spawnSync('unshare', ['-n', 'true']);
  return probe.status === 0 ? '' : 'network namespaces are not allowed here';
}

/** What a script came to. */
export interface Played {
  /** What the application read, of all connections of this port. */
  read: string;
  /** Frames of both directions, in order. */
  packets: MadePacket[];
}

interface Talk extends Played {
  port: number;
  serverIsn: number;
  isReset: boolean;
  /** Time stamp of its last segment. */
  serverTime: number;
}

export class Victim {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #talks = new Map<number, Talk>();
  readonly datagrams: Bytes[] = [];
  #pending = Buffer.alloc(0);
  #ready: (() => void) | undefined = undefined;
  #nextPort = FIRST_PORT;
  #errors = '';
  readonly #begin = performance.now();
  readonly #options = new TcpOptions();

  constructor() {
    this.#child = spawn('python3', [PROGRAM]);
    this.#child.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#ready = resolve;
      this.#child.once('exit', (code) => reject(new Error(`the victim ended with ${code}: ${this.#errors}`)));
    });
  }

  async close(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) throw new Error(`the victim had ended: ${this.#errors}`);
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin.end();
    await gone;
  }

  /** Resolves when all that was sent has been taken, and what came of it is known here (victim.py says how). */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#asked.push(resolve);
      this.#send('Q');
    });
  }
  readonly #asked: (() => void)[] = [];

  sendFrame(frame: Bytes): void {
    this.#send('F', frame);
  }

  #send(letter: 'F' | 'Q', body: Bytes = new Uint8Array(0)): void {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(1 + body.length);
    head.write(letter, 4);
    this.#child.stdin.write(Buffer.concat([head, body]));
  }

  /** Plays the client's side of a script from a port of its own. */
  async play(script: Script): Promise<Played> {
    const talk: Talk = {
      port: this.#nextPort++,
      serverIsn: -1,
      read: '',
      packets: [],
      isReset: false,
      serverTime: 0,
    };
    this.#talks.set(talk.port, talk);
    let isServersTurn = false;
    for (const step of script.steps) {
      if (step.from === 'C') {
        if (isServersTurn) await this.settled();
        this.#sendStep(script, talk, step);
      }
      isServersTurn = step.from === 'S';
    }
    for (const { bytes } of script.frames) this.sendFrame(bytes);
    await this.settled();
    return talk;
  }

  #sendStep(script: Script, talk: Talk, step: Step): void {
    // The server's numbers of a script count from its own beginning.
    const acknowledgment = step.flags.includes('A') || step.ack !== undefined ? talk.serverIsn + (step.ack ?? 1) : 0;
    const isFirst = talk.serverIsn < 0 || (step.flags === 'S' && step.ack !== undefined);
    const segment = tcpSegment(
      talk.port,
      SERVER_PORT,
      script.clientIsn + step.seq,
      isFirst && step.flags === 'S' ? 0 : acknowledgment,
      // A time stamp echoes one of the kernel's own.
      step.ts === undefined ? step : { ...step, ts: [step.ts[0], talk.serverTime] },
    );
    const packet = sealed(ip(6, segment, { from: CLIENT, to: SERVER, ttl: step.ttl ?? 64 }), step.wrong);
    const frame = Buffer.concat([onEthernet(packet), Buffer.alloc(step.padding ?? 0)]);
    this.#note(talk, frame);
    this.sendFrame(frame);
  }

  #note(talk: Talk, bytes: Bytes): void {
    talk.packets.push({ at: (performance.now() - this.#begin) / 1000, bytes });
  }

  #take(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (;;) {
      if (this.#pending.length < 4) return;
      const length = this.#pending.readUInt32BE(0);
      if (this.#pending.length < 4 + length) return;
      const letter = String.fromCharCode(this.#pending[4]);
      this.#hear(letter, Buffer.from(this.#pending.subarray(5, 4 + length)));
      this.#pending = this.#pending.subarray(4 + length);
    }
  }

  #hear(letter: string, body: Buffer): void {
    if (letter === 'R') this.#ready?.();
    else if (letter === 'Q') this.#asked.shift()?.();
    else if (letter === 'U') this.datagrams.push(body);
    else if (letter === 'F') this.#frame(body);
    else {
      const talk = this.#talks.get(body.readUInt16BE(0));
      if (talk === undefined) return;
      if (letter === 'D') talk.read += body.toString('latin1', 2);
      if (letter === 'E' && body[2] === 1) talk.isReset = true;
    }
  }

  #frame(frame: Buffer): void {
    if (frame.readUInt16BE(12) !== 0x0800 || frame[IP + 9] !== 6) return;
    const talk = this.#talks.get(frame.readUInt16BE(TCP + 2));
    if (talk === undefined) return;
    const flags = frame[TCP + 13];
    if ((flags & 0x12) === 0x12) talk.serverIsn = frame.readUInt32BE(TCP + 4);
    const payload = TCP + ((frame[TCP + 12] >> 4) << 2);
    this.#options.readOptions(frame, viewOf(frame), TCP + 20, payload);
    if (this.#options.hasTimestamp) talk.serverTime = this.#options.timestamp;
    this.#note(talk, frame);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
