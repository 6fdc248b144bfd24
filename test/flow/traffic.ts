// Packets for tests of flows: a TCP connection step by step, datagrams of numbered clients.

import { type MadePacket, type TcpFields, tcpFrame, udpFrame } from '../kit/packets.ts';

/** Segments of one connection: `c` from the client (ISN 1000), `s` from the server (ISN 5000), seq and ack relative. */
export function connection(client = 40_000, from = '10.0.0.1', to = '10.0.0.2') {
  const packets: MadePacket[] = [];
  const add = (at: number, fields: TcpFields, ports: [number, number]) => {
    packets.push({ at, bytes: tcpFrame(...ports, fields) });
    return self;
  };
  const self = {
    packets,
    c: (at: number, flags: string, seq: number, ack = 1, payload = '', more: TcpFields = {}) =>
      add(at, { from, to, flags, seq: 1000 + seq, ack: flags.includes('A') ? 5000 + ack : 0, payload, ...more }, [
        client,
        80,
      ]),
    s: (at: number, flags: string, seq: number, ack = 1, payload = '', more: TcpFields = {}) =>
      add(
        at,
        { from: to, to: from, flags, seq: 5000 + seq, ack: flags.includes('A') ? 1000 + ack : 0, payload, ...more },
        [80, client],
      ),
    handshake: (at: number) =>
      self
        .c(at, 'S', 0)
        .s(at + 0.01, 'SA', 0)
        .c(at + 0.015, 'A', 1),
    close: (at: number, c = 1, s = 1) =>
      self
        .c(at, 'FA', c, s)
        .s(at + 0.01, 'FA', s, c + 1)
        .c(at + 0.02, 'A', c + 1, s + 1),
  };
  return self;
}

/** A datagram of client `n`, whose port is 50,000 and some. */
export const udp = (at: number, n: number, fields: Parameters<typeof udpFrame>[2] = {}): MadePacket => ({
  at,
  bytes: udpFrame(50_000 + n, 53, fields),
});
/** `n` of a flow's datagram, or its client port. */
export const client = ({ sourcePort = 0 }: { sourcePort: number | undefined }) =>
  sourcePort < 50_000 ? sourcePort : sourcePort - 50_000;
