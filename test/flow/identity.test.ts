// Which packets are one flow, and what it is called.

import { describe, expect, it } from 'vitest';
import { icmpFrame, ip, onEthernet, udpDatagram } from '../kit/packets.ts';
import { FlowKit, flows } from './flow-kit.ts';
import { connection, udp } from './traffic.ts';

describe('identity', () => {
  const packets = [
    ...connection().handshake(0).packets,
    udp(1, 5),
    udp(2, 6, { from: '2001:db8::1', to: '2001:db8::2' }),
  ];
  it('does not depend on the secret of the table', () => {
    const ids = (salts: [number, number]) =>
      new FlowKit({}, salts)
        .play(packets)
        .end()
        .map((flow) => flow.id);
    expect(ids([1, 2])).toEqual(ids([-5, 0x7fffffff]));
  });
  it('never changes from one version to the next', () => {
    expect(flows(packets).map((flow) => flow.id)).toMatchInlineSnapshot(`
      [
        "599eb9ad78b26edf",
        "32b4b03bd0b8a4b0",
        "5b765a6af8acdeba",
      ]
    `);
  });
  it('tells VLANs apart, and both directions belong together', () => {
    const at = (vlan: number[], reverse = false) =>
      onEthernet(
        ip(17, reverse ? udpDatagram(53, 1) : udpDatagram(1, 53), reverse ? { from: '10.0.0.2', to: '10.0.0.1' } : {}),
        ...vlan,
      );
    const all = flows(
      [
        at([1]),
        at([2]),
        at([1], true),
        at([]),
        at([1, 2]),
        at([2, 1]),
        at([1, 2, 3]),
        at([1, 2, 4]),
        at([1, 2, 3], true),
        at([1, 2, 3, 4]),
        at([1, 2, 4, 3]),
      ].map((bytes) => ({ at: 0, bytes })),
    );
    expect(all.map((flow) => [flow.vlan, flow.networkPackets])).toEqual([
      [['1'], 2],
      [['2'], 1],
      [undefined, 1],
      [['1', '2'], 1],
      [['2', '1'], 1],
      [['1', '2', '3'], 2],
      [['1', '2', '4'], 1],
      [['1', '2', '3', '4'], 1],
      [['1', '2', '4', '3'], 1],
    ]);
  });
  it('joins an echo and its reply, and gives errors to the flow they quote', () => {
    const quoted = ip(17, udpDatagram(50_007, 53));
    const all = flows([
      { at: 0, bytes: icmpFrame(8, 0, new Uint8Array(8)) },
      { at: 0.1, bytes: icmpFrame(0, 0, new Uint8Array(8), { from: '10.0.0.2', to: '10.0.0.1' }) },
      udp(1, 7),
      {
        at: 2,
        bytes: icmpFrame(3, 3, Buffer.concat([new Uint8Array(4), quoted]), { from: '10.0.0.2', to: '10.0.0.1' }),
      },
    ]);
    expect(all.map((flow) => [flow.source, flow.networkPackets, flow.icmpErrors])).toEqual([
      ['10.0.0.1', 2, undefined],
      ['10.0.0.1', 1, 1],
      ['10.0.0.1', 1, undefined],
    ]);
  });
});
