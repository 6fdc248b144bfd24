// Linux cooked captures, version 1: LINKTYPE_LINUX_SLL in tcpdump.org's registry.

import type { Cursor } from './cursor.ts';
import { enterEtherType } from './ether-types.ts';
import { Layer } from './layers.ts';
import { OTHER_LINKTYPE, other } from './other.ts';

const SLL_HARDWARE = 2;
const SLL_PROTOCOL = 14;
const SLL_HEADER = 16;

/** ARPHRD_ values whose protocol field is no EtherType. */
const HARDWARE_NETLINK = 824;
const HARDWARE_FRAME_RELAY = 770;
/** Instead of an EtherType: an 802.2 frame. 1 is an 802.3 frame without LLC (Novell), the rest are no networks of ours. */
const PROTOCOL_8022 = 4;

const SLL = Layer.sll;
const LLC = Layer.llc;
const FR = Layer.fr;

export function decodeSll(c: Cursor): number {
  const at = c.at;
  if (c.end - at < SLL_HEADER) return c.short(SLL, SLL_HEADER);
  c.push(SLL, at, SLL_HEADER);
  c.at = at + SLL_HEADER;
  return enterCooked(c, c.view.getUint16(at + SLL_HARDWARE), c.view.getUint16(at + SLL_PROTOCOL));
}

/** What the protocol field of both versions means for an interface of ARPHRD_ type `hardware`. */
export function enterCooked(c: Cursor, hardware: number, protocol: number): number {
  if (hardware === HARDWARE_NETLINK) return other(c, OTHER_LINKTYPE + hardware);
  if (hardware === HARDWARE_FRAME_RELAY) return FR;
  return protocol === PROTOCOL_8022 ? LLC : enterEtherType(c, protocol);
}
