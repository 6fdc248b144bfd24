// What a flow document says of the packets around a conversation: addresses of the link, VLANs, tunnels, DSCP, TTL, flags, protocol.

import { expect, it } from 'vitest';
import { makePlan } from '../../src/engine/plan.ts';
import { run } from '../../src/engine/run.ts';
import { documents, MemorySink } from '../kit/engine.ts';
import { type IpFields, ip, MadeSource, tcpFrame, udpDatagram } from '../kit/packets.ts';
import { type Bytes, bytes, u16, u32 } from '../wire/frames.ts';

const MAC = {
  client: '020000000001',
  server: '020000000002',
  outerClient: '0200000000c1',
  outerServer: '0200000000c2',
};
const [TO_SERVER, TO_CLIENT] = [0, 1] as const;

const ethernet = (to: string, from: string, type: number, rest: Bytes) => bytes(to, from, u16(type), rest);

/** A segment of 10.0.0.1:40000 and 10.0.0.2:8080 in VXLAN 77 between two routers, whose packets are on VLANs 10 and 20. */
function segment(way: 0 | 1, flags: string, seq: number, ack: number, payload: string, fields: IpFields): Bytes {
  const [from, to, sourcePort, port] =
    way === TO_SERVER ? ['10.0.0.1', '10.0.0.2', 40_000, 8080] : ['10.0.0.2', '10.0.0.1', 8080, 40_000];
  const made = tcpFrame(sourcePort as number, port as number, {
    from: from as string,
    to: to as string,
    flags,
    seq,
    ack,
    payload,
    ...fields,
  });
  const [client, server] = way === TO_SERVER ? [MAC.client, MAC.server] : [MAC.server, MAC.client];
  const inner = ethernet(server, client, 0x0800, made.subarray(14));
  const vxlan = bytes('08000000', u32(77 << 8), inner);
  const [a, b] = way === TO_SERVER ? ['192.0.2.1', '192.0.2.2'] : ['192.0.2.2', '192.0.2.1'];
  const outer = ip(17, udpDatagram(50_000 + way, 4789, vxlan), { from: a, to: b, ttl: 250 });
  const [outerTo, outerFrom] =
    way === TO_SERVER ? [MAC.outerServer, MAC.outerClient] : [MAC.outerClient, MAC.outerServer];
  return ethernet(outerTo, outerFrom, 0x88a8, bytes(u16(10), u16(0x8100), u16(20), u16(0x0800), outer));
}

const REQUEST = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';
const RESPONSE = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

const PACKETS = [
  segment(TO_SERVER, 'S', 0, 0, '', { ttl: 64, tos: 0 }),
  segment(TO_CLIENT, 'SA', 0, 1, '', { ttl: 57, tos: 0x28 }),
  segment(TO_SERVER, 'A', 1, 1, '', { ttl: 63, tos: 0 }),
  segment(TO_SERVER, 'PA', 1, 1, REQUEST, { ttl: 64, tos: 0xb8 }),
  segment(TO_CLIENT, 'PA', 1, 1 + REQUEST.length, RESPONSE, { ttl: 55, tos: 0x48 }),
  segment(TO_SERVER, 'FA', 1 + REQUEST.length, 1 + RESPONSE.length, '', { ttl: 64, tos: 0xb8 }),
  segment(TO_CLIENT, 'FA', 1 + RESPONSE.length, 2 + REQUEST.length, '', { ttl: 55, tos: 0x48 }),
  segment(TO_SERVER, 'A', 2 + REQUEST.length, 2 + RESPONSE.length, '', { ttl: 64, tos: 0xb8 }),
];

async function flow(protocols: Record<string, unknown> = {}) {
  const sink = new MemorySink();
  const packets = PACKETS.map((frame, i) => ({ at: i / 100, bytes: frame }));
  const result = await run(new MadeSource(packets), [sink], makePlan({ records: ['flow', 'http'], protocols }));
  const [document, ...others] = documents(sink.text).filter(({ event }) => event.dataset === 'flow');
  expect(others).toEqual([]);
  return { document, transactions: result.records.http ?? 0 };
}

it('is about the inner conversation, and what is around it stands on it', async () => {
  const { document, transactions } = await flow();
  expect(transactions).toBe(1);
  const bytesOf = (indices: readonly number[]) => indices.reduce((sum, i) => sum + PACKETS[i].length, 0);
  expect(document).toMatchObject({
    event: { duration: 70_000_000, type: ['connection', 'end'], action: 'network_flow' },
    source: { ip: '10.0.0.1', port: 40_000, mac: '02-00-00-00-00-01', packets: 5, bytes: bytesOf([0, 2, 3, 5, 7]) },
    destination: { ip: '10.0.0.2', port: 8080, mac: '02-00-00-00-00-02', packets: 3, bytes: bytesOf([1, 4, 6]) },
    network: {
      type: 'ipv4',
      transport: 'tcp',
      protocol: 'http',
      vlan: { id: ['10', '20'] },
      packets: 8,
      bytes: bytesOf([0, 1, 2, 3, 4, 5, 6, 7]),
      community_id: '1:wRMtbTX++eajkWGJNFUlbK3rrGk=',
    },
    flow: { final: true },
    netscribe: {
      flow: { reason: 'fin', first_packet: 1, initiator: 'certain' },
      source: { payload_bytes: REQUEST.length, ttl: { min: 63, max: 64 }, dscp: 46, tcp_flags: 'FSPA' },
      destination: { payload_bytes: RESPONSE.length, ttl: { min: 55, max: 57 }, dscp: 18, tcp_flags: 'FSPA' },
      tcp: { state: 'closed', handshake_rtt: 20_000_000, server_rtt: 10_000_000 },
      tunnel: [{ type: 'vxlan', source: { ip: '192.0.2.1' }, destination: { ip: '192.0.2.2' }, id: 77 }],
    },
  });
});

it('of a protocol that is not enabled knows nothing of it', async () => {
  const { document, transactions } = await flow({ http: { enabled: false } });
  expect([document.network.protocol, transactions]).toEqual([undefined, 0]);
});
