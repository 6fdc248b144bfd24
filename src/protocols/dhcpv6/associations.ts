// Identity associations: IA_NA, IA_TA and IA_PD with the addresses and prefixes inside them and their status (RFC 8415 sections 21.4 to
// 21.6, 21.21, 21.22). Three levels of options, each with a list of its own.

import { Address } from '../../records/address.ts';
import { textOf } from '../dhcpv4/bytes.ts';
import { u16, u32, v6Text } from '../octets.ts';
import * as code from './codes.ts';
import { OptionList } from './option-list.ts';
import type { Association, AssociationAddress, DelegatedPrefix } from './record.ts';

const IA_HEADER_OCTETS = 12;
const IA_TA_HEADER_OCTETS = 4;
const ADDRESS_OCTETS = 24;
const PREFIX_OCTETS = 25;
/** Of one message. */
const MAX_LISTED = 256;

export interface Status {
  statusCode: string | undefined;
  statusMessage: string | undefined;
}

export interface Associations {
  list: Association[];
  addresses: AssociationAddress[];
  prefixes: DelegatedPrefix[];
}

const inside = new OptionList();
const innermost = new OptionList();

/** The status code option among `options`; undefined parts without. */
export function statusAmong(options: OptionList, bytes: Uint8Array): Status {
  const i = options.find(code.OPTION_STATUS);
  if (i < 0 || options.to[i] - options.from[i] < 2) return { statusCode: undefined, statusMessage: undefined };
  const message = textOf(bytes, options.from[i] + 2, options.to[i]);
  return {
    statusCode: code.statusName(u16(bytes, options.from[i])),
    statusMessage: message === '' ? undefined : message,
  };
}

/** All associations among the options of a message. Those that are too short are left out. */
export function associationsAmong(options: OptionList, bytes: Uint8Array): Associations {
  const found: Associations = { list: [], addresses: [], prefixes: [] };
  for (let i = 0; i < options.count; i++) {
    const number = options.codes[i];
    const isTemporary = number === code.OPTION_IA_TA;
    if (number !== code.OPTION_IA_NA && !isTemporary && number !== code.OPTION_IA_PD) continue;
    const from = options.from[i];
    const header = isTemporary ? IA_TA_HEADER_OCTETS : IA_HEADER_OCTETS;
    if (options.to[i] - from < header) continue;
    inside.read(bytes, from + header, options.to[i]);
    const iaid = `0x${u32(bytes, from).toString(16).padStart(8, '0')}`;
    found.list.push({
      type: isTemporary ? 'ta' : number === code.OPTION_IA_NA ? 'na' : 'pd',
      iaid,
      t1: isTemporary ? undefined : u32(bytes, from + 4),
      t2: isTemporary ? undefined : u32(bytes, from + 8),
      ...statusAmong(inside, bytes),
    });
    readInside(bytes, iaid, found);
  }
  return found;
}

function readInside(bytes: Uint8Array, iaid: string, found: Associations): void {
  for (let i = 0; i < inside.count; i++) {
    const from = inside.from[i];
    const to = inside.to[i];
    if (inside.codes[i] === code.OPTION_IA_ADDRESS && to - from >= ADDRESS_OCTETS) {
      if (found.addresses.length === MAX_LISTED) continue;
      innermost.read(bytes, from + ADDRESS_OCTETS, to);
      found.addresses.push({
        iaid,
        ip: ipv6At(bytes, from),
        preferred: u32(bytes, from + 16),
        valid: u32(bytes, from + 20),
        ...statusAmong(innermost, bytes),
      });
    } else if (inside.codes[i] === code.OPTION_IA_PREFIX && to - from >= PREFIX_OCTETS) {
      if (found.prefixes.length === MAX_LISTED) continue;
      innermost.read(bytes, from + PREFIX_OCTETS, to);
      found.prefixes.push({
        iaid,
        prefix: `${v6Text(bytes, from + 9)}/${bytes[from + 8]}`,
        preferred: u32(bytes, from),
        valid: u32(bytes, from + 4),
        ...statusAmong(innermost, bytes),
      });
    }
  }
}

export function ipv6At(bytes: Uint8Array, at: number): Address {
  return new Address().setV6(u32(bytes, at), u32(bytes, at + 4), u32(bytes, at + 8), u32(bytes, at + 12));
}
