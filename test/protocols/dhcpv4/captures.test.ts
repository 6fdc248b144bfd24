// Shared captures through the engine: every message that tshark finds, Packetbeat's fields, and the same bytes from several threads.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { documents, runFiles } from '../../kit/engine.ts';
import { capture, hasShared, SHARED } from '../../kit/shared.ts';

const CAPTURES = [
  'joy__pcaps__dhcp.pcap',
  'pcpp__Packet++Test__PacketExamples__Dhcp3.pcap',
  'pcpp__Packet++Test__PacketExamples__Dhcp4.pcap',
  'real__dhcpv4.pcap',
  'suricata__dhcp-eve-extended-option-60.pcap',
  'suricata__dhcp-option-52-overload.pcap',
  'suricata__smb2-ntlmssp-negotiateflags.pcap',
  'tcpdump__dhcp-option-108.pcapng',
  'tcpdump__dhcp-option-33.pcap',
  'tcpdump__dhcp-rfc4388.pcap',
  'tcpdump__eapon1.pcap',
  'zeek__dhcp__dhcp-unique-xid-join-data-growth.pcapng',
  'zeek__dhcp__hw-type0.pcap',
];
const records = ['dhcpv4', 'dhcpv4_exchange'];
const TYPES = [
  '',
  'discover',
  'offer',
  'request',
  'decline',
  'ack',
  'nak',
  'release',
  'inform',
  'forcerenew',
  'leasequery',
  'leaseunassigned',
  'leaseunknown',
  'leaseactive',
];

/** A bridge shows these messages twice within a tenth of a millisecond, with the same IP identification: they are told once. */
const COPIES: Readonly<Record<string, readonly string[]>> = {
  'suricata__dhcp-option-52-overload.pcap': ['0x24593b3e discover', '0x24593b3e request'],
};

const read = (path: string) => gunzipSync(readFileSync(`${SHARED}${path}`)).toString();
type Dhcp = { transaction_id: string; option?: Record<string, unknown> } & Record<string, unknown>;

function expected(name: string): string[] {
  const { fields, rows } = JSON.parse(read(`oracle/${name}.json.gz`)).app.dhcp as {
    fields: string[];
    rows: unknown[][];
  };
  const id = fields.indexOf('id') + 2;
  const type = fields.indexOf('option.dhcp') + 2;
  const all = rows.map((row) => `${row[id]} ${TYPES[Number(row[type] ?? 0)]}`).sort();
  for (const copy of COPIES[name] ?? []) all.splice(all.indexOf(copy), 1);
  return all;
}

/** Differ on purpose: lease queries have names, and zero bytes at the end of a text are no part of it. */
function comparable(dhcp: Dhcp): Dhcp {
  const option = { ...dhcp.option };
  if (String(option.message_type).startsWith('unknown')) delete option.message_type;
  if (String(option.message_type).startsWith('lease')) delete option.message_type;
  if (typeof option.boot_file_name === 'string') option.boot_file_name = option.boot_file_name.replace(/\0+$/, '');
  return { ...dhcp, option };
}

describe.skipIf(!hasShared)('captures', () => {
  it.each(CAPTURES)('%s: each message of tshark', async (name) => {
    const ours = documents((await runFiles([capture(name)], { records: ['dhcpv4'] })).text);
    const keys = ours.map(
      ({ dhcpv4 }) => `${(dhcpv4 as Dhcp).transaction_id} ${(dhcpv4 as Dhcp).option?.message_type ?? ''}`,
    );
    expect(keys.sort()).toEqual(expected(name));
  });

  // Packetbeat reads options that fill `sname` and `file` as text.
  it.each(CAPTURES.filter((name) => !name.includes('option-52')))('%s: each field of Packetbeat', async (name) => {
    const theirs = read(`golden/packetbeat/${name}.ndjson.gz`)
      .split('\n')
      .filter((line) => line.includes('"type":"dhcpv4"'))
      .map((line) => JSON.parse(line).dhcpv4 as Dhcp);
    const ours = documents((await runFiles([capture(name)], { records: ['dhcpv4'] })).text).map(({ dhcpv4 }) =>
      comparable(dhcpv4 as Dhcp),
    );
    expect(theirs.length).toBeGreaterThan(0);
    for (const dhcp of theirs) expect(ours).toContainEqual(expect.objectContaining(withOption(comparable(dhcp))));
  });

  it('exchanges meet over flows, the same for every number of workers', async () => {
    const shared = { buffers: 4, allocate: (bytes: number) => new SharedArrayBuffer(bytes) };
    for (const name of ['tcpdump__dhcp-rfc4388.pcap', 'suricata__smb2-ntlmssp-negotiateflags.pcap']) {
      const one = await runFiles([capture(name)], { records });
      const three = await runFiles([capture(name)], { records, workers: 3 }, shared as never);
      expect(three.text).toBe(one.text);
      expect(three.result.records).toEqual(one.result.records);
    }
  });

  it('an exchange through a relay agent, from DISCOVER to ACK', async () => {
    const { text } = await runFiles([capture('tcpdump__dhcp-rfc4388.pcap')], { records: ['dhcpv4_exchange'] });
    expect(documents(text)[0]).toMatchObject({
      event: { action: 'acquire', dataset: 'dhcpv4_exchange' },
      status: 'OK',
      client: { ip: '10.30.4.4' },
      server: { ip: '10.40.2.3' },
      dhcpv4: { transaction_id: '0x3cd0af7e', relay_ip: '10.30.1.1', assigned_ip: '10.30.4.4' },
      netscribe: { dhcpv4: { exchange: { outcome: 'leased', messages: ['discover', 'offer', 'request', 'ack'] } } },
    });
  });
});

function withOption(dhcp: Dhcp): Dhcp {
  return { ...dhcp, option: expect.objectContaining(dhcp.option ?? {}) };
}
