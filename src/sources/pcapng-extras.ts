// What pcapng files hold beside packets and is worth keeping: names of addresses, and keys that decrypt the traffic.
// Truth: draft-ietf-opsawg-pcapng, sections 4.5 (Name Resolution Block) and 4.7 (Decryption Secrets Block).

import { formatV4, formatV6 } from '../records/address.ts';
import { padded } from './pcapng-options.ts';
import type { Findings } from './walker.ts';

const RECORD_HEADER = 4;
const NRB_RECORD_END = 0;
const NRB_RECORD_IPV4 = 1;
const NRB_RECORD_IPV6 = 2;
const SECRETS_HEADER = 8;

/** A hostile file must not fill the memory with what nobody asked for. Beyond these, entries are left out. */
const MAX_NAMES = 65_536;
const MAX_SECRETS = 4096;
const MAX_SECRETS_BYTES = 16 * 1024 * 1024;

/** Reads the name records of a block's body `[from, to)`. */
export function readNames(view: DataView, from: number, to: number, little: boolean, findings: Findings): void {
  let at = from;
  while (to - at >= RECORD_HEADER) {
    const type = view.getUint16(at, little);
    const length = view.getUint16(at + 2, little);
    const value = at + RECORD_HEADER;
    if (type === NRB_RECORD_END || length > to - value) return;
    const addressBytes = type === NRB_RECORD_IPV4 ? 4 : type === NRB_RECORD_IPV6 ? 16 : 0;
    if (addressBytes > 0 && length > addressBytes && findings.names.length < MAX_NAMES) {
      const address =
        addressBytes === 4
          ? formatV4(view.getUint32(value))
          : formatV6(
              view.getUint32(value),
              view.getUint32(value + 4),
              view.getUint32(value + 8),
              view.getUint32(value + 12),
            );
      findings.names.push({ address, names: zeroTerminated(view, value + addressBytes, value + length) });
    }
    at = value + padded(length);
  }
}

/** Keeps a copy of the secrets in a block's body `[from, to)`. */
export function readSecrets(view: DataView, from: number, to: number, little: boolean, findings: Findings): void {
  if (to - from < SECRETS_HEADER || findings.secrets.length >= MAX_SECRETS) return;
  const length = view.getUint32(from + 4, little);
  if (length > to - from - SECRETS_HEADER) return;
  const kept = findings.secrets.reduce((sum, secret) => sum + secret.data.length, 0);
  if (kept + length > MAX_SECRETS_BYTES) return;
  findings.secrets.push({ type: view.getUint32(from, little), data: copy(view, from + SECRETS_HEADER, length) });
}

const text = new TextDecoder();

function zeroTerminated(view: DataView, from: number, to: number): string[] {
  return text
    .decode(copy(view, from, to - from))
    .split('\0')
    .filter((name) => name !== '');
}

function copy(view: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, length).slice();
}
