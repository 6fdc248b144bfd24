// CSV's first line. It goes over the same list of fields as the encoder of rows, so the two can not disagree.

import { quoted } from './csv-writer.ts';
import { flatFields, flatName } from './flat.ts';
import type { RecordType } from './record.ts';

/** The line with the columns' names: ECS names as they are (`@timestamp` too), CR LF behind the last. */
export function csvHeader(type: RecordType): string {
  const names = flatFields(type).map(([, field]) => quoted(flatName(field)));
  return `${names.join(',')}\r\n`;
}
