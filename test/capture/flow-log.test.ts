// The flow log: direction, rotation, limits, and the same flows as the engine finds in real captures.

import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { isCommonPort } from '../../src/capture/ep-hash.ts';
import { newFlow, PACKET_OTHER_HOST, PACKET_OUTGOING_TYPE, updateFlow } from '../../src/capture/flow.ts';
import { FlowLog } from '../../src/capture/flow-log.ts';
import { IpLayerFinder, NO_IP } from '../../src/capture/ip-layer.ts';
import { transportName } from '../../src/records/transports.ts';
import { openInputs } from '../../src/sources/open.ts';
import fc from '../kit/arbitrary.ts';
import { documents, runFiles } from '../kit/engine.ts';
import { capture, hasShared, SHARED } from '../kit/shared.ts';
import { type Bytes, bytes, echo, ip4, ip6, zeros } from '../wire/frames.ts';
import { tcp4, tcp6, udp4, udp6, viewOf } from './packets.ts';

const IN = PACKET_OTHER_HOST;
const OUT = PACKET_OUTGOING_TYPE;
const add = (log: FlowLog, packet: Bytes, type = IN, size = 100) =>
  log.addPacket(packet, viewOf(packet), 0, packet.length, type, size);
const only = (log: FlowLog) => {
  const [first, ...more] = log.toJSON();
  expect(more).toEqual([]);
  return first;
};

test('a flow counts what came in and what went out', () => {
  const flow = newFlow(IN, 60);
  updateFlow(flow, OUT, 1500);
  updateFlow(flow, IN, 40);
  expect(flow).toEqual({ bytesRcvd: 100, packetsRcvd: 2, bytesSent: 1500, packetsSent: 1 });
});

describe('who began', () => {
  const source = (...packets: Bytes[]) => {
    const log = new FlowLog();
    for (const packet of packets) add(log, packet);
    const { flow, direction_confidence_high } = only(log);
    return `${flow.sip}${direction_confidence_high ? '' : '?'}`;
  };
  const A = '10.0.0.1';
  const B = '10.0.0.2';
  test('a SYN says it, a SYN-ACK too', () => {
    expect(source(tcp4(9999, 40000, 0x02))).toBe(A);
    expect(source(tcp4(9999, 40000, 0x12))).toBe(B);
    expect(source(tcp4(50000, 50001, 0x12), tcp4(50001, 50000, 0x10, '0a000002', '0a000001'))).toBe(B);
  });
  test('without them the ports', () => {
    expect(source(tcp4(40000, 9999))).toBe(`${A}?`);
    expect(source(tcp4(9999, 40000))).toBe(`${B}?`);
    expect(source(tcp4(443, 40000))).toBe(`${B}?`);
    expect(source(udp4(2000, 1000))).toBe(`${A}?`);
    expect(source(udp4(1000, 2000))).toBe(`${B}?`);
    expect(source(udp4(1000, 1000))).toBe(`${A}?`);
  });
  test('multicast and broadcast are never the beginner', () => {
    expect(source(udp4(1900, 50000, '0a000001', 'e0000001'))).toBe(A);
    expect(source(udp4(1900, 50000, '0a000001', 'ffffffff'))).toBe(A);
    expect(source(udp4(1900, 50000, '0a000001', 'efffffff'))).toBe(A);
  });
  test('messages of ICMP have roles', () => {
    const icmp = (type: number) => ip4(1, bytes(type, zeros(7)));
    expect(source(icmp(8))).toBe(A);
    expect(source(icmp(13))).toBe(A);
    for (const reply of [0, 3, 11, 12, 14]) expect(source(icmp(reply))).toBe(B);
    const icmp6 = (type: number) => ip6(58, bytes(type, zeros(7)));
    expect(source(icmp6(128))).toBe('2001:db8::1');
    for (const reply of [1, 2, 3, 4, 129]) expect(source(icmp6(reply))).toBe('2001:db8::2');
  });
  test('else whoever is seen first', () => {
    expect(source(ip4(47, zeros(8)))).toBe(`${A}?`);
  });
});

