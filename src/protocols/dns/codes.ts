// Names of DNS numbers, from IANA's "Domain Name System (DNS) Parameters" and "DNSSEC Algorithm Numbers" registries.
// Unknown types and classes are written as RFC 3597 has it (`TYPE65280`, `CLASS32`), other unknown numbers as numbers.

export const TYPE_A = 1;
export const TYPE_NS = 2;
export const TYPE_CNAME = 5;
export const TYPE_SOA = 6;
export const TYPE_PTR = 12;
export const TYPE_HINFO = 13;
export const TYPE_MX = 15;
export const TYPE_TXT = 16;
export const TYPE_AAAA = 28;
export const TYPE_LOC = 29;
export const TYPE_SRV = 33;
export const TYPE_NAPTR = 35;
export const TYPE_OPT = 41;
export const TYPE_DS = 43;
export const TYPE_SSHFP = 44;
export const TYPE_RRSIG = 46;
export const TYPE_NSEC = 47;
export const TYPE_DNSKEY = 48;
export const TYPE_NSEC3 = 50;
export const TYPE_NSEC3PARAM = 51;
export const TYPE_TLSA = 52;
export const TYPE_SVCB = 64;
export const TYPE_HTTPS = 65;
export const TYPE_IXFR = 251;
export const TYPE_AXFR = 252;
export const TYPE_CAA = 257;
export const TYPE_TA = 32768;
export const TYPE_DLV = 32769;

export const CLASS_IN = 1;

export const OPCODE_QUERY = 0;
export const OPCODE_NOTIFY = 4;
export const OPCODE_UPDATE = 5;
export const OPCODE_DSO = 6;

/** Index: type number. Holes are unassigned or never in use. */
const TYPES: (string | undefined)[] = [];
const name = (first: number, ...names: (string | undefined)[]) => {
  for (let i = 0; i < names.length; i++) TYPES[first + i] = names[i];
};
name(1, 'A', 'NS', 'MD', 'MF', 'CNAME', 'SOA', 'MB', 'MG', 'MR', 'NULL', 'WKS', 'PTR', 'HINFO', 'MINFO', 'MX', 'TXT');
name(17, 'RP', 'AFSDB', 'X25', 'ISDN', 'RT', 'NSAP', 'NSAP-PTR', 'SIG', 'KEY', 'PX', 'GPOS', 'AAAA', 'LOC', 'NXT');
name(31, 'EID', 'NIMLOC', 'SRV', 'ATMA', 'NAPTR', 'KX', 'CERT', 'A6', 'DNAME', 'SINK', 'OPT', 'APL', 'DS', 'SSHFP');
name(45, 'IPSECKEY', 'RRSIG', 'NSEC', 'DNSKEY', 'DHCID', 'NSEC3', 'NSEC3PARAM', 'TLSA', 'SMIMEA', undefined, 'HIP');
name(56, 'NINFO', 'RKEY', 'TALINK', 'CDS', 'CDNSKEY', 'OPENPGPKEY', 'CSYNC', 'ZONEMD', 'SVCB', 'HTTPS', 'DSYNC');
name(99, 'SPF', 'UINFO', 'UID', 'GID', 'UNSPEC', 'NID', 'L32', 'L64', 'LP', 'EUI48', 'EUI64');
name(249, 'TKEY', 'TSIG', 'IXFR', 'AXFR', 'MAILB', 'MAILA', 'ANY', 'URI', 'CAA', 'AVC', 'DOA', 'AMTRELAY', 'RESINFO');
name(262, 'WALLET', 'CLA', 'IPN');

export function isKnownType(type: number): boolean {
  return TYPES[type] !== undefined || type === TYPE_TA || type === TYPE_DLV;
}

export function typeName(type: number): string {
  const known = type < TYPES.length ? TYPES[type] : undefined;
  if (known !== undefined) return known;
  if (type === TYPE_TA) return 'TA';
  return type === TYPE_DLV ? 'DLV' : `TYPE${type}`;
}

export function className(code: number): string {
  switch (code) {
    case CLASS_IN:
      return 'IN';
    case 2:
      return 'CS';
    case 3:
      return 'CH';
    case 4:
      return 'HS';
    case 254:
      return 'NONE';
    case 255:
      return 'ANY';
    default:
      return `CLASS${code}`;
  }
}

export function isKnownClass(code: number): boolean {
  return code === CLASS_IN || code === 3 || code === 4 || code === 254 || code === 255;
}

const OPCODES = ['QUERY', 'IQUERY', 'STATUS', undefined, 'NOTIFY', 'UPDATE', 'DSO'] as const;

export function opcodeName(code: number): string {
  return OPCODES[code] ?? String(code);
}

export function isKnownOpcode(code: number): boolean {
  return OPCODES[code] !== undefined;
}

const RCODES: (string | undefined)[] = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
  'DSOTYPENI',
];
RCODES[16] = 'BADVERS';
RCODES[17] = 'BADKEY';
RCODES[18] = 'BADTIME';
RCODES[19] = 'BADMODE';
RCODES[20] = 'BADNAME';
RCODES[21] = 'BADALG';
RCODES[22] = 'BADTRUNC';
RCODES[23] = 'BADCOOKIE';

/** Name of a response code: four bits of the header and, with EDNS, eight more above them. */
export function rcodeName(code: number): string {
  return RCODES[code] ?? String(code);
}

const ALGORITHMS = new Map([
  [1, 'RSAMD5'],
  [2, 'DH'],
  [3, 'DSA'],
  [5, 'RSASHA1'],
  [6, 'DSA-NSEC3-SHA1'],
  [7, 'RSASHA1-NSEC3-SHA1'],
  [8, 'RSASHA256'],
  [10, 'RSASHA512'],
  [12, 'ECC-GOST'],
  [13, 'ECDSAP256SHA256'],
  [14, 'ECDSAP384SHA384'],
  [15, 'ED25519'],
  [16, 'ED448'],
  [252, 'INDIRECT'],
  [253, 'PRIVATEDNS'],
  [254, 'PRIVATEOID'],
]);

/** DNSSEC algorithm. */
export function algorithmName(code: number): string {
  return ALGORITHMS.get(code) ?? String(code);
}

const DIGESTS = [undefined, 'SHA1', 'SHA256', 'GOST94', 'SHA384', 'SHA512'] as const;

/** Digest of DS records and hash of NSEC3: the numbers that both registries assign mean the same. */
export function digestName(code: number): string {
  return DIGESTS[code] ?? String(code);
}

/** RFC 8914 section 4 and IANA's "Extended DNS Error Codes". */
const EXTENDED_ERRORS = [
  'Other Error',
  'Unsupported DNSKEY Algorithm',
  'Unsupported DS Digest Type',
  'Stale Answer',
  'Forged Answer',
  'DNSSEC Indeterminate',
  'DNSSEC Bogus',
  'Signature Expired',
  'Signature Not Yet Valid',
  'DNSKEY Missing',
  'RRSIGs Missing',
  'No Zone Key Bit Set',
  'NSEC Missing',
  'Cached Error',
  'Not Ready',
  'Blocked',
  'Censored',
  'Filtered',
  'Prohibited',
  'Stale NXDOMAIN Answer',
  'Not Authoritative',
  'Not Supported',
  'No Reachable Authority',
  'Network Error',
  'Invalid Data',
  'Signature Expired before Valid',
  'Too Early',
  'Unsupported NSEC3 Iterations Value',
  'Unable to conform to policy',
  'Synthesized',
  'Invalid Query Type',
] as const;

export function extendedErrorName(code: number): string {
  return EXTENDED_ERRORS[code] ?? String(code);
}
