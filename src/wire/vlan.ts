// VLAN tags: IEEE 802.1Q, clause 9 (C-TAG and S-TAG alike). `at` is behind the EtherType that announced the tag.

import { type Cursor, MAX_VLANS } from './cursor.ts';
import { enterTypeOrLength } from './ether-types.ts';
import { Layer } from './layers.ts';

export const VLAN_TCI = 0;
export const VLAN_TYPE = 2;
export const VLAN_HEADER = 4;
export const VLAN_ID_MASK = 0x0fff;

const VLAN = Layer.vlan;

export function decodeVlan(c: Cursor): number {
  const at = c.at;
  if (c.end - at < VLAN_HEADER) return c.short(VLAN, VLAN_HEADER);
  c.push(VLAN, at, VLAN_HEADER);
  noteVlan(c, c.view.getUint16(at + VLAN_TCI) & VLAN_ID_MASK);
  c.at = at + VLAN_HEADER;
  return enterTypeOrLength(c, c.view.getUint16(at + VLAN_TYPE));
}

/** Adds a VLAN id behind those already seen. Id 0 is a priority tag and names no VLAN (802.1Q, 9.6). */
export function noteVlan(c: Cursor, id: number): void {
  if (id === 0) return;
  if (c.vlanCount === 0) c.vlanOuter = id;
  else if (c.vlanCount === 1) c.vlanInner = id;
  else if (c.vlanCount < MAX_VLANS) c.vlanDeeper[c.vlanCount - 2] = id;
  else return;
  c.vlanCount++;
}
