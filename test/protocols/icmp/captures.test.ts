// Real captures against Packetbeat's documents. Where the two differ on purpose, Packetbeat's side is what is computed: it never
// pairs neighbour discovery, and it loses the requests that still wait when the file ends.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { communityId } from '../../../src/flow/community-id.ts';
import type { FlowView } from '../../../src/protocols/flow-view.ts';
import { icmp } from '../../../src/protocols/icmp/index.ts';
import { readV6 } from '../../../src/protocols/icmp/ipv6-address.ts';
import { u32 } from '../../../src/protocols/octets.ts';
import { Address } from '../../../src/records/address.ts';
import { AnalyzerKit } from '../../kit/analyzer.ts';
import { capture, hasShared, SHARED } from '../../kit/shared.ts';

/** Classic little-endian pcap files with Ethernet, at most VLAN tags, and no IP fragments that matter. */
const CAPTURES = [
  'real__icmp.pcap',
  'arkime__cloudshark-arp.pcap',
  'arkime__dot1ad.pcap',
  'arkime__ospf.pcap',
  'arkime__v6-http.pcap',
  'arkime__wireshark-dhcpv6.pcap',
  'mercury__unit_tests__pcaps__emix.pcap',
  'ndpi__googledns_android10.pcap',
  'suricata__bug-4663-03__icmp_and_ssh.pcap',
  'suricata__output-eve-ftp-data.pcap',
  'suricata__smb2-ntlmssp-negotiateflags.pcap',
  'zeek__icmp__icmp6-router-advert.pcap',
  'zeek__smtp.pcap',
];

interface Packet {
  seconds: number;
  nanos: number;
  source: Address;
  destination: Address;
  protocol: number;
  message: Uint8Array;
  wireLength: number;
}

/** The ICMP and ICMPv6 messages of a capture. */
function* icmpPackets(file: Buffer): Generator<Packet> {
  const nanosPerTick = file.readUInt32LE(0) === 0xa1b23c4d ? 1 : 1000;
  for (let at = 24; at + 16 <= file.length; ) {
    const seconds = file.readUInt32LE(at);
    const nanos = file.readUInt32LE(at + 4) * nanosPerTick;
    const frame = file.subarray(at + 16, at + 16 + file.readUInt32LE(at + 8));
    at += 16 + frame.length;
    let ip = 14;
    while (ip + 4 <= frame.length && [0x8100, 0x88a8].includes(frame.readUInt16BE(ip - 2))) ip += 4;
    if (ip + 20 > frame.length) continue;
    const source = new Address();
    const destination = new Address();
    let protocol: number;
    let start: number;
    let end: number;
    if (frame.readUInt16BE(ip - 2) === 0x0800) {
      if ((frame.readUInt16BE(ip + 6) & 0x3fff) !== 0) continue;
      source.setV4(u32(frame, ip + 12));
      destination.setV4(u32(frame, ip + 16));
      protocol = frame[ip + 9];
      start = ip + (frame[ip] & 15) * 4;
      end = ip + frame.readUInt16BE(ip + 2);
    } else if (frame.readUInt16BE(ip - 2) === 0x86dd && ip + 42 <= frame.length) {
      readV6(frame, ip + 8, source);
      readV6(frame, ip + 24, destination);
      protocol = frame[ip + 6];
      start = ip + 40;
      end = start + frame.readUInt16BE(ip + 4);
      if (protocol === 0) {
        protocol = frame[start];
        start += (frame[start + 1] + 1) * 8;
      }
    } else continue;
    if (protocol !== (source.v6 ? 58 : 1)) continue;
    yield {
      seconds,
      nanos,
      source,
      destination,
      protocol,
      message: frame.subarray(start, end),
      wireLength: end - start,
    };
  }
}

type Row = Record<string, unknown>;

