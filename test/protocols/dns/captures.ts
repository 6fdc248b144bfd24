// Plays the UDP datagrams of a capture to one DNS analyzer per flow, as the engine would. Fragments and tunnels' outsides apart.

import { dns } from '../../../src/protocols/dns/index.ts';
import type { DnsOptions } from '../../../src/protocols/dns/options.ts';
import type { Direction } from '../../../src/protocols/protocol.ts';
import { Cursor } from '../../../src/wire/cursor.ts';
import { decode } from '../../../src/wire/decode.ts';
import { AnalyzerKit, type Emitted } from '../../kit/analyzer.ts';
import { readPcap } from '../../kit/pcap.ts';

const UDP = 17;

export interface Datagram {
  packet: number;
  seconds: number;
  nanos: number;
  /** Addresses as hexadecimal text. */
  source: string;
  destination: string;
  sourcePort: number;
  destinationPort: number;
  payload: Uint8Array;
  wireLength: number;
}

/** The UDP datagrams of a classic pcap file; none for other formats. */
export function readDatagrams(path: string): Datagram[] {
  const datagrams: Datagram[] = [];
  const file = readPcap(path);
  if (file === null) return datagrams;
  const cursor = new Cursor();
  const { bytes, view } = file;
  for (const packet of file.packets) {
    cursor.reset(bytes, view, packet.offset, packet.capturedLength, packet.wireLength);
    decode(cursor, packet.linkType);
    if (cursor.protocol !== UDP || cursor.transport < 0 || cursor.fragment) continue;
    const [from, octets] = cursor.ipVersion === 4 ? [cursor.network + 12, 4] : [cursor.network + 8, 16];
    const address = (at: number) => Buffer.from(bytes.subarray(at, at + octets)).toString('hex');
    datagrams.push({
      packet: packet.number,
      seconds: packet.seconds,
      nanos: packet.nanos,
      source: address(from),
      destination: address(from + octets),
      sourcePort: cursor.sourcePort,
      destinationPort: cursor.destinationPort,
      payload: bytes.subarray(cursor.payload, cursor.payloadEnd),
      wireLength: cursor.payloadLength,
    });
  }
  return datagrams;
}

export interface Played {
  emitted: Emitted[];
  /** Ports of the flows that were taken for DNS by their content. */
  recognised: string[];
}

interface Side {
  address: string;
  port: number;
}

/** Every flow whose first datagrams pass `probe`. */
export function play(datagrams: readonly Datagram[], options: Partial<DnsOptions> = {}): Played {
  const flows = new Map<string, { kit: AnalyzerKit<unknown> | undefined; source: string; isOver: boolean }>();
  const played: Played = { emitted: [], recognised: [] };
  for (const datagram of datagrams) {
    const { source, destination, sourcePort, destinationPort, payload, packet } = datagram;
    const ends = [`${source}:${sourcePort}`, `${destination}:${destinationPort}`];
    const key = [...ends].sort().join('-');
    let flow = flows.get(key);
    if (flow === undefined) {
      flow = { kit: undefined, source: ends[0], isOver: false };
      flows.set(key, flow);
    }
    if (flow.isOver) continue;
    const direction: Direction = flow.source === ends[0] ? 0 : 1;
    const hinted = dns.ports.includes(sourcePort) || dns.ports.includes(destinationPort);
    if (flow.kit === undefined) {
      if (dns.probe(direction, payload, 0, payload.length, hinted, 'udp') !== 'yes') continue;
      if (!hinted) played.recognised.push(key);
      const here = { address: source, port: sourcePort };
      const there = { address: destination, port: destinationPort };
      flow.kit = kitFor(direction === 0 ? here : there, direction === 0 ? there : here, options);
    }
    const { kit } = flow;
    kit.packet = packet - 1;
    kit.seconds = datagram.seconds;
    kit.nanos = datagram.nanos;
    if (kit.message(direction, payload, datagram.wireLength) === 'reject') flow.isOver = true;
  }
  for (const { kit } of flows.values()) if (kit !== undefined) played.emitted.push(...kit.end());
  return played;
}

function kitFor(source: Side, destination: Side, options: Partial<DnsOptions>): AnalyzerKit<unknown> {
  const kit = new AnalyzerKit(dns, options, {
    sourcePort: source.port,
    destinationPort: destination.port,
    transport: 'udp',
  });
  return kit as AnalyzerKit<unknown>;
}
