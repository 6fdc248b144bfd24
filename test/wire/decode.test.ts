import { describe, expect, test } from 'vitest';
import { Cursor, Fault, MAX_LAYERS } from '../../src/wire/cursor.ts';
import { decode, decodeReassembled } from '../../src/wire/decode.ts';
import { Layer } from '../../src/wire/layers.ts';
import { type Bytes, bytes, eth, inner4, ip4, ip6, tag, tcp, text, u16, u32, udp, zeros } from './frames.ts';
import { SAMPLES } from './samples.ts';
import { decodeFrame, stackOf } from './view.ts';

describe('one frame per protocol', () => {
  test.each(SAMPLES)('$name', ({ frame, linkType, stack, cursor, payload, wireLength }) => {
    const c = decodeFrame(frame, linkType, wireLength);
    expect(stackOf(c)).toBe(stack);
    expect(c).toMatchObject({ fault: 0, ...cursor });
    if (payload !== undefined) expect(Buffer.from(frame.subarray(c.payload, c.payloadEnd)).toString()).toBe(payload);
  });
});

describe('what is wrong is said, and the flow is kept', () => {
  const cases: { name: string; frame: Bytes; wireLength?: number; stack: string; cursor: Partial<Cursor> }[] = [
    {
      name: 'IPv6 called IPv4',
      frame: eth(0x0800, ip6(6, tcp())),
      stack: 'eth',
      cursor: { fault: Fault.malformed, faultLayer: Layer.ip, faultOffset: 14, ipVersion: 0 },
    },
    {
      name: 'IPv4 called IPv6',
      frame: eth(0x86dd, ip4(6, tcp(zeros(20)))),
      stack: 'eth',
      cursor: { fault: Fault.malformed, faultLayer: Layer.ipv6, ipVersion: 0 },
    },
    {
      name: 'total length below the header',
      frame: eth(0x0800, ip4(6, tcp(), { totalLength: 19 })),
      stack: 'eth',
      cursor: { fault: Fault.malformed, faultLayer: Layer.ip, faultOffset: 16, ipVersion: 0 },
    },
    {
      name: 'header length below 5',
      frame: eth(0x0800, ip4(6, tcp(), { first: 0x44 })),
      stack: 'eth',
      cursor: { fault: Fault.malformed, faultLayer: Layer.ip },
    },
    {
      name: 'IPv4 options cut off by the snap length',
      frame: eth(0x0800, ip4(6, tcp(), { options: zeros(8) })).subarray(0, 36),
      wireLength: 62,
      stack: 'eth:ip',
      cursor: { fault: Fault.cut, faultLayer: Layer.ip, ipVersion: 4, protocol: 6, transport: -1 },
    },
    {
      name: 'TCP data offset 4',
      frame: eth(0x0800, ip4(6, tcp(text('x'), zeros(0), 4))),
      stack: 'eth:ip:tcp',
      cursor: {
        fault: Fault.malformed,
        faultLayer: Layer.tcp,
        faultOffset: 46,
        transport: 34,
        sourcePort: 40000,
        payloadLength: 0,
      },
    },
    {
      name: 'TCP data offset beyond the packet',
      frame: eth(0x0800, ip4(6, tcp(text('x'), zeros(0), 15))),
      stack: 'eth:ip:tcp',
      cursor: { fault: Fault.malformed, faultLayer: Layer.tcp, transport: 34, payloadLength: 0 },
    },
    {
      name: 'TCP options cut off by the snap length',
      frame: eth(0x0800, ip4(6, tcp(text('data'), zeros(12)))).subarray(0, 58),
      wireLength: 70,
      stack: 'eth:ip:tcp',
      cursor: { fault: Fault.cut, transport: 34, payload: 58, payloadEnd: 58, payloadLength: 4 },
    },
    {
      name: 'TCP header cut behind the ports',
      frame: eth(0x0800, ip4(6, tcp(text('data')))).subarray(0, 40),
      wireLength: 58,
      stack: 'eth:ip',
      cursor: {
        fault: Fault.cut,
        faultLayer: Layer.tcp,
        transport: -1,
        sourcePort: 40000,
        destinationPort: 80,
        payloadLength: 4,
      },
    },
    {
      name: 'TCP header that was never sent whole',
      frame: eth(0x0800, ip4(6, tcp().subarray(0, 10))),
      stack: 'eth:ip',
      cursor: { fault: Fault.malformed, faultLayer: Layer.tcp, transport: -1, sourcePort: 40000 },
    },
    {
      name: 'UDP length 7',
      frame: eth(0x0800, ip4(17, udp(1, 2, text('abc'), 7))),
      stack: 'eth:ip:udp',
      cursor: { fault: Fault.malformed, faultOffset: 38, transport: 34, sourcePort: 1, payloadLength: 0 },
    },
    {
      name: 'UDP length beyond the packet',
      frame: eth(0x0800, ip4(17, udp(1, 2, text('abc'), 12))),
      stack: 'eth:ip:udp',
      cursor: { fault: Fault.malformed, transport: 34, destinationPort: 2 },
    },
    {
      name: 'the inner packet of a GRE tunnel is broken: the outer one is the flow',
      frame: eth(0x0800, ip4(47, bytes('00000800', ip4(6, tcp(), { totalLength: 3 })))),
      stack: 'eth:ip:gre',
      cursor: {
        fault: Fault.malformed,
        faultLayer: Layer.ip,
        network: 14,
        protocol: 47,
        transport: 34,
        tunnels: 0,
        payload: 38,
      },
    },
    {
      name: 'the inner packet of VXLAN is broken: UDP is the flow, in no virtual network',
      frame: eth(0x0800, ip4(17, udp(9, 4789, bytes('08000000', u32(77 << 8), eth(0x0800, zeros(24)))))),
      stack: 'eth:ip:udp:vxlan:eth',
      cursor: {
        fault: Fault.malformed,
        network: 14,
        protocol: 17,
        transport: 34,
        sourcePort: 9,
        payload: 42,
        virtualNetwork: 0,
        tunnels: 0,
      },
    },
    {
      name: 'the inner packet of IP in IP is cut',
      frame: eth(0x0800, ip4(4, inner4())).subarray(0, 44),
      wireLength: 67,
      stack: 'eth:ip',
      cursor: {
        fault: Fault.cut,
        faultLayer: Layer.ip,
        network: 14,
        protocol: 4,
        transport: 34,
        payload: 34,
        payloadEnd: 44,
        payloadLength: 33,
      },
    },
    {
      name: 'jumbo length beyond the frame',
      frame: eth(0x86dd, ip6(0, bytes(6, 0, 'c204', u32(70_000), tcp()), 0)),
      stack: 'eth',
      cursor: { fault: Fault.malformed, faultLayer: Layer.ipv6 },
    },
    { name: 'empty frame', frame: zeros(0), stack: '', cursor: { fault: Fault.malformed, faultLayer: Layer.eth } },
  ];
  test.each(cases)('$name', ({ frame, wireLength, stack, cursor }) => {
    const c = decodeFrame(frame, 1, wireLength);
    expect(stackOf(c)).toBe(stack);
    expect(c).toMatchObject(cursor);
  });

  test('an unknown link type', () => {
    expect(decodeFrame(text('whatever'), 147)).toMatchObject({
      fault: Fault.unsupportedLink,
      depth: 0,
      payloadLength: 8,
    });
  });
});

