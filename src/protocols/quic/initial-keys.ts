// Opens Initial packets: their keys follow from the connection id that the client chose, so everybody on the path can read them
// (RFC 9001 section 5.2, RFC 9369 section 3.3). Cut or forged packets do not open. Keys are key objects: of bytes, Node first asks whether they
// are one, by two exceptions with their stacks, which takes longer than the work itself (14 µs in place of 5 for an HMAC).

import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { draftOf, type LongHeader, VERSION_1, VERSION_2 } from './header.ts';

const SALT_1 = createSecretKey('38762cf7f55934b34d179ae6a4c80cadccbb7f0a', 'hex');
const SALT_2 = createSecretKey('0dede3def700a6db819381be6e269dcbf9bd2ed9', 'hex');
const SALT_DRAFT_29 = createSecretKey('afbfec289993d24c9e9786f19c6111e04390a899', 'hex');
const SALT_DRAFT_23 = createSecretKey('c3eef712c72ebb5a11a7d2432bb46365bef9f502', 'hex');

const KEY_OCTETS = 16;
const IV_OCTETS = 12;
const SECRET_OCTETS = 32;
const TAG_OCTETS = 16;
const SAMPLE_OCTETS = 16;
/** Where the sample begins: as if the packet number had its greatest length. */
const SAMPLE_DISTANCE = 4;

interface Keys {
  readonly key: KeyObject;
  readonly iv: Buffer;
  readonly headerKey: KeyObject;
}

export interface InitialKeys {
  readonly version: number;
  /** 0: of what the client sends; 1: of what the server sends. */
  side(side: 0 | 1): Keys;
}

function saltOf(version: number): KeyObject | undefined {
  if (version === VERSION_1) return SALT_1;
  if (version === VERSION_2) return SALT_2;
  const draft = draftOf(version);
  if (draft === 0) return undefined;
  return draft >= 33 ? SALT_1 : draft >= 29 ? SALT_DRAFT_29 : SALT_DRAFT_23;
}

/** Undefined for versions whose salt is not known. */
export function initialKeys(version: number, connectionId: Uint8Array): InitialKeys | undefined {
  const salt = saltOf(version);
  if (salt === undefined) return undefined;
  const id = Buffer.from(connectionId.buffer, connectionId.byteOffset, connectionId.length);
  // Detection asks with the datagram that the analyzer then gets.
  if (last?.version !== version || !last.id.equals(id)) {
    const secret = createSecretKey(createHmac('sha256', salt).update(id).digest());
    last = new KeysOfConnection(version, Buffer.from(id), secret);
  }
  return last;
}

let last: KeysOfConnection | undefined;

/** Each side's keys are made when they are first used: most of what is asked for is a client's first packet. */
class KeysOfConnection implements InitialKeys {
  readonly version: number;
  readonly id: Buffer;
  readonly #secret: KeyObject;
  readonly #sides: [Keys | undefined, Keys | undefined] = [undefined, undefined];

  constructor(version: number, id: Buffer, secret: KeyObject) {
    this.version = version;
    this.id = id;
    this.#secret = secret;
  }

  side(side: 0 | 1): Keys {
    return (this.#sides[side] ??= keysOf(this.#secret, side === 0 ? 'client in' : 'server in', this.version));
  }
}

function keysOf(secret: KeyObject, label: string, version: number): Keys {
  const own = createSecretKey(expandLabel(secret, label, SECRET_OCTETS));
  const word = version === VERSION_2 ? 'quicv2' : 'quic';
  return {
    key: createSecretKey(expandLabel(own, `${word} key`, KEY_OCTETS)),
    iv: expandLabel(own, `${word} iv`, IV_OCTETS),
    headerKey: createSecretKey(expandLabel(own, `${word} hp`, KEY_OCTETS)),
  };
}

/** HKDF-Expand-Label (RFC 8446 section 7.1) without a context, for one block of output. */
function expandLabel(secret: KeyObject, label: string, octets: number): Buffer {
  const name = `tls13 ${label}`;
  const info = Buffer.from([0, octets, name.length, ...Buffer.from(name, 'latin1'), 0, 1]);
  return createHmac('sha256', secret).update(info).digest().subarray(0, octets);
}

/** The frames in an Initial packet, or undefined when it does not open with these keys. */
export function openInitial(
  bytes: Uint8Array,
  header: LongHeader,
  end: number,
  keys: InitialKeys,
  side: 0 | 1,
): Buffer | undefined {
  const { payload, to, from } = header;
  const sample = payload + SAMPLE_DISTANCE;
  if (to > end || sample + SAMPLE_OCTETS > to) return undefined;
  const { key, iv, headerKey } = keys.side(side);
  const mask = createCipheriv('aes-128-ecb', headerKey, null).update(bytes.subarray(sample, sample + SAMPLE_OCTETS));
  const first = bytes[from] ^ (mask[0] & 0x0f);
  const numberOctets = (first & 3) + 1;
  const start = payload + numberOctets;
  if (start + TAG_OCTETS > to) return undefined;
  const clear = Buffer.from(bytes.subarray(from, start));
  clear[0] = first;
  const nonce = Buffer.from(iv);
  for (let i = 0; i < numberOctets; i++) {
    clear[payload - from + i] ^= mask[1 + i];
    nonce[IV_OCTETS - numberOctets + i] ^= clear[payload - from + i];
  }
  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAAD(clear);
  decipher.setAuthTag(bytes.subarray(to - TAG_OCTETS, to));
  const opened = decipher.update(bytes.subarray(start, to - TAG_OCTETS));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return opened;
}
