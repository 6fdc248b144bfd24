import { expect, it } from 'vitest';
import { dns } from '../../../src/protocols/dns/index.ts';
import { FlowView } from '../../../src/protocols/flow-view.ts';
import type { Context } from '../../../src/protocols/protocol.ts';
import { ndjsonEncoder } from '../../../src/records/ndjson.ts';
import type { RecordType } from '../../../src/records/record.ts';
import { JsonWriter } from '../../../src/records/writer.ts';
import { bytes, opt, query, response, TO_QUESTION } from './build.ts';

/** A context that encodes what is emitted, as the engine does. */
function documents(run: (analyzer: ReturnType<typeof dns.open>) => void): Record<string, unknown>[] {
  const flow = new FlowView();
  Object.assign(flow, {
    sourcePort: 40000,
    destinationPort: 53,
    hasPorts: true,
    transport: 'udp',
    type: 'ipv4',
    id: 'f',
  });
  flow.source.setV4(0x0a000001);
  flow.destination.setV4(0x0a000002);
  const writer = new JsonWriter(1 << 16);
  const lines: string[] = [];
  const context: Context = {
    flow,
    seconds: 1_700_000_000,
    nanos: 1,
    packet: 1,
    emit(type: RecordType, record: object) {
      const end = ndjsonEncoder(type)(record, flow, writer, 0);
      lines.push(writer.out.toString('utf8', 0, end));
    },
    deadline: () => {},
    count: () => {},
    handOver: () => {},
    name: () => {},
    hold: () => true,
  };
  run(dns.open(context, dns.options.parse({})));
  return lines.map((line) => JSON.parse(line));
}

it('a transaction becomes a document with the names of ECS', () => {
  const rdata = bytes('0001 00 0001 0003 026832 0004 0004 c0000201');
  const asked = query('a.example.com', 65, { additionals: [opt()] });
  const answered = response('a.example.com', [{ name: TO_QUESTION, type: 65, rdata }], {
    questions: [{ name: 'a.example.com', type: 65 }],
    additionals: [opt([[15, bytes('0011 6e6f')]])],
  });
  const [document] = documents((analyzer) => {
    analyzer.message?.(0, asked, 0, asked.length, asked.length);
    analyzer.message?.(1, answered, 0, answered.length, answered.length);
    analyzer.end('timeout');
  });
  expect(document).toMatchObject({
    '@timestamp': '2023-11-14T22:13:20.000000001Z',
    type: 'dns',
    status: 'OK',
    method: 'QUERY',
    query: 'class IN, type HTTPS, a.example.com',
    resource: 'a.example.com',
    event: { dataset: 'dns', kind: 'event', category: ['network'], type: ['connection', 'protocol'], duration: 0 },
    network: { protocol: 'dns', transport: 'udp', type: 'ipv4', bytes: asked.length + answered.length },
    related: { ip: ['10.0.0.1', '10.0.0.2'] },
    dns: {
      id: 0x1234,
      type: 'answer',
      op_code: 'QUERY',
      response_code: 'NOERROR',
      header_flags: ['RD', 'RA'],
      flags: { recursion_desired: true, authoritative: false },
      question: {
        name: 'a.example.com',
        type: 'HTTPS',
        class: 'IN',
        etld_plus_one: 'example.com',
        registered_domain: 'example.com',
        top_level_domain: 'com',
        subdomain: 'a',
      },
      answers_count: 1,
      answers: [
        {
          name: 'a.example.com',
          type: 'HTTPS',
          class: 'IN',
          ttl: '300',
          data: '1 . alpn=h2 ipv4hint=192.0.2.1',
          priority: 1,
          target: '.',
          svc_params: { alpn: ['h2'], ipv4hint: ['192.0.2.1'] },
        },
      ],
      authorities_count: 0,
      additionals_count: 0,
      opt: { version: '0', do: false, ext_rcode: 'NOERROR', udp_size: 1232 },
    },
    netscribe: { dns: { opt: { extended_errors: [{ info_code: 17, purpose: 'Filtered', extra_text: 'no' }] } } },
  });
});
