// Columns that are computed when they are read (`computedFrom` in a declaration): a random 64-bit id and a duration of nine digits
// cost twelve bytes a row that say nothing new.

import { HIGH_FACTORS, HIGH_SEED, LOW_FACTORS, LOW_SEED } from '../../records/flow-id.ts';
import { identifier } from './text.ts';

/** By ECS name: the SQL over the names of the columns that the declaration lists. */
export const COMPUTED: ReadonlyMap<string, (inputs: readonly string[]) => string> = new Map([
  ['event.duration', ([start, end]) => `greatest(0, epoch_ns(${identifier(end)}) - epoch_ns(${identifier(start)}))`],
  [
    'flow.id',
    ([source, sourcePort, destination, destinationPort, firstPacket]) => {
      const halves = (address: string) => [`${address}_hi`, `${address}_lo`];
      const all = [...halves(source), sourcePort, ...halves(destination), destinationPort, firstPacket];
      return `flow_id(${all.map(identifier).join(', ')})`;
    },
  ],
]);

// `flowId` of src/records/flow-id.ts. A product of two 32-bit numbers fits an unsigned 64-bit one; the lambda over one element gives
// a number a name, because a macro repeats its arguments.
const WORD = '4294967295::UBIGINT';
const times = (value: string, factor: number): string => `(((${value}) * ${factor}::UBIGINT) & ${WORD})`;
const folded = (value: string, shift: number): string =>
  `list_transform([${value}], lambda v: xor(v, v >> ${shift}))[1]`;
const xors = (...values: string[]): string => values.reduce((a, b) => `xor(${a}, ${b})`);

const end = (f: readonly number[]): string =>
  times(
    folded(
      xors(
        times('hi >> 32', f[0]),
        times(`hi & ${WORD}`, f[1]),
        times('lo >> 32', f[2]),
        times(`lo & ${WORD}`, f[3]),
        times('port', f[4]),
      ),
      15,
    ),
    f[1],
  );

const half = (macro: string, f: readonly number[], seed: number): string =>
  folded(
    times(
      xors(
        `((${macro}(ah, al, ap) + ${macro}(bh, bl, bp)) & ${WORD})`,
        times(`packet & ${WORD}`, f[5]),
        times('packet >> 32', f[0]),
        `${seed}::UBIGINT`,
      ),
      f[5],
    ),
    16,
  );

export const COMPUTED_MACROS: readonly string[] = [
  `CREATE MACRO flow_end_high(hi, lo, port) AS ${end(HIGH_FACTORS)}`,
  `CREATE MACRO flow_end_low(hi, lo, port) AS ${end(LOW_FACTORS)}`,
  `CREATE MACRO flow_id_of(ah, al, ap, bh, bl, bp, packet) AS CASE WHEN ah IS NULL OR bh IS NULL OR packet IS NULL THEN NULL ELSE
     format('{:08x}{:08x}', ${half('flow_end_high', HIGH_FACTORS, HIGH_SEED)}, ${half('flow_end_low', LOW_FACTORS, LOW_SEED)}) END`,
  // A protocol without ports counts as port -1.
  `CREATE MACRO flow_id(ah, al, ap, bh, bl, bp, packet) AS
     flow_id_of(ah, al, (coalesce(ap, -1) + 1)::UBIGINT, bh, bl, (coalesce(bp, -1) + 1)::UBIGINT, packet::UBIGINT)`,
];
