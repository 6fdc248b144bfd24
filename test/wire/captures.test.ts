// Every classic capture at hand against what tshark says of it: which frames hold which layers, and the packets of every
// TCP, UDP and SCTP flow. Each capture where we differ stands here with the reason; a reason that has become idle fails too.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Cursor } from '../../src/wire/cursor.ts';
import { decode } from '../../src/wire/decode.ts';
import { IPV4_DESTINATION, IPV4_SOURCE } from '../../src/wire/ipv4.ts';
import { IPV6_DESTINATION, IPV6_SOURCE } from '../../src/wire/ipv6.ts';
import { LAYER_NAMES } from '../../src/wire/layers.ts';
import { type PcapFile, readPcap } from '../kit/pcap.ts';
import { capture, hasShared, SHARED } from '../kit/shared.ts';

interface Oracle {
  packets: number;
  stacks: Record<string, number>;
  layer_frames: Record<string, number>;
  flows: { outer: FlowRow[]; inner?: FlowRow[] };
}
/** Transport, address, port, address, port, packets that way, bytes (2), packets back. */
type FlowRow = [string, string, number, string, number, number, number, number, number];

const COMPARED = [
  'ip',
  'ipv6',
  'tcp',
  'udp',
  'sctp',
  'dccp',
  'icmp',
  'icmpv6',
  'gre',
  'erspan',
  'vxlan',
  'geneve',
  'gtp',
];
COMPARED.push('l2tp', 'teredo', 'vlan', 'arp', 'esp', 'ah', 'ipv6.fraghdr', 'ipv6.hopopts');
const PORTED: Record<number, string> = { 6: 'tcp', 17: 'udp', 132: 'sctp' };

const AMSDU = "Aruba's wireless GRE, with several packets in one frame, is left alone";
const FRAGMENTS = 'tshark shows the transport on the fragment that completes a datagram, we on the first';
const FIRST_FRAGMENT = 'a first fragment, which tshark counts for the flow of its ports';
const LAYERS_DIFFER: Record<string, string> = {
  'arkime__arkime_synthetic.pcap': 'VXLAN-GPE is no layer in tshark',
  'goprobe__pkg__e2etest__testdata__c04-wap-r1.pcap.gz': FRAGMENTS,
  'goprobe__pkg__e2etest__testdata__fragmented.pcap.gz': FRAGMENTS,
  'mercury__unit_tests__pcaps__emix.pcap': 'ESP in UDP stays UDP',
  'ndpi__gtp_c.pcap': 'GTP signalling is UDP payload',
  'ndpi__ipsec_isakmp_esp.pcap': 'ESP in UDP stays UDP',
  'real__icmp.pcap': FRAGMENTS,
  'zeek__quic__383379789-decrypt-crash.pcap': 'IPv4 called IPv6: no layer for tshark, a malformed one for us',
  'zeek__tunnels__gre-aruba-amsdu.pcap': AMSDU,
  'zeek__tunnels__gtp__gtp10_not_0xff.pcap': 'GTP signalling is UDP payload',
  'zeek__tunnels__gtp__gtp1_gn_normal_incl_fragmentation.pcap': FRAGMENTS,
  'zeek__tunnels__gtp__gtp2_different_udp_port.pcap': FRAGMENTS,
};
const FLOWS_DIFFER: Record<string, string> = {
  'pcpp__ExamplesTest__expected_output__ipfragutil_bpf_filter.pcap': FIRST_FRAGMENT,
  'suricata__detect-ipopts.pcap': 'tshark shows the last hop of a source route as the destination, we the header',
  'tcpdump__bgp-bgp_capabilities_print-oobr-2.pcap': FIRST_FRAGMENT,
  'tcpdump__bootp_asan-2.pcap': FIRST_FRAGMENT,
  'tcpdump__bootp_asan.pcap': FIRST_FRAGMENT,
  'tcpdump__lmp-lmp_print_data_link_subobjs-oobr.pcap': FIRST_FRAGMENT,
  'tcpdump__rip_error_hexdump.pcap': FIRST_FRAGMENT,
  'zeek__cisco-fabric-path.pcap':
    'tshark fails in an SCTP packet that has no chunk where the frame ends, and shows no ports',
  'zeek__ipv6-fragmented-dns.pcap': FIRST_FRAGMENT,
  'zeek__tunnels__gre-aruba-amsdu.pcap': AMSDU,
  'zeek__tunnels__gtp__gtp1_gn_normal_incl_fragmentation.pcap': FRAGMENTS,
  'zeek__tunnels__gtp__gtp2_different_udp_port.pcap': FRAGMENTS,
};

const names = hasShared ? readdirSync(capture('')).filter((name) => existsSync(`${SHARED}oracle/${name}.json.gz`)) : [];
const c = new Cursor();

/** Decodes the packets that tshark read too, one after the other. */
function forEachPacket(file: PcapFile, packets: number, visit: () => void): void {
  for (const packet of file.packets) {
    if (packet.number > packets) return;
    c.reset(file.bytes, file.view, packet.offset, packet.capturedLength, packet.wireLength);
    decode(c, packet.linkType);
    visit();
  }
}

