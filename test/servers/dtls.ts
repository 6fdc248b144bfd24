// A real DTLS server and client (OpenSSL), with a relay between them that keeps a copy of every datagram, and may lose, repeat or
// exchange some of them.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

/** Why there is no OpenSSL here; '' when there is. */
export function opensslMissing(): string {
  return spawnSync('openssl', ['version']).status === 0 ? '' : 'OpenSSL is not installed (Debian: apt install openssl)';
}

/** 0: sent by the client. */
export type Datagram = readonly [0 | 1, Buffer];
/** What the relay does with the n-th datagram of a direction. */
export type Treat = (direction: 0 | 1, n: number) => 'pass' | 'lose' | 'twice';

function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => socket.bind(0, '127.0.0.1', () => resolve(socket)));
}

/** Resolves when `child` has said `wanted`; rejects when it ends before. */
function said(child: ChildProcess, wanted: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const listen = (chunk: Buffer) => {
      text += chunk;
      if (text.includes(wanted)) resolve();
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.on('exit', () => reject(new Error(`it ended without saying "${wanted}":\n${text}`)));
  });
}

export interface Association {
  datagrams: Datagram[];
  /** SHA-1 of the server's certificate in hexadecimal. */
  sha1: string;
}

/** One handshake between `openssl s_server` and `openssl s_client` with these words added; the client then says "hello". */
export async function associate(server: string[], client: string[], treat: Treat = () => 'pass'): Promise<Association> {
  const folder = mkdtempSync(join(tmpdir(), 'netscribe-dtls-'));
  const key = join(folder, 'key.pem');
  const cert = join(folder, 'cert.pem');
  const port = freePort('udp');
  const datagrams: Datagram[] = [];
  const children: ChildProcess[] = [];
  const [front, back] = await Promise.all([bound(), bound()]);
  try {
    spawnSync('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=dtls.example',
      '-keyout',
      key,
      '-out',
      cert,
    ]);
    const print = spawnSync('openssl', ['x509', '-in', cert, '-noout', '-fingerprint', '-sha1'], { encoding: 'utf8' });
    const counts: [number, number] = [0, 0];
    let clientPort = 0;
    const pass = (direction: 0 | 1, bytes: Buffer) => {
      const treated = treat(direction, counts[direction]++);
      for (let i = treated === 'lose' ? 1 : 0; i < (treated === 'twice' ? 2 : 1); i++) {
        datagrams.push([direction, bytes]);
        if (direction === 0) back.send(bytes, port, '127.0.0.1');
        else front.send(bytes, clientPort, '127.0.0.1');
      }
    };
    front.on('message', (bytes, from) => {
      clientPort = from.port;
      pass(0, bytes);
    });
    back.on('message', (bytes) => pass(1, bytes));
    const serving = spawn('openssl', [
      's_server',
      '-accept',
      `127.0.0.1:${port}`,
      '-key',
      key,
      '-cert',
      cert,
      ...server,
    ]);
    children.push(serving);
    await said(serving, 'ACCEPT');
    const asking = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${front.address().port}`, ...client]);
    children.push(asking);
    const heard = said(serving, 'hello from the client');
    heard.catch(() => {});
    await said(asking, 'Verify return code');
    asking.stdin.write('hello from the client\n');
    await heard;
    return { datagrams, sha1: print.stdout.trim().replace(/^.*=/, '').replaceAll(':', '') };
  } finally {
    for (const child of children) child.kill();
    front.close();
    back.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
