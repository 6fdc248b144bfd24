// The document of one DNS transaction. Fields under `dns.*` are Elastic's; what they have no name for is under `netscribe.dns.*`.

import { forwarded, transaction } from '../../records/common.ts';
import { f } from '../../records/field.ts';
import { defineRecord, type RecordOf } from '../../records/record.ts';
import { className, opcodeName, rcodeName, typeName } from './codes.ts';

/** A resource record. `data` is its value, or the main part of it where the type has more fields. */
const resourceRecord = {
  name: f.text('name', 'owner'),
  type: f.keyword('type', 'type: A, AAAA, …; TYPE65280 when it has no name').numbered(typeName),
  class: f.keyword('class', 'class').numbered(className),
  ttl: f.text('ttl', 'seconds that it may be kept'),
  data: f.text('data', 'value; RFC 3597 form when the type is unknown or its bytes are wrong'),
  cacheFlush: f.bool('cache_flush', 'multicast DNS: forget older records of this name').optional(),
  preference: f.int('preference', 'MX, NAPTR, L32 and others').optional(),
  rname: f.text('rname', 'SOA: mailbox of who is responsible').optional(),
  serial: f.int('serial', 'SOA, CSYNC, ZONEMD').optional(),
  refresh: f.int('refresh', 'SOA').optional().inUnit('s'),
  retry: f.int('retry', 'SOA').optional().inUnit('s'),
  expire: f.int('expire', 'SOA').optional().inUnit('s'),
  minimum: f.int('minimum', 'SOA').optional().inUnit('s'),
  priority: f.int('priority', 'SRV, SVCB, HTTPS').optional(),
  weight: f.int('weight', 'SRV').optional(),
  port: f.int('port', 'SRV').optional(),
  target: f.text('target', 'SVCB, HTTPS').optional(),
  svcParams: f.map('svc_params', 'SVCB, HTTPS: parameters by name').optional(),
  order: f.int('order', 'NAPTR').optional(),
  service: f.text('service', 'NAPTR').optional(),
  regexp: f.text('regexp', 'NAPTR').optional(),
  tag: f.text('tag', 'CAA: issue, issuewild, iodef, …').optional(),
  flags: f.text('flags', 'DNSKEY, NSEC3, NSEC3PARAM, NAPTR, CAA, CSYNC').optional(),
  protocol: f.text('protocol', 'DNSKEY').optional(),
  algorithm: f.keyword('algorithm', 'DNSKEY, DS, RRSIG').optional(),
  keyTag: f.text('key_tag', 'DS, RRSIG').optional(),
  digestType: f.keyword('digest_type', 'DS').optional(),
  typeCovered: f.keyword('type_covered', 'RRSIG').optional(),
  labels: f.text('labels', 'RRSIG').optional(),
  originalTtl: f.text('original_ttl', 'RRSIG').optional(),
  expiration: f.text('expiration', 'RRSIG: YYYYMMDDHHmmSS, UTC').optional(),
  inception: f.text('inception', 'RRSIG: YYYYMMDDHHmmSS, UTC').optional(),
  signerName: f.text('signer_name', 'RRSIG').optional(),
  typeBits: f.text('type_bits', 'NSEC, NSEC3: the types that are there; CSYNC: those to copy').optional(),
  hash: f.keyword('hash', 'NSEC3, NSEC3PARAM').optional(),
  iterations: f.text('iterations', 'NSEC3, NSEC3PARAM').optional(),
  salt: f.text('salt', 'NSEC3').optional(),
};

const question = {
  name: f.text('name', 'name asked for'),
  type: f.keyword('type', 'type asked for').numbered(typeName),
  class: f.keyword('class', 'class asked for').numbered(className),
};

const extendedError = {
  infoCode: f.int('info_code', 'number'),
  purpose: f.text('purpose', 'its name'),
  extraText: f.text('extra_text', 'what the server says').optional(),
};