describe('rotation', () => {
  test('sums up without the client port, keeps the direction, lets idle flows go', () => {
    const log = new FlowLog();
    add(log, tcp4(50001, 50000, 0x12), OUT, 60);
    add(log, tcp4(50002, 50000, 0x02, '0a000002', '0a000001'), IN, 70);
    add(log, tcp4(50003, 50000, 0x02, '0a000002', '0a000001'), IN, 80);
    add(log, udp6(40000, 9999), IN, 90);
    expect(log.size).toBe(4);
    const seen = log.aggregate();
    const { aggregate, totals } = log.rotate();
    expect(aggregate.toJSON()).toEqual(seen.aggregate.toJSON());
    expect(totals).toEqual({ bytesRcvd: 240, bytesSent: 60, packetsRcvd: 3, packetsSent: 1 });
    expect(aggregate.primaryMap.size).toBe(2);
    expect(aggregate.secondaryMap.size).toBe(1);
    expect(aggregate.toJSON()).toContainEqual({
      sip: '10.0.0.2',
      dip: '10.0.0.1',
      dport: 50000,
      proto: 6,
      bytesRcvd: 150,
      bytesSent: 0,
      packetsRcvd: 2,
      packetsSent: 0,
    });
    // Kept with nothing: an ACK from the service now does not turn the flow round.
    expect(log.toJSON().every(({ idle }) => idle)).toBe(true);
    expect(log.aggregate().aggregate.size).toBe(0);
    add(log, tcp4(50000, 50001, 0x10, '0a000002', '0a000001'), IN, 66);
    const second = log.rotate();
    expect(second.aggregate.toJSON()).toMatchObject([
      { sip: '10.0.0.2', dip: '10.0.0.1', dport: 50001, bytesRcvd: 66 },
    ]);
    expect(log.size).toBe(1);
    expect(log.rotate().aggregate.size).toBe(0);
    expect(log.size).toBe(0);
  });

  test('in steps gives the same', () => {
    const log = new FlowLog();
    for (let i = 0; i < 3000; i++) add(log, udp4(30000 + i, 9999), IN, i);
    const expected = log.aggregate();
    const rotation = log.beginRotation();
    let steps = 0;
    while (!rotation.step(100)) steps++;
    expect(steps).toBe(29);
    expect(rotation.aggregate.toJSON()).toEqual(expected.aggregate.toJSON());
    expect(rotation.totals).toEqual(expected.totals);
  });

  test('flows that leave make room, whatever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(400), { maxLength: 300 }), { minLength: 1, maxLength: 12 }), (intervals) => {
        const log = new FlowLog();
        let before = new Set<number>();
        for (const ports of intervals) {
          for (const port of ports) add(log, udp4(40000 + port, 9999), IN, 1);
          const now = new Set(ports);
          expect(log.size).toBe(new Set([...now, ...before]).size);
          expect(log.rotate().totals.packetsRcvd).toBe(ports.length);
          expect(log.size).toBe(now.size);
          before = now;
        }
      }),
      { numRuns: 50 },
    );
  });
});

test('a full log counts what found no room, and goes on with the flows it has', () => {
  const log = new FlowLog({ maxFlows: 10 });
  for (let i = 0; i < 100; i++) add(log, udp4(30000 + i, 9999), IN, 10);
  for (let i = 0; i < 5; i++) add(log, udp4(30000 + i, 9999), IN, 10);
  expect([log.size, log.overflowPackets, log.overflowBytes]).toEqual([10, 90, 900]);
  expect(log.rotate().totals.packetsRcvd).toBe(15);
  expect(log.overflowPackets).toBe(0);
});

test('a million source addresses stay inside of the limit', () => {
  const log = new FlowLog({ maxFlows: 200_000 });
  const packet = udp4(40000, 9999);
  const view = viewOf(packet);
  for (let i = 0; i < 1_000_000; i++) {
    view.setUint32(12, i);
    log.addPacket(packet, view, 0, packet.length, IN, 1);
  }
  expect([log.size, log.overflowPackets]).toEqual([200_000, 800_000]);
  const { totals, aggregate } = log.rotate();
  expect([totals.packetsRcvd, aggregate.size]).toEqual([200_000, 200_000]);
});

