// The field readers and the friendly descriptions.

import { expect, test } from 'vitest';
import { describeLayers, describeTunnels } from '../../src/wire/describe.ts';
import { ETH_DESTINATION, ETH_SOURCE, macAt } from '../../src/wire/eth.ts';
import { icmpIdentifier, icmpSequence, icmpType } from '../../src/wire/icmp.ts';
import { ipv4Dscp, ipv4Ecn, ipv4Flags, ipv4HeaderLength, ipv4Identification, ipv4Ttl } from '../../src/wire/ipv4.ts';
import { ipv6Dscp, ipv6Ecn, ipv6FlowLabel, ipv6HopLimit } from '../../src/wire/ipv6.ts';
import {
  TCP_ACK,
  TCP_PSH,
  tcpAcknowledgment,
  tcpFlags,
  tcpHeaderLength,
  tcpSequence,
  tcpUrgentPointer,
  tcpWindow,
} from '../../src/wire/tcp.ts';
import { bytes, echo, eth, inner4, ip4, ip6, tcp, text, u16, u32, udp, zeros } from './frames.ts';
import { decodeFrame } from './view.ts';

test('Ethernet, IPv4 and TCP fields', () => {
  const c = decodeFrame(eth(0x0800, ip4(6, tcp(text('x'), zeros(4)), { fragment: 0x4000 })), 1);
  const { view, network, transport } = c;
  expect(macAt(view, c.ethernet + ETH_DESTINATION)).toBe(0x020000000002);
  expect(macAt(view, c.ethernet + ETH_SOURCE)).toBe(0x020000000001);
  expect(
    [ipv4Ttl, ipv4Dscp, ipv4Ecn, ipv4Identification, ipv4Flags, ipv4HeaderLength].map((f) => f(view, network)),
  ).toEqual([64, 46, 0, 0x1234, 2, 20]);
  expect(
    [tcpSequence, tcpAcknowledgment, tcpFlags, tcpWindow, tcpUrgentPointer, tcpHeaderLength].map((f) =>
      f(view, transport),
    ),
  ).toEqual([1001, 5001, TCP_PSH | TCP_ACK, 64240, 0, 24]);
});

test('IPv6 and ICMP fields', () => {
  const c = decodeFrame(eth(0x86dd, ip6(58, echo())), 1);
  expect([ipv6HopLimit, ipv6Dscp, ipv6Ecn, ipv6FlowLabel].map((f) => f(c.view, c.network))).toEqual([63, 46, 0, 0xabc]);
  expect([icmpType, icmpIdentifier, icmpSequence].map((f) => f(c.view, c.transport))).toEqual([8, 7, 1]);
});

test('layers by name', () => {
  expect(describeLayers(decodeFrame(eth(0x0800, inner4()), 1))).toEqual([
    { protocol: 'eth', offset: 0, length: 14 },
    { protocol: 'ip', offset: 14, length: 20 },
    { protocol: 'udp', offset: 34, length: 8 },
  ]);
});

test('the chain of tunnels, outermost first', () => {
  const gre = ip6(47, bytes('20000800', u32(99), inner4()));
  const vxlan = ip4(17, udp(1, 4789, bytes('08000000', u32(5001 << 8), eth(0x86dd, gre))));
  expect(describeTunnels(decodeFrame(eth(0x0800, vxlan), 1))).toEqual([
    { type: 'vxlan', source: '10.0.0.1', destination: '10.0.0.2', id: 5001 },
    { type: 'gre', source: '2001:db8::1', destination: '2001:db8::2', id: 99 },
  ]);
});

test('names and ids of tunnels', () => {
  const name = (protocol: number, rest: Uint8Array) => {
    const [tunnel] = describeTunnels(decodeFrame(ip4(protocol, rest), 101));
    return [tunnel.type, tunnel.id];
  };
  const overUdp = (port: number, rest: Uint8Array) => name(17, udp(1, port, rest));
  const frame = eth(0x0800, inner4());
  expect(name(4, inner4())).toEqual(['ipip', undefined]);
  expect(name(47, bytes('20006558', u32(0xabcd01), frame))).toEqual(['nvgre', 0xabcd]);
  expect(name(47, bytes('3001880b', u16(35), u16(7), u32(1), '0021', inner4()))).toEqual(['pptp', 7]);
  expect(name(47, bytes('100088be', u32(1), '1001006400000000', frame))).toEqual(['erspan', 100]);
  expect(name(97, bytes('3000', frame))).toEqual(['etherip', undefined]);
  expect(name(137, bytes('000201ff', inner4()))).toEqual(['mpls', undefined]);
  expect(overUdp(6081, bytes('00006558', u32(12 << 8), frame))).toEqual(['geneve', 12]);
  expect(overUdp(2152, bytes('30ff', u16(33), u32(9), inner4()))).toEqual(['gtp', 9]);
  expect(overUdp(1701, bytes('4002', u16(43), u16(1), u16(2), '0021', inner4()))).toEqual(['l2tp', 0x10002]);
  expect(overUdp(3544, ip6(6, tcp()))).toEqual(['teredo', undefined]);
  expect(overUdp(5247, bytes('00104200', zeros(4), frame))).toEqual(['capwap', undefined]);
  expect(overUdp(4341, bytes(zeros(8), inner4()))).toEqual(['lisp', undefined]);
  expect(overUdp(4341, bytes('08000000', u32(9 << 8), inner4()))).toEqual(['lisp', 9]);
  expect(overUdp(5072, bytes('41521129', u32(0), zeros(36), ip6(6, tcp())))).toEqual(['ayiya', undefined]);
});
