// Who wins where two pieces of a datagram or a stream claim the same bytes. Hosts differ, and attackers know it, so the answer is
// a policy. The tables are the published ones of target-based reassembly (Novak and Sturges for TCP, Novak for IP fragments);
// `first` keeps what came first, whatever the relation.

export const TCP_POLICIES = [
  'first',
  'last',
  'bsd',
  'linux',
  'old-linux',
  'windows',
  'vista',
  'solaris',
  'hpux10',
  'hpux11',
  'irix',
  'macos',
] as const;
export type TcpPolicy = (typeof TCP_POLICIES)[number];
export const FRAGMENT_POLICIES = ['first', 'last', 'bsd', 'linux', 'old-linux', 'windows', 'solaris'] as const;
export type FragmentPolicy = (typeof FRAGMENT_POLICIES)[number];

// Relations of the new piece (N) to the one that is held (L): where N starts times three plus where it ends.
const STARTS_SAME = 0;
const STARTS_BEFORE = 3;
const STARTS_AFTER = 6;
const ENDS_BEFORE = 0;
const ENDS_SAME = 1;
const ENDS_BEYOND = 2;

const bits = (...relations: number[]): number => relations.reduce((mask, relation) => mask | (1 << relation), 0);
const ALL = 0x1ff;
/** A piece that begins where another one ends becomes one with it, and counts as one in the relations that follow. */
export const JOINS = 1 << 9;
const BEFORE_ALL = bits(STARTS_BEFORE + ENDS_BEFORE, STARTS_BEFORE + ENDS_SAME, STARTS_BEFORE + ENDS_BEYOND);
const BEFORE_FROM_SAME_END = bits(STARTS_BEFORE + ENDS_SAME, STARTS_BEFORE + ENDS_BEYOND);
const SAME_BEYOND = bits(STARTS_SAME + ENDS_BEYOND);
const SAME_FROM_SAME_END = bits(STARTS_SAME + ENDS_SAME, STARTS_SAME + ENDS_BEYOND);
const SAME_ALL = bits(STARTS_SAME + ENDS_BEFORE, STARTS_SAME + ENDS_SAME, STARTS_SAME + ENDS_BEYOND);
const AFTER_BEYOND = bits(STARTS_AFTER + ENDS_BEYOND);

/** For each policy, the relations in which the new piece wins. */
export const TCP_NEW_WINS: Readonly<Record<TcpPolicy, number>> = {
  first: 0,
  last: ALL,
  bsd: BEFORE_ALL,
  windows: BEFORE_ALL,
  macos: BEFORE_ALL,
  irix: BEFORE_ALL,
  hpux10: BEFORE_ALL,
  linux: BEFORE_ALL | SAME_BEYOND | JOINS,
  'old-linux': BEFORE_ALL | SAME_FROM_SAME_END,
  solaris: BEFORE_FROM_SAME_END | SAME_FROM_SAME_END | AFTER_BEYOND,
  hpux11: BEFORE_FROM_SAME_END | SAME_FROM_SAME_END | AFTER_BEYOND,
  vista: 0,
};

export const FRAGMENT_NEW_WINS: Readonly<Record<FragmentPolicy, number>> = {
  first: 0,
  last: ALL,
  bsd: BEFORE_ALL,
  // Since 4.19 a datagram with overlaps is dropped whole (`defragment.ts`); before, this was the table.
  linux: 0,
  'old-linux': BEFORE_ALL | SAME_ALL,
  windows: bits(STARTS_BEFORE + ENDS_BEYOND),
  solaris: BEFORE_FROM_SAME_END,
};

/** Does a new piece [start, end) win over a held one [heldStart, heldEnd) under a mask of the tables above? */
export function newWins(mask: number, start: number, end: number, heldStart: number, heldEnd: number): boolean {
  const begins = start === heldStart ? STARTS_SAME : start < heldStart ? STARTS_BEFORE : STARTS_AFTER;
  const ends = end === heldEnd ? ENDS_SAME : end < heldEnd ? ENDS_BEFORE : ENDS_BEYOND;
  return (mask & (1 << (begins + ends))) !== 0;
}
