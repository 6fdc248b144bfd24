// Numbers of TLS and their names, from IANA's "TLS Parameters" and "TLS ExtensionType Values". Where Packetbeat has a name of its own
// (`rsa_pss_sha256`), that is the one used, so that what was built on its documents goes on to work.

export const CONTENT_CHANGE_CIPHER_SPEC = 20;
export const CONTENT_ALERT = 21;
export const CONTENT_HANDSHAKE = 22;
export const CONTENT_APPLICATION_DATA = 23;
export const CONTENT_HEARTBEAT = 24;
/** DTLS: a record with a connection id (RFC 9146), an acknowledgment (RFC 9147). */
export const CONTENT_CONNECTION_ID = 25;
export const CONTENT_ACK = 26;

export const CLIENT_HELLO = 1;
export const SERVER_HELLO = 2;
/** DTLS 1.0 and 1.2. */
export const HELLO_VERIFY_REQUEST = 3;
export const CERTIFICATE = 11;
export const SERVER_KEY_EXCHANGE = 12;
export const CERTIFICATE_REQUEST = 13;
export const SERVER_HELLO_DONE = 14;
export const CERTIFICATE_STATUS = 22;

export const VERSION_SSL2 = 0x0002;
export const VERSION_SSL3 = 0x0300;
export const VERSION_TLS13 = 0x0304;
/** DTLS counts down, and has no 1.1; 0x0100 is what OpenSSL spoke before there was a standard (AnyConnect still does). */
export const VERSION_DTLS10 = 0xfeff;
export const VERSION_DTLS12 = 0xfefd;
export const VERSION_DTLS13 = 0xfefc;
export const VERSION_DTLS_OLD = 0x0100;
const DTLS_VERSIONS: ReadonlySet<number> = new Set([VERSION_DTLS10, VERSION_DTLS12, VERSION_DTLS13, VERSION_DTLS_OLD]);
/** TLS 1.3 while it was a draft: 0x7f and the draft's number; Google's and Facebook's experiments with it. */
const DRAFT_TLS13 = 0x7f;
const EXPERIMENT_GOOGLE = 0x7e;
const EXPERIMENT_FACEBOOK = 0xfb;

export const EXTENSION_SERVER_NAME = 0;
export const EXTENSION_STATUS_REQUEST = 5;
export const EXTENSION_SUPPORTED_GROUPS = 10;
export const EXTENSION_EC_POINT_FORMATS = 11;
export const EXTENSION_SIGNATURE_ALGORITHMS = 13;
export const EXTENSION_ALPN = 16;
export const EXTENSION_SESSION_TICKET = 35;
export const EXTENSION_PRE_SHARED_KEY = 41;
export const EXTENSION_EARLY_DATA = 42;
export const EXTENSION_SUPPORTED_VERSIONS = 43;
export const EXTENSION_KEY_SHARE = 51;
export const EXTENSION_CONNECTION_ID = 54;
export const EXTENSION_ENCRYPTED_CLIENT_HELLO = 0xfe0d;
export const EXTENSION_RENEGOTIATION_INFO = 0xff01;

/** Values that clients send so that servers stay tolerant (RFC 8701): 0x0a0a, 0x1a1a, …, 0xfafa. */
export function isGrease(number: number): boolean {
  return (number & 0x0f0f) === 0x0a0a && number >> 8 === (number & 0xff);
}

export function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, '0');
}

/** A number without a name. */
export function unknown(number: number): string {
  return `(unknown:0x${hex(number, 4)})`;
}

/** Is everything behind the hellos of this version encrypted as in TLS 1.3? */
export function isTls13(version: number): boolean {
  const major = version >> 8;
  return (
    version === VERSION_TLS13 ||
    version === VERSION_DTLS13 ||
    major === DRAFT_TLS13 ||
    major === EXPERIMENT_GOOGLE ||
    major === EXPERIMENT_FACEBOOK
  );
}

/** `1.2`, and for SSL `3.0`, `2.0`: `tls.version`. */
export function versionNumber(version: number): string {
  if (version === VERSION_SSL2) return '2.0';
  if (isTls13(version)) return '1.3';
  if (version === VERSION_DTLS12) return '1.2';
  if (version === VERSION_DTLS10) return '1.0';
  const major = version >> 8;
  const minor = version & 0xff;
  return major === 3 && minor > 0 ? `1.${minor - 1}` : `${major}.${minor}`;
}

export function versionProtocol(version: number): 'tls' | 'ssl' | 'dtls' | 'unknown' {
  if (DTLS_VERSIONS.has(version)) return 'dtls';
  if (version === VERSION_SSL2 || version === VERSION_SSL3) return 'ssl';
  return isTls13(version) || (version > VERSION_SSL3 && version <= VERSION_TLS13) ? 'tls' : 'unknown';
}

/** `TLS 1.2`, `SSL 3.0`; what is neither, drafts of TLS 1.3 among them, as the two numbers that stand there. */
export function versionName(version: number): string {
  const protocol = versionProtocol(version);
  const isDraft = isTls13(version) && version !== VERSION_TLS13 && version !== VERSION_DTLS13;
  return protocol === 'unknown' || isDraft
    ? `(raw ${version >> 8}.${version & 0xff})`
    : `${protocol.toUpperCase()} ${versionNumber(version)}`;
}

const table = (first: number, names: string): [number, string][] =>
  names.split(' ').map((name, i) => [first + i, name]);

