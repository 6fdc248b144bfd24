// Cisco metadata, EtherType 0x8909 (draft-smith-kandula-sxp, security group tags in the frame): version, length, option,
// group tag, EtherType. Behind GRE the EtherType stands first. Writers leave the length at 0 or count words in it: the
// header is 8 bytes either way.

import type { Cursor } from './cursor.ts';
import { enterEtherType } from './ether-types.ts';
import { Layer } from './layers.ts';

const CMD_TYPE = 6;
const CMD_TYPE_IN_GRE = 0;
const CMD_HEADER = 8;

const CMD = Layer.cmd;
const GRE = Layer.gre;

export function decodeCiscoMetadata(c: Cursor): number {
  const at = c.at;
  if (c.end - at < CMD_HEADER) return c.short(CMD, CMD_HEADER);
  const inGre = c.depth > 0 && c.layers[c.depth - 1] === GRE;
  c.push(CMD, at, CMD_HEADER);
  c.at = at + CMD_HEADER;
  return enterEtherType(c, c.view.getUint16(at + (inGre ? CMD_TYPE_IN_GRE : CMD_TYPE)));
}