function ours(name: string): Row[] {
  const kits = new Map<string, AnalyzerKit<unknown>>();
  for (const packet of icmpPackets(readFileSync(capture(name)))) {
    const { source, destination, protocol, message, wireLength } = packet;
    const id = communityId(source, destination, protocol, message[0], message[1]);
    let kit = kits.get(id);
    if (kit === undefined) {
      const flow = { source, destination, protocol, communityId: id } as Partial<FlowView>;
      kits.set(id, (kit = new AnalyzerKit(icmp as never, {}, flow)));
    }
    kit.advance(packet.seconds - kit.seconds);
    kit.nanos = packet.nanos;
    kit.message(source.equals(kit.flow.source) ? 0 : 1, message, wireLength);
  }
  const rows: Row[] = [];
  for (const kit of kits.values()) {
    for (const { record, from } of kit.end()) {
      const { requestType: type, responseType } = record;
      if (String(record.errorMessage).startsWith('Request was received')) continue;
      const ends = [String(kit.flow.source), String(kit.flow.destination)];
      const [source, destination] = from === 0 ? ends : ends.reverse();
      const row: Row = { source, destination, communityId: kit.flow.communityId, status: record.status };
      const request = { message: record.requestMessage, type, code: record.requestCode };
      const response = { message: record.responseMessage, type: responseType, code: record.responseCode };
      if (record.errorMessage !== undefined) row.note = (record.errorMessage as string[])[0];
      if (type !== undefined && record.sourceBytes !== undefined) row.sourceBytes = record.sourceBytes;
      if (type !== undefined) row.request = request;
      if (responseType !== undefined) row.response = response;
      if (responseType !== undefined && record.destinationBytes !== undefined)
        row.destinationBytes = record.destinationBytes;
      rows.push(row);
    }
  }
  return rows.flatMap(unpairDiscovery);
}

function unpairDiscovery(row: Row): Row[] {
  if (row.request === undefined || (row.response as { type: number } | undefined)?.type !== 136) return [row];
  const { response, destinationBytes, ...request } = row;
  const { source, destination } = row;
  return [
    request,
    { ...request, source: destination, destination: source, request: response, sourceBytes: destinationBytes },
  ];
}

function packetbeats(name: string): Row[] {
  const lines = gunzipSync(readFileSync(`${SHARED}golden/packetbeat/${name}.ndjson.gz`))
    .toString()
    .split('\n');
  return lines
    .filter((line) => line.includes('"type":"icmp"'))
    .map((line) => {
      const { source, destination, icmp, status, error, network } = JSON.parse(line);
      const row: Row = { source: source.ip, destination: destination.ip, communityId: network.community_id, status };
      if (error !== undefined) row.note = error.message;
      if (source.bytes !== undefined) row.sourceBytes = source.bytes;
      if (icmp.request !== undefined) row.request = icmp.request;
      if (icmp.response !== undefined) row.response = icmp.response;
      if (destination.bytes !== undefined) row.destinationBytes = destination.bytes;
      return row;
    });
}

/** Rows as sorted text: documents of one capture come in no order that matters. Unpaired discovery has an id of its own side. */
function sorted(rows: Row[]): string[] {
  return rows
    .map((row) => {
      const type = (row.request as { type: number } | undefined)?.type;
      const { communityId: id, ...rest } = row;
      const entries = Object.entries(type === 135 || type === 136 ? rest : { ...rest, id });
      const ordered = (value: unknown) =>
        value instanceof Object ? JSON.stringify(Object.entries(value).sort()) : value;
      return JSON.stringify(entries.map(([key, value]) => [key, ordered(value)]).sort());
    })
    .sort();
}

describe.skipIf(!hasShared)('captures', () => {
  it.each(CAPTURES)('%s gives what Packetbeat gives', (name) => {
    const expected = sorted(packetbeats(name));
    expect(expected.length).toBeGreaterThan(0);
    expect(sorted(ours(name))).toEqual(expected);
  });
});
