// Who began a flow, by the first packet that was seen of it.

import { describe, expect, it } from 'vitest';
import { senderBegan } from '../../src/flow/initiator.ts';
import { ACK, FIN, SYN } from '../../src/flow/layout.ts';
import { INFO_ICMP, INFO_MULTICAST, INFO_PORTS, INFO_TCP, INFO_V6 } from '../../src/flow/stage.ts';

describe('who began', () => {
  const TCP = INFO_TCP | INFO_PORTS;
  const began = (info: number, flags: number, from: number, to: number) => {
    const answer = senderBegan(info, flags, from, to);
    return `${answer & 1 ? 'sender' : 'receiver'} ${['guess', 'likely', 'certain'][answer >> 1]}`;
  };
  it.each([
    ['a SYN', TCP, SYN, 80, 40_000, 'sender certain'],
    ['a SYN-ACK', TCP, SYN | ACK, 40_000, 80, 'receiver certain'],
    ['TCP in the middle, from an ephemeral port', TCP, ACK, 40_000, 80, 'sender likely'],
    ['TCP in the middle, to an ephemeral port', TCP, FIN | ACK, 80, 40_000, 'receiver likely'],
    ['two low ports', INFO_PORTS, 0, 1000, 53, 'sender guess'],
    ['two low ports, the other way', INFO_PORTS, 0, 53, 1000, 'receiver guess'],
    ['two ephemeral ports', INFO_PORTS, 0, 40_000, 50_000, 'receiver guess'],
    ['equal ports', INFO_PORTS, 0, 123, 123, 'sender guess'],
    ['port 0 counts as ephemeral', INFO_PORTS, 0, 0, 53, 'sender likely'],
    ['the border', INFO_PORTS, 0, 32_768, 32_767, 'sender likely'],
    ['multicast', INFO_PORTS | INFO_MULTICAST, 0, 53, 40_000, 'sender likely'],
    ['an echo', INFO_ICMP, 0, 8, 0, 'sender likely'],
    ['an echo reply', INFO_ICMP, 0, 0, 8, 'receiver likely'],
    ['unreachable', INFO_ICMP, 0, 3, 1, 'receiver likely'],
    ['time exceeded', INFO_ICMP, 0, 11, 0, 'receiver likely'],
    ['an unknown type', INFO_ICMP, 0, 200, 0, 'sender guess'],
    ['an echo of ICMPv6', INFO_ICMP | INFO_V6, 0, 128, 129, 'sender likely'],
    ['its reply', INFO_ICMP | INFO_V6, 0, 129, 128, 'receiver likely'],
    ['packet too big', INFO_ICMP | INFO_V6, 0, 2, 0, 'receiver likely'],
    ['neighbour solicitation to a group', INFO_ICMP | INFO_V6 | INFO_MULTICAST, 0, 135, 136, 'sender likely'],
    ['a protocol without ports', 0, 0, 0, 0, 'sender guess'],
  ])('%s', (_, info, flags, from, to, expected) => {
    expect(began(info, flags, from, to)).toBe(expected);
  });
});
