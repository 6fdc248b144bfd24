// A daemon in a network namespace for tests: its API on a socket in the file system, which namespaces do not separate.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { DaemonStatus } from '../../src/daemon/daemon.ts';
import { printedBy } from './commands.ts';
import { type Ended, Namespace, type Program, writeFrames } from './namespace.ts';

export class DaemonKit {
  readonly folder = mkdtempSync(join(tmpdir(), 'netscribe-daemon-'));
  readonly store = join(this.folder, 'data');
  readonly ns = new Namespace();
  config: Record<string, unknown>;
  program: Program | undefined;
  #files = 0;
  #token: string | undefined;

  constructor(config: Record<string, unknown> = {}) {
    this.config = {
      capture: { interfaces: { b: null }, records: ['flow', 'transactions'] },
      // No report depends on the time of day, and no flow ends because a machine took its time.
      flows: { interval: 0, timeout: '1h' },
      store: { directory: this.store },
      api: { address: `unix:${this.folder}/api` },
      stop_timeout: '100s',
      ...config,
    };
  }

  get file(): string {
    return join(this.folder, 'netscribe.yml');
  }
  writeConfig(): void {
    // Packets are wanted, unless a test says otherwise: the kernel would count where flows alone are asked for.
    const capture = { flow_source: 'ring', ...(this.config.capture as object) };
    writeFileSync(this.file, stringify({ ...this.config, capture }));
  }

  /** Resolves when it captures and answers. */
  async start(before: readonly string[] = []): Promise<Program> {
    this.writeConfig();
    this.program = this.ns.netscribe(['run', '-c', this.file], before);
    await this.program.until(() => this.program!.err.includes('the API is at'));
    return this.program;
  }

  /** Packet sockets of the namespace: one for each ring. */
  rings(): number {
    const { child } = this.program ?? {};
    const sockets =
      child?.exitCode === null && child.signalCode === null
        ? readFileSync(`/proc/${child.pid}/net/packet`, 'utf8')
        : this.ns.run('cat', '/proc/net/packet');
    return sockets.trim().split('\n').length - 1;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    const { program } = this;
    this.program = undefined;
    program!.child.kill(signal);
    return program!.end();
  }

  async remove(): Promise<void> {
    if (this.program !== undefined) await this.stop('SIGKILL');
    await this.ns.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Sends frames to the interface that is captured, as fast as it goes or as said; gives their number. */
  send(frames: readonly Uint8Array[], times = 1, link = 'a', perSecond = 0): Promise<number> {
    const file = join(this.folder, `${this.#files++}.pcap`);
    writeFrames(file, frames);
    return this.ns.send(link, file, times, perSecond);
  }

  /** Sends until so many were sent that it is as it should be (a link that came again is captured a while later); gives the status and how many that took. */
  async sendUntil(
    frames: readonly Uint8Array[],
    isSo: (status: DaemonStatus) => boolean | Promise<boolean>,
  ): Promise<[DaemonStatus, number]> {
    let sent = 0;
    const status = await this.until(async (now) => {
      if (await isSo(now)) return true;
      sent += await this.send(frames);
      return false;
    });
    return [status, sent];
  }

  ask(method: string, path: string, body?: unknown): ReturnType<typeof askSocket> {
    // Kept: a test may take the store away.
    this.#token ??= readFileSync(join(this.store, 'api.token'), 'utf8').trim();
    return askSocket(`${this.folder}/api`, method, path, { authorization: `Bearer ${this.#token}` }, body);
  }
  async status(): Promise<DaemonStatus> {
    return JSON.parse((await this.ask('GET', '/api/status')).text) as DaemonStatus;
  }
  async metrics(): Promise<string> {
    return (await this.ask('GET', '/metrics')).text;
  }

  /** A command of ours, asking this daemon; its standard output. */
  command(...words: string[]): Promise<string> {
    return printedBy(words, { cwd: this.folder });
  }

  /** Asks for the status until it is as it should be, less and less often: answering takes the daemon from its work. */
  async until(isSo: (status: DaemonStatus) => boolean | Promise<boolean>): Promise<DaemonStatus> {
    const begin = performance.now();
    let pauseMs = 10;
    while (performance.now() - begin < PATIENCE_MS) {
      const status = await this.status();
      if (await isSo(status)) return status;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      pauseMs = Math.min(pauseMs * 1.5, 100);
    }
    throw new Error(`never so: ${isSo}\n${JSON.stringify(await this.status(), null, 1)}\n${this.program?.err}`);
  }
}

/** Only against what never comes: on a busy machine all takes ten times as long. */
const PATIENCE_MS = 200_000;

/** One request over a Unix socket. */
export function askSocket(
  socketPath: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: unknown,
): Promise<{ status: number; text: string; headers: IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const outgoing = request(
      {
        socketPath,
        method,
        path,
        headers: { ...headers, ...(payload === undefined ? {} : { 'content-type': 'application/json' }) },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
        // The daemon was ended while it answered.
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}
