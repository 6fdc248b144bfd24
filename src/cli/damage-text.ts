// Where an input broke off, in words.

import { shownText } from '../query/shown-text.ts';
import type { Damage } from '../sources/source.ts';

/** Names of files come from whoever filled the folder: nothing in them reaches the terminal as it is. */
export const damageText = ({ file, packet, offset, reason }: Damage): string =>
  shownText(`${file} is damaged at packet ${packet}, offset ${offset}: ${reason}`);