describe('a tunnel port proves nothing', () => {
  const cases: [string, number, Bytes][] = [
    ['VXLAN without the VNI flag', 4789, bytes('00000000', u32(256), eth(0x0800, inner4()))],
    ['VXLAN with half an Ethernet header', 4789, bytes('08000000', u32(256), zeros(13))],
    ['GENEVE version 1', 6081, bytes('40006558', u32(256), eth(0x0800, inner4()))],
    ['GENEVE with the wrong inner version', 6081, bytes('000086dd', u32(256), inner4(), zeros(20))],
    ['GTP-U version 2', 2152, bytes('50ff', u16(33), u32(1), inner4())],
    ['GTP-U longer than the datagram', 2152, bytes('30ff', u16(99), u32(1), inner4())],
    ['GTP-U with an extension of length 0', 2152, bytes('34ff', u16(41), u32(1), '00000085', '00000000', inner4())],
    ['GTP-U with neither IPv4 nor IPv6', 2152, bytes('30ff', u16(33), u32(1), zeros(33))],
    ['L2TP with reserved bits', 1701, bytes('1002', u16(1), u16(2), '0021', inner4())],
    ['Teredo with an IPv6 length beyond the datagram', 3544, ip6(59, zeros(0), 1)],
    ['CAPWAP keep-alive', 5247, bytes('00104308', zeros(4), zeros(20))],
    ['CAPWAP fragment', 5247, bytes('00104380', zeros(4), '08022c00', zeros(20))],
    ['CAPWAP over DTLS', 5247, bytes('01000000', zeros(40))],
    ['CAPWAP header below 8 bytes', 5247, bytes('00084200', zeros(40))],
    ['LISP with an echo request and no nonce', 4341, bytes('20000000', u32(0), inner4())],
    ['LISP with a longer packet inside', 4341, bytes(zeros(8), ip4(17, zeros(8), { totalLength: 99 }))],
    ['MPLS without an end of its stack', 6635, bytes('00010000', '00020000', inner4())],
    ['MPLS with nothing that we know behind it', 6635, bytes('0001013f', zeros(40))],
    ['TZSP without an end of its tags', 37008, bytes('01000001', '0a01ce', zeros(40))],
    ['TZSP keep-alive', 37008, bytes('01040000')],
    ['AYIYA heartbeat', 5072, bytes('4152103b', u32(0), zeros(36))],
    ['AYIYA with an identity beyond the datagram', 5072, bytes('f1521129', u32(0), ip6(59, zeros(0)))],
    ['DNS from the port of GRE over UDP', 4754, bytes('00000800', zeros(40))],
  ];
  test.each(cases)('%s', (_, port, payload) => {
    const c = decodeFrame(eth(0x0800, ip4(17, udp(50000, port, payload))), 1);
    expect(stackOf(c)).toBe('eth:ip:udp');
    expect(c).toMatchObject({ fault: 0, tunnels: 0, destinationPort: port, payloadLength: payload.length });
  });
});