export const dnsRecord = defineRecord(
  'dns',
  { family: 'transaction', doc: 'A DNS query and its response; multicast DNS and LLMNR too.' },
  {
    ...transaction('dns'),
    ...forwarded,
    relatedIp: f.keywords('related.ip', 'both ends and what the names resolved to').derived(),
    protocol: f.keyword('network.protocol', 'dns, mdns or llmnr'),
    method: f.keyword('method', 'operation: QUERY, NOTIFY, UPDATE, …').optional(),
    query: f.text('query', 'the question in words: class IN, type A, example.com').optional(),
    resource: f.text('resource', 'the name asked for').optional(),
    request: f.text('request', 'the request in words, with send_request').optional(),
    response: f.text('response', 'the response in words, with send_response').optional(),

    id: f.int('dns.id', 'identifier that pairs query and response').optional(),
    opCode: f.keyword('dns.op_code', 'operation').optional().numbered(opcodeName),
    messageType: f.keyword('dns.type', 'answer when there is a response, else query').optional(),
    responseCode: f
      .keyword('dns.response_code', 'NOERROR, NXDOMAIN, …; of responses only')
      .optional()
      .dimension()
      .alias('rcode')
      .numbered(rcodeName),
    headerFlags: f
      .keywords('dns.header_flags', 'flags that are set: AA TC RD RA AD CD DO; of LLMNR: C TC T')
      .optional(),
    authoritative: f.bool('dns.flags.authoritative', 'AA').optional(),
    truncatedResponse: f.bool('dns.flags.truncated_response', 'TC: ask again over TCP').optional(),
    recursionDesired: f.bool('dns.flags.recursion_desired', 'RD').optional(),
    recursionAvailable: f.bool('dns.flags.recursion_available', 'RA').optional(),
    authenticData: f.bool('dns.flags.authentic_data', 'AD').optional(),
    checkingDisabled: f.bool('dns.flags.checking_disabled', 'CD').optional(),

    questionName: f.text('dns.question.name', 'name asked for (the zone in an UPDATE)').optional().alias('qname'),
    questionType: f
      .keyword('dns.question.type', 'type asked for')
      .optional()
      .dimension()
      .alias('qtype')
      .numbered(typeName),
    questionClass: f.keyword('dns.question.class', 'class asked for').optional().numbered(className),
    registeredDomain: f
      .text(['dns.question.registered_domain', 'dns.question.etld_plus_one'], 'domain that somebody registered')
      .optional(),
    topLevelDomain: f.text('dns.question.top_level_domain', 'its public suffix').optional(),
    subdomain: f.text('dns.question.subdomain', 'what stands before it').optional(),

    answersCount: f.int('dns.answers_count', 'records in the answer section').optional(),
    answers: f.list('dns.answers', 'answer section', resourceRecord).optional(),
    resolvedIp: f.keywords('dns.resolved_ip', 'addresses in the answer section').optional(),
    authoritiesCount: f.int('dns.authorities_count', 'records in the authority section').optional(),
    authorities: f.list('dns.authorities', 'authority section, with include_authorities', resourceRecord).optional(),
    additionalsCount: f.int('dns.additionals_count', 'records in the additional section but EDNS').optional(),
    additionals: f.list('dns.additionals', 'additional section, with include_additionals', resourceRecord).optional(),

    optVersion: f.text('dns.opt.version', 'EDNS version').optional(),
    optDo: f.bool('dns.opt.do', 'DNSSEC records are welcome').optional(),
    optExtRcode: f.keyword('dns.opt.ext_rcode', 'the part of the response code that EDNS carries').optional(),
    optUdpSize: f.int('dns.opt.udp_size', 'largest UDP payload that the sender takes').optional().inUnit('bytes'),
    optDau: f.text('dns.opt.dau', 'DNSSEC algorithms understood').optional(),
    optDhu: f.text('dns.opt.dhu', 'DS hashes understood').optional(),
    optN3u: f.text('dns.opt.n3u', 'NSEC3 hashes understood').optional(),
    optLlq: f.text('dns.opt.llq', 'long-lived query: version, opcode, error, id, lease').optional(),
    optLocal: f.text('dns.opt.local', 'options for local use, hexadecimal').optional(),
    optNsid: f.text('dns.opt.nsid', 'name server identifier, hexadecimal').optional(),
    optSubnet: f.text('dns.opt.subnet', 'client subnet: address/source prefix/scope prefix').optional(),
    optCookie: f.text('dns.opt.cookie', 'cookie, hexadecimal').optional(),
    optUl: f.text('dns.opt.ul', 'update lease').optional(),
    optExpire: f.int('dns.opt.expire', 'SOA expire timer').optional().inUnit('s'),

    extendedErrors: f
      .list('netscribe.dns.opt.extended_errors', 'extended DNS errors (RFC 8914)', extendedError)
      .optional(),
    padding: f.int('netscribe.dns.opt.padding', 'octets of padding').optional().inUnit('bytes'),
    tcpKeepalive: f.float('netscribe.dns.opt.tcp_keepalive', 'idle time allowed').optional().inUnit('s'),
    chain: f.text('netscribe.dns.opt.chain', 'closest trust point (RFC 7901)').optional(),
    keyTags: f.keywords('netscribe.dns.opt.key_tags', 'trust anchors of the client (RFC 8145)').optional(),
    otherOptions: f
      .map('netscribe.dns.opt.others', 'other options by number, and what is `malformed`, hexadecimal')
      .optional(),
    questions: f.list('netscribe.dns.questions', 'all questions when there are more than one', question).optional(),
    unicastResponse: f.bool('netscribe.dns.unicast_response', 'multicast DNS: answer by unicast, please').optional(),
    updateZone: f.text('netscribe.dns.update.zone', 'RFC 2136: zone to be changed').optional(),
    prerequisites: f
      .list('netscribe.dns.update.prerequisites', 'RFC 2136: what must be true before', resourceRecord)
      .optional(),
    updates: f.list('netscribe.dns.update.updates', 'RFC 2136: what to add or delete', resourceRecord).optional(),
    messages: f.int('netscribe.dns.messages', 'messages of a zone transfer').optional(),
    answersOmitted: f.int('netscribe.dns.answers_omitted', 'answers counted but not listed').optional(),
    cut: f.bool('netscribe.dns.cut', 'the capture does not hold the whole message').optional(),
    trailingOctets: f
      .int('netscribe.dns.trailing_bytes', 'bytes behind the last record, which belong to nothing')
      .optional()
      .inUnit('bytes'),
    malformedAt: f
      .int('netscribe.dns.malformed_at', 'offset in the message of the first byte that is wrong')
      .optional()
      .inUnit('bytes'),
  },
);

export type DnsRecord = RecordOf<(typeof dnsRecord)['fields']>;
export type ResourceRecord = NonNullable<DnsRecord['answers']>[number];
export type Question = NonNullable<DnsRecord['questions']>[number];
export type ExtendedError = NonNullable<DnsRecord['extendedErrors']>[number];
