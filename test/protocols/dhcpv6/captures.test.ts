// Shared captures through the engine: messages and exchanges.

import { describe, expect, it } from 'vitest';
import { documents, runFiles } from '../../kit/engine.ts';
import { capture, hasShared } from '../../kit/shared.ts';

type Dhcp = Record<string, unknown>;

describe.skipIf(!hasShared)('captures', () => {
  it('a prefix is delegated and released', async () => {
    const all = documents(
      (await runFiles([capture('arkime__wireshark-dhcpv6.pcap')], { records: ['dhcpv6', 'dhcpv6_exchange'] })).text,
    );
    const messages = all
      .filter(({ event }) => event.dataset === 'dhcpv6')
      .map(({ dhcpv6 }) => (dhcpv6 as Dhcp).message_type);
    expect(messages).toEqual(['solicit', 'advertise', 'request', 'reply', 'release', 'reply']);
    const exchanges = all.filter(({ event }) => event.dataset === 'dhcpv6_exchange');
    expect(exchanges).toMatchObject([
      {
        status: 'OK',
        client: { ip: 'fe80::a00:27ff:fefe:8f95' },
        server: { ip: 'fe80::a00:27ff:fed4:10bb' },
        dhcpv6: {
          transaction_id: ['0x100874', '0x49174e'],
          prefixes: [{ prefix: '2001:0:0:fe00::/64', valid_lifetime_sec: 7200 }],
        },
        netscribe: {
          dhcpv6: { exchange: { outcome: 'leased', messages: ['solicit', 'advertise', 'request', 'reply'] } },
        },
      },
      { status: 'OK', netscribe: { dhcpv6: { exchange: { outcome: 'released' } } } },
    ]);
  });
  it('a client with a UUID renews', async () => {
    const [renew] = documents(
      (await runFiles([capture('tcpdump__dhcpv6-rfc6355-duid-uuid.pcap')], { records: ['dhcpv6'] })).text,
    );
    expect(renew.dhcpv6).toMatchObject({
      message_type: 'renew',
      client_id: 'uuid a256e92e-40ab-d0d2-a3ab-3b3ff2ff8998',
      server_id: 'll A0-21-B7-E0-D8-71',
    });
  });
  it('a list of domains', async () => {
    const [reply] = documents(
      (await runFiles([capture('tcpdump__dhcpv6-domain-list.pcap')], { records: ['dhcpv6'] })).text,
    );
    expect(reply.dhcpv6).toMatchObject({
      option: { domain_list: ['example.com', 'sales.example.com', 'eng.example.com'] },
    });
  });
});
