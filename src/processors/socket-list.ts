// The sockets of this network namespace as the kernel lists them in /proc/net/{tcp,tcp6,udp,udp6} (proc(5)): addresses as hexadecimal words
// in the machine's byte order, ports, and the inode by which descriptors name the socket.

import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { type Address, formatV4, formatV6 } from '../records/address.ts';

export interface ListedSocket {
  /** Who talks: `tcp 192.0.2.1:443 192.0.2.9:40000`, with `*` for every address and for no peer. */
  readonly key: string;
  readonly inode: number;
}

export type Listed = 'tcp' | 'udp';
const LINE = /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) (?:\S+ ){6}(\d+)/;
const IS_LITTLE = endianness() === 'LE';
const MAPPED = 0xffff;

/**
 * `read`: what a file holds. A list that is not there (no IPv6) is empty. The kernel goes through all buckets of its table for those of TCP,
 * used or not, which takes tens of milliseconds on a machine with much memory.
 */
export function listSockets(
  transport: Listed,
  read: (path: string) => string = (path) => readFileSync(path, 'latin1'),
): ListedSocket[] {
  const found: ListedSocket[] = [];
  for (const name of [transport, `${transport}6`]) {
    let text: string;
    try {
      text = read(`/proc/net/${name}`);
    } catch {
      continue;
    }
    for (const line of text.split('\n')) {
      const fields = LINE.exec(line.replaceAll(/ +/g, ' '));
      // What waits for its last segments belongs to nobody any more.
      if (fields === null || fields[5] === '0') continue;
      const [, local, port, remote, remotePort, inode] = fields;
      found.push({ key: socketKey(transport, end(local, port), end(remote, remotePort)), inode: Number(inode) });
    }
  }
  return found;
}

/** The same of a socket's addresses and ports. */
export function keyOfSocket(
  transport: string,
  local: Address,
  localPort: number,
  remote: Address,
  remotePort: number,
): string {
  return socketKey(transport, endOf(local, localPort), endOf(remote, remotePort));
}

function endOf(address: Address, port: number): string {
  const { w0, w1, w2, w3 } = address;
  if ((w0 | w1 | w2 | w3) !== 0) return `${address}:${port}`;
  return port === 0 ? '*' : `*:${port}`;
}

/** Ends as `192.0.2.1:443`, `2001:db8::1:443`, `*:443`; `*` for no peer. */
export const socketKey = (transport: string, local: string, remote: string): string =>
  `${transport} ${local} ${remote}`;

function end(hex: string, hexPort: string): string {
  const port = Number.parseInt(hexPort, 16);
  const words = hex.match(/.{8}/g)?.map(word) ?? [];
  if (words.every((one) => one === 0)) return port === 0 ? '*' : `*:${port}`;
  const isV4 = words.length === 1 || (words[0] === 0 && words[1] === 0 && words[2] === MAPPED);
  return `${isV4 ? formatV4(words.at(-1)!) : formatV6(words[0], words[1], words[2], words[3])}:${port}`;
}

function word(hex: string): number {
  const value = Number.parseInt(hex, 16);
  if (!IS_LITTLE) return value;
  return (((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}
