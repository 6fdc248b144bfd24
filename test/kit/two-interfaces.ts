// A pcapng capture of three interfaces: eth0 and wan0 see the same DNS exchange, the third has no name.

import { enhancedPacket, interfaceBlock, sectionHeader } from '../sources/writers.ts';
import { BEGIN, udpFrame } from './packets.ts';

const IF_NAME = 2;

/** A question for the address of `a.test` with id 1, or its empty answer. */
const dns = (isAnswer: boolean) =>
  Buffer.from(`0001${isAnswer ? '8180' : '0100'}0001000000000000016104746573740000010001`, 'hex');

/** eth0: the question twice and the answer; wan0: the question once; unnamed: one datagram of another flow. */
export function twoInterfaces(): Buffer {
  const question = udpFrame(40_000, 53, { from: '10.0.0.1', to: '10.0.0.2', payload: dns(false) });
  const answer = udpFrame(53, 40_000, { from: '10.0.0.2', to: '10.0.0.1', payload: dns(true) });
  const other = udpFrame(40_001, 9998, { from: '10.0.0.3', to: '10.0.0.4', payload: 'x' });
  const packet = (interfaceId: number, seconds: number, bytes: Uint8Array) => {
    const ticks = BigInt(BEGIN + seconds) * 1_000_000n;
    return enhancedPacket({ interfaceId, high: Number(ticks >> 32n), low: Number(ticks & 0xffffffffn), bytes });
  };
  return Buffer.concat([
    sectionHeader(),
    interfaceBlock({ options: [[IF_NAME, Buffer.from('eth0')]] }),
    packet(0, 0, question),
    interfaceBlock({ options: [[IF_NAME, Buffer.from('wan0')]] }),
    packet(1, 1, question),
    packet(0, 2, question),
    packet(0, 3, answer),
    interfaceBlock(),
    packet(2, 4, other),
  ]);
}
