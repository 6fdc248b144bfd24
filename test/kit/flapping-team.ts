// A fan-out group of two threads' rings on the interface `b` of a namespace, as this process sees it: rings join, take over and leave while the
// link goes down and comes back. Prints, for each burst of packets of different address pairs, how many the kernel gave to which ring.

import { execFileSync } from 'node:child_process';
import { kernelFilter, REFUSE_ALL } from '../../src/sources/ring/kernel-filter.ts';
import { newRingTeam, RingShare } from '../../src/sources/ring/ring-team.ts';
import { AF_PACKET, SOCK_RAW } from '../../src/system/abi.ts';
import { loadLibc } from '../../src/system/libc.ts';
import { listLinks } from '../../src/system/links.ts';
import { NETLINK, openNetlink } from '../../src/system/netlink.ts';
import { PacketRing } from '../../src/system/packet-ring.ts';
import { udpFrame } from './packets.ts';

const BURST = 200;
/** Where the source address stands, in Ethernet and IPv4. */
const SOURCE = 26;
const libc = await loadLibc();
const ifindex = listLinks(await openNetlink(NETLINK.ROUTE)).find(({ name }) => name === 'b')!.index;
const everything = kernelFilter({
  snapLength: 262_144,
  direction: 'inout',
  loopback: 0,
  only: undefined,
  except: [],
  user: undefined,
});
const team = newRingTeam(2);
const shares = [0, 1].map((number) => new RingShare({ ...team, number }, ifindex));
const rings = new Map<string, PacketRing>();

const make = () =>
  PacketRing.openLater(libc, {
    blockBytes: 65_536,
    blocks: 8,
    retireMs: 60,
    filter: REFUSE_ALL,
    ifindex,
    ignoreOutgoing: false,
  });
async function enter(name: string, thread: number): Promise<void> {
  rings.set(name, (await shares[thread].tryEnter(make, (ring) => ring.setFilter(everything)))!);
}
async function leave(name: string, thread: number, meanwhile: () => void = () => undefined): Promise<void> {
  await shares[thread].tryLeave(rings.get(name)!, async () => meanwhile());
  rings.delete(name);
}

function flap(): void {
  const lines = ['link set dev b down', 'link set dev b up'];
  execFileSync('ip', ['-batch', '-'], { input: lines.join('\n') });
}

const address = new DataView(new ArrayBuffer(20));
address.setUint16(0, AF_PACKET, true);
address.setInt32(4, ifindex, true);
/** Says by ring what came since the last time. */
function burst(what: string): void {
  const before = new Map([...rings].map(([name, ring]) => [name, received(ring)]));
  const fd = libc.socket(AF_PACKET, SOCK_RAW, 0);
  libc.bind(fd, new Uint8Array(address.buffer));
  for (let i = 0; i < BURST; i++) {
    const frame = udpFrame(40_000, 9999);
    frame.set([10, 0, i >> 8, i & 255], SOURCE);
    libc.send(fd, frame);
  }
  libc.close(fd);
  const got = Object.fromEntries([...rings].map(([name, ring]) => [name, received(ring) - before.get(name)!]));
  console.log(JSON.stringify({ what, ...got }));
}
function received(ring: PacketRing): number {
  ring.count();
  return ring.received;
}

await enter('a', 0);
await enter('b', 1);
for (const ring of rings.values()) ring.setFilter(everything);
burst('two rings');
await enter('a2', 0);
await leave('a', 0);
burst('one was replaced');
// The kernel had [a2, b], for the last takes the place of who leaves; now it has them in the order in which they were made.
flap();
await enter('b2', 1);
burst('the other was replaced behind a flap');
await leave('b', 1, () => {
  flap();
  burst('a flap while the former is on its way out');
});
burst('the former has left');
flap();
await shares[0].tryRestore(rings.get('a2')!);
await shares[1].tryRestore(rings.get('b2')!);
burst('restored behind a flap');
flap();
await enter('a3', 0);
flap();
await leave('a2', 0);
burst('a flap at each step');
process.exit(0);