type Counts = Map<string, number>;
const add = (counts: Counts, key: string, n = 1): void => void counts.set(key, (counts.get(key) ?? 0) + n);

/** Frames with each layer; for IP how often it occurs in all frames. */
function countLayers(counts: Counts, stack: string[], frames: number): void {
  const seen = new Set<string>();
  for (const name of stack) {
    if (!COMPARED.includes(name) || (seen.has(name) && !name.startsWith('ip'))) continue;
    seen.add(name);
    add(counts, name, frames);
  }
}

function layersOfTshark(oracle: Oracle): Counts {
  const counts: Counts = new Map();
  for (const [stack, frames] of Object.entries(oracle.stacks)) {
    // A packet quoted in an ICMP error is no layer here.
    countLayers(counts, stack.replace(/(:icmp(v6)?):.*/, '$1').split(':'), frames);
  }
  return counts;
}

function layersOfOurs(file: PcapFile, oracle: Oracle): Counts {
  const counts: Counts = new Map();
  forEachPacket(file, oracle.packets, () => {
    const stack = Array.from(c.layers.subarray(0, c.depth), (layer) => LAYER_NAMES[layer] as string);
    // tshark names the layer that it fails in.
    if (c.fault !== 0 && !stack.includes(LAYER_NAMES[c.faultLayer])) stack.push(LAYER_NAMES[c.faultLayer]);
    countLayers(counts, stack, 1);
  });
  return counts;
}

const flowKey = (transport: string, a: string, b: string): string => `${transport} ${[a, b].sort().join(' ')}`;

function flowsOfTshark(oracle: Oracle): Counts {
  const counts: Counts = new Map();
  for (const [transport, a, aPort, b, bPort, there, , , back] of oracle.flows.inner ?? oracle.flows.outer) {
    if (!Object.values(PORTED).includes(transport)) continue;
    add(counts, flowKey(transport, `${canonical(a)} ${aPort}`, `${canonical(b)} ${bPort}`), there + back);
  }
  return counts;
}

function flowsOfOurs(file: PcapFile, oracle: Oracle): Counts {
  const counts: Counts = new Map();
  forEachPacket(file, oracle.packets, () => {
    const transport = PORTED[c.protocol];
    if (c.ipVersion === 0 || c.fragment || transport === undefined) return;
    const a = address(c.ipVersion === 4 ? IPV4_SOURCE : IPV6_SOURCE);
    const b = address(c.ipVersion === 4 ? IPV4_DESTINATION : IPV6_DESTINATION);
    add(counts, flowKey(transport, `${a} ${c.sourcePort}`, `${b} ${c.destinationPort}`));
  });
  return counts;
}

/** Text of the address at `field` of the network header. */
function address(field: number): string {
  const at = c.network + field;
  if (c.ipVersion === 4) return c.bytes.subarray(at, at + 4).join('.');
  return canonical([0, 2, 4, 6, 8, 10, 12, 14].map((i) => c.view.getUint16(at + i).toString(16)).join(':'));
}
const canonical = (text: string): string => (text.includes(':') ? new URL(`http://[${text}]/`).hostname : text);

function differences(ours: Counts, theirs: Counts): string[] {
  const keys = new Set([...ours.keys(), ...theirs.keys()]);
  const differing = [...keys].filter((key) => ours.get(key) !== theirs.get(key));
  return differing.map((key) => `${key}: ours ${ours.get(key) ?? 0}, tshark ${theirs.get(key) ?? 0}`);
}

describe.skipIf(!hasShared)('all captures', () => {
  test('agree with tshark on layers and flows, but for known reasons', () => {
    const layersDiffer = new Map<string, string[]>();
    const flowsDiffer = new Map<string, string[]>();
    let compared = 0;
    for (const name of names) {
      const file = readPcap(capture(name));
      if (file === null) continue;
      compared++;
      const oracle: Oracle = JSON.parse(gunzipSync(readFileSync(`${SHARED}oracle/${name}.json.gz`)).toString());
      // The oracle keeps the 300 most frequent stacks only; one capture of a fuzzer may have more.
      const layers =
        Object.keys(oracle.stacks).length < 300 ? differences(layersOfOurs(file, oracle), layersOfTshark(oracle)) : [];
      if (layers.length > 0) layersDiffer.set(name, layers);
      const flows = differences(flowsOfOurs(file, oracle), flowsOfTshark(oracle));
      if (flows.length > 0) flowsDiffer.set(name, flows.slice(0, 5));
    }
    expect(compared).toBeGreaterThan(600);
    const unexplained = (found: Map<string, string[]>, known: Record<string, string>) =>
      Object.fromEntries([...found].filter(([name]) => known[name] === undefined));
    expect(unexplained(layersDiffer, LAYERS_DIFFER), 'layers').toEqual({});
    expect(unexplained(flowsDiffer, FLOWS_DIFFER), 'flows').toEqual({});
    const idle = (found: Map<string, string[]>, known: Record<string, string>) =>
      Object.keys(known).filter((name) => !found.has(name));
    expect(idle(layersDiffer, LAYERS_DIFFER), 'reasons no longer needed').toEqual([]);
    expect(idle(flowsDiffer, FLOWS_DIFFER), 'reasons no longer needed').toEqual([]);
  });
});
