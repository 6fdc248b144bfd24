// npm run bench:live: live capture over a pair of interfaces in a network namespace of its own, as root. For each program: packets
// offered, captured, dropped, and the CPU time of its process per packet (all threads, without start-up: between listening and the end
// of the load). The sender's own limit is the load; the kernel's work on each packet is the sender's CPU, not the program's.
//
//   npm run bench:live [-- seconds]
//
// Peers run when they are installed: tcpdump -w /dev/null, softflowd (Debian: apt install tcpdump softflowd).

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { Namespace, noNamespaces, Program, writeFrames } from '../test/kit/namespace.ts';
import { udpFrame } from '../test/kit/packets.ts';
import { PROJECT } from '../test/kit/shared.ts';

if (noNamespaces !== '') throw new Error(`live capture can not be measured here: ${noNamespaces}`);
/** Packets before the measured ones: V8 compiles hot code anew, in threads of its own, until some hundred thousands have gone through it. */
const WARM_UP = 500_000;
/** A rate that nobody drops anything at. */
const WARM_UP_RATE = 100_000;
const seconds = Number(process.argv[2] ?? 4);
const folder = mkdtempSync(join(tmpdir(), 'netscribe-bench-live-'));
const ns = new Namespace();

interface Load {
  name: string;
  file: string;
  frames: number;
  /** Packets a second; 0 for as many as the sender can. */
  rate: number;
}

interface Row {
  load: string;
  program: string;
  offered: number;
  perSecond: number;
  captured: number | undefined;
  dropped: number | undefined;
  cpuNs: number;
}

/** Nanoseconds on a CPU of all threads of a process and of its children. */
function cpuOf(pid: number): number {
  let sum = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]);
    const children = readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').trim();
    for (const child of children === '' ? [] : children.split(' ')) sum += cpuOf(Number(child));
  }
  return sum;
}

function load(name: string, flows: number, rate: number): Load {
  const file = join(folder, `${flows}.pcap`);
  const frames = Math.max(flows, 1000);
  writeFrames(
    file,
    Array.from({ length: frames }, (_, i) => {
      const flow = i % flows;
      return udpFrame(1024 + (flow % 50_000), 7777, {
        to: `10.1.${Math.floor(flow / 50_000)}.2`,
        payload: new Uint8Array(40),
      });
    }),
  );
  return { name, file, frames, rate };
}

async function measure(
  program: string,
  start: Program,
  isReady: () => boolean,
  { name, file, frames, rate }: Load,
  read: (program: Program) => Promise<{ captured?: number; dropped?: number }>,
): Promise<Row> {
  await start.until(isReady);
  // What starting left to do is not the packets' doing.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const pid = start.child.pid!;
  const sender = new Program(['ip', 'netns', 'exec', ns.name, process.execPath, `${PROJECT}test/kit/send-frames.ts`]);
  const send = async (packets: number, atRate = rate) =>
    Number(await sender.ask(`a ${file} ${Math.max(1, Math.ceil(packets / frames))} ${atRate} bypass`));
  // What compiling the code costs is paid once, not for each packet.
  const warm = await send(WARM_UP, WARM_UP_RATE);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = cpuOf(pid);
  const begun = performance.now();
  const offered = await send((rate === 0 ? 150_000 : rate) * seconds);
  const took = performance.now() - begun;
  // The last block, and the next reading of the kernel's map.
  await new Promise((resolve) => setTimeout(resolve, 400));
  const cpu = cpuOf(pid) - before;
  const { captured, dropped } = await read(start);
  sender.child.stdin!.end();
  await sender.end();
  return {
    load: name,
    program,
    offered: offered + warm,
    perSecond: (offered / took) * 1000,
    captured,
    dropped,
    cpuNs: cpu / offered,
  };
}

const count = (pattern: RegExp, text: string) => Number(pattern.exec(text)?.[1] ?? Number.NaN);

async function netscribe(name: string, words: readonly string[], on: Load): Promise<Row> {
  const program = ns.netscribe(['capture', '-i', 'b', '--to', 'null:', '--summary', 'json', ...words]);
  return measure(
    name,
    program,
    () => program.err.includes('listening'),
    on,
    async () => {
      const { err } = await program.interrupt();
      const { packets, loss } = JSON.parse(err.trim().split('\n').at(-1)!);
      return { captured: packets, dropped: loss.kernel };
    },
  );
}

function isInstalled(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`]);
    return true;
  } catch {
    return false;
  }
}

async function tcpdump(on: Load): Promise<Row> {
  const words = ['netns', 'exec', ns.name, 'tcpdump', '-i', 'b', '-n', '-B', '65536', '-w', '/dev/null'];
  const program = new Program(['ip', ...words]);
  return measure(
    'tcpdump -w /dev/null',
    program,
    () => program.err.includes('listening'),
    on,
    async () => {
      const { err } = await program.interrupt();
      return {
        captured: count(/(\d+) packets? captured/, err),
        dropped: count(/(\d+) packets? dropped by kernel/, err),
      };
    },
  );
}

async function softflowd(on: Load): Promise<Row> {
  const socket = join(folder, 'softflowd.ctl');
  const words = ['-i', 'b', '-d', '-p', join(folder, 'softflowd.pid'), '-c', socket];
  const program = new Program(['ip', 'netns', 'exec', ns.name, 'softflowd', ...words]);
  return measure(
    'softflowd',
    program,
    () => program.err.includes('softflowd v'),
    on,
    async () => {
      const said = ns.run('softflowctl', '-c', socket, 'statistics');
      await program.interrupt();
      return {
        captured: count(/Packets processed: (\d+)/, said),
        dropped: count(/Packets dropped by kernel: (\d+)|dropped by libpcap: (\d+)/, said),
      };
    },
  );
}

const rows: Row[] = [];
try {
  const loads = [
    load('50 000 packets/s, 1000 flows', 1000, 50_000),
    load('all the sender can, 1000 flows', 1000, 0),
    load('all the sender can, 100 000 flows', 100_000, 0),
  ];
  for (const on of loads) {
    rows.push(await netscribe('netscribe, ring, flows', ['--records', 'flow,loss'], on));
    rows.push(await netscribe('netscribe, ring, everything', [], on));
    rows.push(
      await netscribe(
        'netscribe, tcx',
        ['--records', 'flow,loss', '--flow-source', 'tcx', '--set', 'flows.kernel_entries=262144'],
        on,
      ),
    );
    if (isInstalled('tcpdump')) rows.push(await tcpdump(on));
    if (isInstalled('softflowd')) rows.push(await softflowd(on));
  }
} finally {
  await ns.remove();
  rmSync(folder, { recursive: true });
}
const table = new Table({
  head: ['load', 'program', 'offered', 'packets/s', 'captured', 'dropped', 'CPU ns/packet'],
  style: { head: [], border: [] },
});
for (const { load: name, program, offered, perSecond, captured, dropped, cpuNs } of rows) {
  table.push(
    [name, program, offered, Math.round(perSecond), captured ?? '?', dropped ?? '?', cpuNs.toFixed(1)].map(String),
  );
}
process.stdout.write(`${table}\n`);