test('IPv6 stays IPv6', () => {
  const log = new FlowLog();
  add(log, tcp6());
  add(log, ip6(58, echo()));
  expect([log.v4.size, log.v6.size]).toEqual([0, 2]);
});

test.skipIf(!hasShared)('real captures: the same flows as the engine finds, packet for packet', async () => {
  let compared = 0;
  for (const name of comparable()) {
    const { text } = await runFiles([capture(name)], { records: ['flow'], flow: NEVER });
    const expected = new Map<string, number>();
    const beganBy = new Map<string, string>();
    for (const { source, destination, network, netscribe } of documents(text)) {
      const proto = network.transport === 'tcp' ? 6 : network.transport === 'udp' ? 17 : 0;
      const [sport, dport] = elided(source.port ?? 0, destination.port ?? 0, proto);
      const key = pair(source.ip, sport, destination.ip, dport, network.transport);
      expected.set(key, (expected.get(key) ?? 0) + network.bytes);
      const isCertain = (netscribe.flow as { initiator: string }).initiator === 'certain';
      const known = beganBy.get(key);
      beganBy.set(key, isCertain && (known === undefined || known === source.ip) ? source.ip : '');
    }
    const log = await logOf(name);
    const found = new Map<string, number>();
    for (const { flow } of log.flows()) {
      const key = pair(flow.sip, flow.sport, flow.dip, flow.dport, transportName(flow.proto));
      found.set(key, flow.bytesRcvd + flow.bytesSent);
      if ((beganBy.get(key) ?? '') !== '') expect([name, key, flow.sip]).toEqual([name, key, beganBy.get(key)]);
    }
    expect([name, sorted(found)]).toEqual([name, sorted(expected)]);
    compared++;
  }
  expect(compared).toBeGreaterThan(20);
});

const NEVER = {
  maxFlows: 1 << 20,
  timeoutSeconds: 1e9,
  tcpTimeoutSeconds: 1e9,
  halfOpenSeconds: 1e9,
  lingerSeconds: 1e9,
  intervalSeconds: 0,
};

/** Small captures without fragments and tunnels, where both count the same packets by design. */
function comparable(): string[] {
  const names: string[] = [];
  for (const file of readdirSync(`${SHARED}oracle`)) {
    if (!file.endsWith('.json.gz') || names.length >= 30) continue;
    const oracle = JSON.parse(gunzipSync(readFileSync(`${SHARED}oracle/${file}`)).toString());
    const stacks = JSON.stringify(oracle.stacks);
    if (oracle.packets === 0 || oracle.packets > 2000 || oracle.error !== null) continue;
    if ((oracle.flows?.inner ?? []).length > 0 || /ipv6\.fraghdr|frag|:ah|gre|vlan|teredo|ipv6:ip|ip:ip/.test(stacks))
      continue;
    if (oracle.fragments !== 0) continue;
    names.push(file.replace('.json.gz', ''));
  }
  return names;
}

async function logOf(name: string): Promise<FlowLog> {
  const source = openInputs([capture(name)], {});
  await source.open();
  const log = new FlowLog();
  const finder = new IpLayerFinder();
  for (;;) {
    const batch = await source.next();
    if (batch === 'end') break;
    if (batch === 'idle') continue;
    for (let i = 0; i < batch.count; i++) {
      const at = finder.find(batch, i);
      if (at === NO_IP) continue;
      log.addPacket(batch.bytes, batch.view, at, batch.offset[i] + batch.capturedLength[i], IN, batch.wireLength[i]);
    }
    source.release(batch);
  }
  await source.close();
  return log;
}

function elided(sport: number, dport: number, proto: number): [number, number] {
  if (proto !== 6 && proto !== 17) return [0, 0];
  return [isCommonPort(dport, proto) ? 0 : sport, isCommonPort(sport, proto) ? 0 : dport];
}
function pair(a: string, ap: number, b: string, bp: number, transport: string): string {
  return `${[`${a} ${ap}`, `${b} ${bp}`].toSorted().join(' ')} ${transport}`;
}
const sorted = (map: Map<string, number>) => [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
