// node send-frames.ts [INTERFACE FILE [TIMES [PER_SECOND [bypass] [on] [now]]]]: sends the frames of a classic pcap as they are, and prints
// their number. Without words it takes a line of them at a time from standard input. With `bypass` the sending interface's queue is
// passed by: faster, and listeners there hear nothing. With `on` the rate counts from the first line that had it: what was not sent
// between two lines, or because there was no CPU, is sent as soon as it goes. `now`: the link was just set up, and its other end too.
//
// sendmmsg over AF_PACKET: at 1 to 2 µs a packet the kernel's side is what limits it.

import { createInterface } from 'node:readline';
import { AF_PACKET, PACKET_QDISC_BYPASS, SOCK_RAW, SOL_PACKET } from '../../src/system/abi.ts';
import { loadLibc } from '../../src/system/libc.ts';
import { listLinks } from '../../src/system/links.ts';
import { NETLINK, openNetlink } from '../../src/system/netlink.ts';
import { readPcap } from './pcap.ts';

const BATCH = 64;
/** struct mmsghdr with its iovec: we lay both out in one buffer each. */
const MESSAGE = 64;
const VECTOR = 16;
/** Only against what never comes: a frame that does not go is tried again, and a link that is not up is waited for. */
const PATIENCE_MS = 200_000;
const libc = await loadLibc();
const netlink = await openNetlink(NETLINK.ROUTE);
/** What the kernel reads by address: nothing else would keep it. */
let kept: Uint8Array[] = [];
const pause = new Int32Array(new SharedArrayBuffer(4));

/** Index of an interface, when the kernel believes that it is up: that takes up to a second, and what is sent before goes nowhere. */
function indexOf(link: string, isUp: boolean): number | undefined {
  const begun = performance.now();
  for (;;) {
    const found = listLinks(netlink).find(({ name }) => name === link);
    if (isUp || found === undefined || found.state === 'up' || found.isLoopback) return found?.index;
    if (performance.now() - begun > PATIENCE_MS) throw new Error(`${link} is never up`);
    Atomics.wait(pause, 0, 0, 10);
  }
}

interface Schedule {
  begun: number;
  sent: number;
}
let lasting: Schedule | undefined;

function send(link: string, file: string, times: number, perSecond: number, options: ReadonlySet<string>): number {
  const index = indexOf(link, options.has('now'));
  const pcap = readPcap(file);
  if (index === undefined || pcap === null) throw new Error(`no interface ${link}, or ${file} is no pcap`);
  const fd = libc.socket(AF_PACKET, SOCK_RAW, 0);
  if (options.has('bypass')) libc.setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, Uint8Array.of(1, 0, 0, 0));
  const address = new DataView(new ArrayBuffer(20));
  address.setUint16(0, AF_PACKET, true);
  address.setInt32(4, index, true);
  libc.bind(fd, new Uint8Array(address.buffer));

  const { packets, bytes } = pcap;
  const at = libc.address(bytes);
  const vectors = Buffer.alloc(packets.length * VECTOR);
  const messages = Buffer.alloc(packets.length * MESSAGE);
  const vectorsAt = libc.address(vectors);
  kept = [bytes, vectors];
  for (const [i, { offset, capturedLength }] of packets.entries()) {
    vectors.writeBigUInt64LE(at + BigInt(offset), i * VECTOR);
    vectors.writeBigUInt64LE(BigInt(capturedLength), i * VECTOR + 8);
    messages.writeBigUInt64LE(vectorsAt + BigInt(i * VECTOR), i * MESSAGE + 16);
    messages.writeBigUInt64LE(1n, i * MESSAGE + 24);
  }

  let sent = 0;
  let moved = performance.now();
  const schedule: Schedule = (options.has('on') ? lasting : undefined) ?? { begun: moved, sent: 0 };
  if (options.has('on')) lasting = schedule;
  for (let round = 0; round < times; round++) {
    for (let i = 0; i < packets.length; ) {
      const n = Math.min(BATCH, packets.length - i);
      const done = libc.sendmmsg(fd, messages.subarray(i * MESSAGE), n);
      if (done <= 0) {
        Atomics.wait(pause, 0, 0, 1);
        if (performance.now() - moved > PATIENCE_MS) throw new Error(`frame ${i + 1} of ${file} can not be sent`);
        continue;
      }
      i += done;
      sent += done;
      schedule.sent += done;
      moved = performance.now();
      if (perSecond > 0) {
        const ahead = (schedule.sent / perSecond) * 1000 - (moved - schedule.begun);
        if (ahead > 1) Atomics.wait(pause, 0, 0, ahead);
      }
    }
  }
  libc.close(fd);
  if (kept.length !== 2) throw new Error('the frames are gone');
  kept = [];
  return sent;
}

function obey(words: readonly string[]): void {
  const [link, file, times = '1', perSecond = '0', ...options] = words;
  process.stdout.write(`${send(link, file, Number(times), Number(perSecond), new Set(options))}\n`);
}

if (process.argv.length > 2) obey(process.argv.slice(2));
else for await (const line of createInterface(process.stdin)) obey(line.split(' '));
