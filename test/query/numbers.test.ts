// Values that are names of numbers on the wire may be asked for by the number, as Wireshark's filters do.

import { describe, expect, it } from 'vitest';
import { allRecordTypes } from '../../src/engine/plan.ts';
import { parseCondition } from '../../src/query/grammar.ts';
import { renderCondition } from '../../src/query/render.ts';
import { createVocabulary } from '../../src/query/vocabulary.ts';

const vocabulary = createVocabulary(allRecordTypes());

describe('numbers in the place of names', () => {
  it.each([
    ['rcode = 3', 'dns.response_code = NXDOMAIN'],
    ['dns.flags.rcode == 16', 'dns.response_code = BADVERS'],
    ['dns.qry.type == 257', 'dns.question.type = CAA'],
    ['qtype in {28, 0x41, 65280}', 'dns.question.type in {AAAA, HTTPS, TYPE65280}'],
    ['dns.qry.class == 3', 'dns.question.class = CH'],
    ['dns.resp.type == 35', 'dns.answers.type = NAPTR'],
    ['dns.flags.opcode == 5', 'dns.op_code = UPDATE'],
    ['dhcp.option.dhcp == 1', 'dhcpv4.option.message_type = discover'],
    ['dhcpv6.message_type = 13', 'dhcpv6.message_type = relay-repl'],
    ['tls.handshake.ciphersuite == 0x1301', 'tls.cipher = TLS_AES_128_GCM_SHA256'],
  ])('%s', (text, understood) => expect(renderCondition(parseCondition(text, vocabulary))).toBe(understood));

  it.each(['dns.response_code = NXDOMAIN', 'dns.question.type != "3a"', 'dns.question.name = 28'])(
    'leaves %s as it is',
    (text) => expect(renderCondition(parseCondition(text, vocabulary))).toBe(text),
  );
});