describe('depth', () => {
  test('a hundred destination options headers stop at the limit', () => {
    const chain = bytes(...Array.from({ length: 100 }, () => bytes('3c00000000000000')), tcp());
    const c = decodeFrame(eth(0x86dd, ip6(60, chain)), 1);
    expect(c).toMatchObject({ fault: Fault.tooManyLayers, depth: MAX_LAYERS, ipVersion: 6, transport: -1 });
  });
  test('a tower of tunnels stops at the limit and describes the deepest packet reached', () => {
    let frame: Bytes = inner4();
    for (let i = 0; i < 40; i++) frame = ip4(4, frame);
    const c = decodeFrame(frame, 101);
    expect(c).toMatchObject({
      fault: Fault.tooManyLayers,
      depth: MAX_LAYERS,
      network: 14 * 20,
      tunnels: 14,
      protocol: 4,
    });
  });
});

test('a VLAN tag that the kernel took out is the outer one', () => {
  const frame = eth(0x8100, tag(20, 0x0800, inner4()));
  const c = new Cursor();
  c.reset(frame, new DataView(frame.buffer, frame.byteOffset, frame.length), 0, frame.length, frame.length);
  c.vlanOuter = 10;
  c.vlanCount = 1;
  decode(c, 1);
  expect(c).toMatchObject({ vlanOuter: 10, vlanInner: 20, vlanCount: 2 });
});

test('fragments of a tunnel are not looked into; the datagram made of them is', () => {
  const inner = bytes('00000800', inner4());
  const fragment = eth(0x8100, tag(5, 0x0800, ip4(47, inner.subarray(0, 24), { fragment: 0x2000 })));
  const c = decodeFrame(fragment, 1);
  expect(stackOf(c)).toBe('eth:vlan:ip:ipproto');
  expect(c).toMatchObject({ fragment: true, protocol: 47, transport: 38, tunnels: 0 });

  const whole = ip4(47, inner);
  decodeReassembled(c, whole, new DataView(whole.buffer, whole.byteOffset, whole.length), 0, whole.length);
  expect(stackOf(c)).toBe('ip:gre:ip:udp');
  expect(c).toMatchObject({ fragment: false, vlanOuter: 5, tunnels: 1, sourcePort: 5000, ethernet: -1 });
});