const GROUPS: ReadonlyMap<number, string> = new Map([
  ...table(1, 'sect163k1 sect163r1 sect163r2 sect193r1 sect193r2 sect233k1 sect233r1 sect239k1 sect283k1 sect283r1'),
  ...table(11, 'sect409k1 sect409r1 sect571k1 sect571r1 secp160k1 secp160r1 secp160r2 secp192k1 secp192r1 secp224k1'),
  ...table(21, 'secp224r1 secp256k1 secp256r1 secp384r1 secp521r1 brainpoolP256r1 brainpoolP384r1 brainpoolP512r1'),
  ...table(
    29,
    'x25519 x448 brainpoolP256r1tls13 brainpoolP384r1tls13 brainpoolP512r1tls13 GC256A GC256B GC256C GC256D',
  ),
  ...table(38, 'GC512A GC512B GC512C curveSM2'),
  ...table(0x100, 'ffdhe2048 ffdhe3072 ffdhe4096 ffdhe6144 ffdhe8192'),
  ...table(0x200, 'MLKEM512 MLKEM768 MLKEM1024'),
  ...table(0x11eb, 'SecP256r1MLKEM768 X25519MLKEM768 SecP384r1MLKEM1024'),
  [0x6399, 'X25519Kyber768Draft00'],
  [0x639a, 'SecP256r1Kyber768Draft00'],
  ...table(0xff01, 'arbitrary_explicit_prime_curves arbitrary_explicit_char2_curves'),
]);

export function groupName(number: number): string {
  return GROUPS.get(number) ?? unknown(number);
}

const SIGNATURE_ALGORITHMS: ReadonlyMap<number, string> = new Map([
  [0x0201, 'rsa_pkcs1_sha1'],
  [0x0203, 'ecdsa_sha1'],
  [0x0401, 'rsa_pkcs1_sha256'],
  [0x0403, 'ecdsa_secp256r1_sha256'],
  [0x0501, 'rsa_pkcs1_sha384'],
  [0x0503, 'ecdsa_secp384r1_sha384'],
  [0x0601, 'rsa_pkcs1_sha512'],
  [0x0603, 'ecdsa_secp521r1_sha512'],
  [0x0708, 'sm2sig_sm3'],
  ...table(0x0804, 'rsa_pss_sha256 rsa_pss_sha384 rsa_pss_sha512 ed25519 ed448'),
  ...table(0x0809, 'rsa_pss_pss_sha256 rsa_pss_pss_sha384 rsa_pss_pss_sha512'),
  ...table(
    0x081a,
    'ecdsa_brainpoolP256r1tls13_sha256 ecdsa_brainpoolP384r1tls13_sha384 ecdsa_brainpoolP512r1tls13_sha512',
  ),
  ...table(0x0904, 'mldsa44 mldsa65 mldsa87'),
]);

export function signatureAlgorithmName(number: number): string {
  return SIGNATURE_ALGORITHMS.get(number) ?? unknown(number);
}

const POINT_FORMATS = ['uncompressed', 'ansiX962_compressed_prime', 'ansiX962_compressed_char2'] as const;

export function pointFormatName(number: number): string {
  return POINT_FORMATS[number] ?? `(unknown:0x${hex(number, 2)})`;
}

export function compressionName(number: number): string {
  return number === 0 ? 'NULL' : number === 1 ? 'DEFLATE' : number === 64 ? 'LZS' : `(unknown:0x${hex(number, 2)})`;
}

/** Extensions without a field of their own: their number, as Packetbeat has it. */
export function extensionName(number: number): string {
  if (number === EXTENSION_RENEGOTIATION_INFO) return 'renegotiation_info';
  return number === EXTENSION_SERVER_NAME ? 'server_name_indication' : String(number);
}

const ALERTS: ReadonlyMap<number, string> = new Map([
  [0, 'close_notify'],
  [1, 'end_of_early_data'],
  [10, 'unexpected_message'],
  ...table(20, 'bad_record_mac decryption_failed record_overflow'),
  [30, 'decompression_failure'],
  ...table(40, 'handshake_failure no_certificate bad_certificate unsupported_certificate certificate_revoked'),
  ...table(45, 'certificate_expired certificate_unknown illegal_parameter unknown_ca access_denied decode_error'),
  [51, 'decrypt_error'],
  [52, 'too_many_cids_requested'],
  [60, 'export_restriction'],
  ...table(70, 'protocol_version insufficient_security'),
  [80, 'internal_error'],
  [86, 'inappropriate_fallback'],
  [90, 'user_canceled'],
  [100, 'no_renegotiation'],
  ...table(109, 'missing_extension unsupported_extension certificate_unobtainable unrecognized_name'),
  ...table(113, 'bad_certificate_status_response bad_certificate_hash_value unknown_psk_identity certificate_required'),
  [117, 'general_error'],
  [120, 'no_application_protocol'],
  [121, 'ech_required'],
]);

export function alertName(number: number): string {
  return ALERTS.get(number) ?? `(unknown:0x${hex(number, 2)})`;
}

/** OCSPResponseStatus (RFC 6960 section 4.2.1). */
const OCSP_STATUSES: readonly (string | undefined)[] = [
  'successful',
  'malformedRequest',
  'internalError',
  'tryLater',
  undefined,
  'sigRequired',
  'unauthorized',
];

export function ocspStatusName(number: number): string {
  return OCSP_STATUSES[number] ?? `(unknown:0x${hex(number, 2)})`;
}
