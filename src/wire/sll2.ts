// Linux cooked captures, version 2: LINKTYPE_LINUX_SLL2 in tcpdump.org's registry.

import type { Cursor } from './cursor.ts';
import { Layer } from './layers.ts';
import { enterCooked } from './sll.ts';

const SLL2_PROTOCOL = 0;
const SLL2_HARDWARE = 8;
const SLL2_HEADER = 20;

const SLL2 = Layer.sll2;

export function decodeSll2(c: Cursor): number {
  const at = c.at;
  if (c.end - at < SLL2_HEADER) return c.short(SLL2, SLL2_HEADER);
  c.push(SLL2, at, SLL2_HEADER);
  c.at = at + SLL2_HEADER;
  return enterCooked(c, c.view.getUint16(at + SLL2_HARDWARE), c.view.getUint16(at + SLL2_PROTOCOL));
}
