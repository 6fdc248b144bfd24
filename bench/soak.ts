// npm run soak [-- --minutes 10 --rate 50000 --flows 100000 --interval 60]: a daemon under steady load, to see that nothing grows. Prints,
// for each interval: packets, drops, memory, the longest hold-up of the capture thread and the most CPU time of its own in one, the longest
// write-out. Needs root (namespaces).

import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openStore } from '../src/store/store.ts';
import { DaemonKit } from '../test/kit/daemon.ts';
import { noNamespaces, writeFrames } from '../test/kit/namespace.ts';
import { udpFrame } from '../test/kit/packets.ts';
import { LAUNCHER } from '../test/kit/program.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '50000' },
    flows: { type: 'string', default: '100000' },
    interval: { type: 'string', default: '60' },
  },
});
const [minutes, rate, flows, interval] = [values.minutes, values.rate, values.flows, values.interval].map(Number);
if (noNamespaces !== '') {
  console.error(`soak: ${noNamespaces}`);
  process.exit(4);
}

/** Frames are sent in pieces of so many seconds, each with new flows. */
const PIECE_SECONDS = Math.min(2, 80_000 / rate);
const FRAME_BYTES = 80;
const STARTED_MS = 3000;

const kit = new DaemonKit({
  capture: { interfaces: { b: null }, records: ['flow', 'transactions'] },
  flows: { interval: `${interval}s` },
  // As long as people give it, not tests.
  stop_timeout: '4500ms',
});
// As people start it, with the options that the launcher gives to Node.
kit.ns.program = LAUNCHER;
/** One is written while the other is sent. */
const fileOf = (piece: number) => `${kit.folder}/piece-${piece % 2}.pcap`;
const perPiece = Math.round(rate * PIECE_SECONDS);
const flowsPerPiece = Math.max(1, Math.round((flows / 60) * PIECE_SECONDS));
const template = udpFrame(0, 9999, { payload: 'x'.repeat(FRAME_BYTES - 42) });
const frames = Array.from({ length: perPiece }, () => Uint8Array.from(template));

/** Other sources for each piece: address by piece, port by flow. */
function write(piece: number): void {
  for (let i = 0; i < perPiece; i++) {
    const frame = frames[i];
    const flow = i % flowsPerPiece;
    frame[27] = 1 + (piece >> 8);
    frame[28] = piece & 255;
    frame[29] = flow >> 14;
    frame[34] = 64 | ((flow >> 8) & 63);
    frame[35] = flow & 255;
  }
  writeFrames(fileOf(piece), frames);
}

interface Figures {
  sent: number;
  received: number;
  dropped: number;
  rssMiB: number;
  stallMs: number;
  busyMs: number;
  writeoutMs: number;
  flows: number;
  cpuSeconds: number;
}

let pid = 0;
let stall = 0;
let busy = 0;
let writeoutSum = 0;
let writeout = 0;

/** Figures of the last second, from where Prometheus would take them. */
async function look(): Promise<void> {
  const metrics = await kit.metrics();
  const of = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1] ?? 0);
  stall = Math.max(stall, of('netscribe_capture_event_loop_delay_seconds'));
  busy = Math.max(busy, of('netscribe_capture_event_loop_cpu_seconds'));
  const sum = of('netscribe_store_writeout_duration_seconds_sum');
  writeout = Math.max(writeout, sum - writeoutSum);
  writeoutSum = sum;
}

function processFigures(): { rssMiB: number; cpuSeconds: number } {
  const rss = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return { rssMiB: Math.round(rss / 1024), cpuSeconds: (Number(stat[11]) + Number(stat[12])) / 100 };
}

async function report(sent: number): Promise<Figures> {
  const { interfaces, engine } = await kit.status();
  const figures = {
    sent,
    received: interfaces.b.received_total,
    dropped: interfaces.b.dropped_total,
    ...processFigures(),
    stallMs: Math.round(stall * 1000),
    busyMs: Math.round(busy * 1000),
    writeoutMs: Math.round(writeout * 1000),
    flows: engine?.flows ?? 0,
  };
  stall = 0;
  busy = 0;
  writeout = 0;
  return figures;
}

try {
  await kit.start();
  pid = Number(
    readdirSync('/proc').find((name) => {
      try {
        return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(`run\0-c\0${kit.file}`);
      } catch {
        return false;
      }
    }),
  );
  write(0);
  // What starting took is no hold-up of packets: figures say for a second, and one more on a busy machine, what was before.
  await new Promise((resolve) => setTimeout(resolve, STARTED_MS));
  await look();
  await report(0);
  const watching = setInterval(() => void look().catch(() => undefined), 1000);
  console.log(
    '  time     sent     received  dropped   flows    RSS   CPU/packet  longest stall  its own CPU  write-out',
  );
  const begun = performance.now();
  const until = begun + minutes * 60_000;
  let sent = 0;
  let before: Figures | undefined;
  let next = begun + interval * 1000;
  for (let piece = 0; performance.now() < until; piece++) {
    const sending = kit.ns.send('a', fileOf(piece), 1, rate, true);
    write(piece + 1);
    sent += await sending;
    if (performance.now() < next) continue;
    next += interval * 1000;
    const now = await report(sent);
    const packets = now.received - (before?.received ?? 0);
    const ns = ((now.cpuSeconds - (before?.cpuSeconds ?? 0)) * 1e9) / Math.max(1, packets);
    console.log(
      [
        `${Math.round((performance.now() - begun) / 1000)} s`.padStart(6),
        String(now.sent).padStart(10),
        String(now.received).padStart(11),
        String(now.dropped).padStart(8),
        String(now.flows).padStart(8),
        `${now.rssMiB} MiB`.padStart(9),
        `${ns.toFixed(0)} ns`.padStart(10),
        `${now.stallMs} ms`.padStart(14),
        `${now.busyMs} ms`.padStart(12),
        `${now.writeoutMs} ms`.padStart(11),
      ].join(' '),
    );
    before = now;
  }
  clearInterval(watching);
  const stopping = performance.now();
  const { code, err } = await kit.stop();
  const took = ((performance.now() - stopping) / 1000).toFixed(1);
  // What there was no time for at the end is in the log; whoever writes next makes segments of it.
  const store = openStore(kit.store);
  store.rotate();
  store.close();
  const sum = 'select sum(source_packets + destination_packets) from flow';
  const stored = (await kit.command('sql', '--store', kit.store, '-e', 'csv', sum)).trim().split(/\r?\n/).at(-1);
  console.log(
    `ended with ${code} after ${took} s${code === 143 ? '' : `: ${err}`}; sent ${sent}, in the store ${stored}`,
  );
} finally {
  await kit.remove();
}
