// The workloads: which traffic, how much of it, what is made of it, and what docs call the must and the want. Sizes are of the big
// file (4N packets); the small one is its first quarter.

import { ConversationTraffic } from '../test/kit/generate/conversations.ts';
import { DnsTraffic } from '../test/kit/generate/dns.ts';
import { EncapsulationTraffic } from '../test/kit/generate/encapsulation.ts';
import { FlowsTraffic } from '../test/kit/generate/flows.ts';
import { HttpTraffic } from '../test/kit/generate/http.ts';
import { allProtocols, officeTraffic } from '../test/kit/generate/mixed.ts';
import type { Traffic } from '../test/kit/generate/pcap-writer.ts';
import { TLS_SCRIPTS } from '../test/kit/generate/scripts.ts';
import { StormTraffic } from '../test/kit/generate/storm.ts';

export interface Capture {
  name: string;
  make: () => Traffic;
  /** Packets of the big file. */
  packets: number;
  packetsPerSecond: number;
  /** Rough size of a packet in the file, to keep the cache below its limit. */
  bytesPerPacket: number;
  seed: number;
}

/** `packets`: CPU ns per packet, lower is better; else documents of that record type, or packets, per CPU second: higher is better. */
export type Unit = 'ns/packet' | 'packets/s' | 'http/s' | 'dns/s' | 'tls/s';

export interface Workload {
  name: string;
  capture: Capture;
  /** Words behind `capture -r FILE`; STORE stands for a fresh folder. */
  words: readonly string[];
  unit: Unit;
  must?: number;
  want?: number;
  mustPeakMiB?: number;
  /** tshark's words behind `-r FILE` for a comparable job. */
  tshark?: readonly string[];
}

const SMALL: readonly [number, number] = [60, 128];
const SEED = 20_260_301;

const flows = (name: string, count: number, v6: number): Capture => ({
  name,
  make: () => new FlowsTraffic({ flows: count, v6, sizes: SMALL, seed: SEED }),
  packets: 6_000_000,
  packetsPerSecond: 25_000,
  bytesPerPacket: 105,
  seed: SEED,
});
const captures = {
  flows20k: flows('flows-20k', 20_000, 0),
  flows150k: flows('flows-150k', 150_000, 0),
  flows1m: flows('flows-1m', 1_100_000, 0),
  flows150k6: flows('flows-150k-ipv6', 150_000, 1),
  storm: {
    name: 'storm',
    make: () => new StormTraffic(SEED),
    packets: 6_000_000,
    packetsPerSecond: 500_000,
    bytesPerPacket: 80,
    seed: SEED,
  },
  encapsulation: {
    name: 'encapsulation',
    make: () => new EncapsulationTraffic(SEED),
    packets: 2_400_000,
    packetsPerSecond: 20_000,
    bytesPerPacket: 190,
    seed: SEED,
  },
  http: {
    name: 'http',
    make: () => new HttpTraffic({ seed: SEED, connections: 400 }),
    packets: 800_000,
    packetsPerSecond: 10_000,
    bytesPerPacket: 920,
    seed: SEED,
  },
  httpShort: {
    name: 'http-short',
    make: () => new HttpTraffic({ seed: SEED, connections: 400, longestBody: 1200 }),
    packets: 800_000,
    packetsPerSecond: 10_000,
    bytesPerPacket: 620,
    seed: SEED,
  },
  dns: {
    name: 'dns',
    make: () => new DnsTraffic({ seed: SEED }),
    packets: 1_200_000,
    packetsPerSecond: 10_000,
    bytesPerPacket: 130,
    seed: SEED,
  },
  mixed: {
    name: 'mixed',
    make: () => officeTraffic(60_000, SEED),
    packets: 1_000_000,
    packetsPerSecond: 10_000,
    bytesPerPacket: 540,
    seed: SEED,
  },
  tls: {
    name: 'tls',
    make: () => new ConversationTraffic(TLS_SCRIPTS, { seed: SEED, atOnce: 400 }),
    packets: 800_000,
    packetsPerSecond: 10_000,
    bytesPerPacket: 420,
    seed: SEED,
  },
  all: {
    name: 'all-protocols',
    make: () => allProtocols(60_000, SEED),
    packets: 1_000_000,
    packetsPerSecond: 10_000,
    bytesPerPacket: 480,
    seed: SEED,
  },
} satisfies Record<string, Capture>;

const COUNT_FLOWS = ['--records', 'flow', '--to', 'null:'];
const CONVERSATIONS = ['-q', '-z', 'conv,ip'];

export const WORKLOADS: readonly Workload[] = [
  {
    name: 'flows-20k',
    capture: captures.flows20k,
    words: COUNT_FLOWS,
    unit: 'ns/packet',
    must: 90,
    want: 45,
    tshark: CONVERSATIONS,
  },
  { name: 'flows-150k', capture: captures.flows150k, words: COUNT_FLOWS, unit: 'ns/packet', must: 110, want: 60 },
  {
    name: 'flows-1m',
    capture: captures.flows1m,
    words: COUNT_FLOWS,
    unit: 'ns/packet',
    must: 250,
    want: 120,
    mustPeakMiB: 200,
  },
  { name: 'flows-150k-ipv6', capture: captures.flows150k6, words: COUNT_FLOWS, unit: 'ns/packet' },
  { name: 'storm', capture: captures.storm, words: COUNT_FLOWS, unit: 'ns/packet' },
  { name: 'encapsulation', capture: captures.encapsulation, words: COUNT_FLOWS, unit: 'ns/packet' },
  {
    name: 'http-ndjson',
    capture: captures.http,
    words: ['--records', 'http', '--to', 'ndjson:-'],
    unit: 'http/s',
    must: 200_000,
    want: 450_000,
    tshark: ['-Y', 'http', '-T', 'ek'],
  },
  {
    name: 'http-store',
    capture: captures.http,
    words: ['--records', 'http', '--to', 'store:STORE'],
    unit: 'http/s',
    must: 100_000,
    want: 180_000,
  },
  {
    name: 'http-short-ndjson',
    capture: captures.httpShort,
    words: ['--records', 'http', '--to', 'ndjson:-'],
    unit: 'http/s',
    must: 200_000,
    want: 450_000,
  },
  {
    name: 'dns-ndjson',
    capture: captures.dns,
    words: ['--records', 'dns', '--to', 'ndjson:-'],
    unit: 'dns/s',
    must: 350_000,
    want: 700_000,
    tshark: ['-Y', 'dns', '-T', 'ek'],
  },
  {
    name: 'dns-store',
    capture: captures.dns,
    words: ['--records', 'dns', '--to', 'store:STORE'],
    unit: 'dns/s',
    must: 150_000,
    want: 250_000,
  },
  {
    name: 'mixed-ndjson',
    capture: captures.mixed,
    words: ['--to', 'ndjson:-'],
    unit: 'packets/s',
    must: 800_000,
    want: 2_000_000,
    mustPeakMiB: 300,
    tshark: ['-T', 'ek'],
  },
  {
    name: 'tls-ndjson',
    capture: captures.tls,
    words: ['--records', 'tls', '--to', 'ndjson:-'],
    unit: 'tls/s',
    tshark: ['-Y', 'tls.handshake', '-T', 'ek'],
  },
  {
    name: 'all-protocols',
    capture: captures.all,
    words: ['--to', 'ndjson:-'],
    unit: 'packets/s',
    must: 800_000,
    want: 2_000_000,
    mustPeakMiB: 300,
    tshark: ['-T', 'ek'],
  },
];
