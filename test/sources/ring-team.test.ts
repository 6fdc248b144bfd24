// Who gets a packet in a fan-out group while rings join and leave it: the kernel's order of members, and numbers that hold before and after.

import { expect, test } from 'vitest';
import { numbersForBoth, places } from '../../src/sources/ring/ring-team.ts';

interface Member {
  thread: number;
  isCurrent: boolean;
  sequence: number;
}

/** What the kernel does: the rest of a division by the number of members is the place (fanout_demux_bpf). */
function takers(members: readonly Member[], numbers: readonly number[]): Member[] {
  return numbers.map((number) => members[number % members.length]);
}
/** The last one takes the place of who leaves (__fanout_unlink). */
function without(members: readonly Member[], leaving: number): Member[] {
  const left = [...members];
  left[leaving] = left[left.length - 1];
  left.pop();
  return left;
}

test.each([1, 2, 3, 5, 8])(
  'with %i threads each ring is replaced, and packets of a thread stay its own at every step',
  (size) => {
    const members: Member[] = Array.from({ length: size }, (_, thread) => ({
      thread,
      isCurrent: true,
      sequence: thread,
    }));
    let sequence = size;
    const own = (at: readonly Member[], numbers: readonly number[]) => takers(at, numbers).map(({ thread }) => thread);
    const all = Array.from({ length: size }, (_, thread) => thread);
    let group = members;
    // Threads join one after the other in one order, and leave in another.
    for (let round = 0; round < 3; round++) {
      for (const thread of round === 1 ? [...all].reverse() : all) {
        const before = places(group, size);
        expect(own(group, before)).toEqual(all);
        const joined = [...group, { thread, isCurrent: false, sequence: sequence++ }];
        expect(takers(joined, before).map((member) => member.sequence)).toEqual(
          takers(group, before).map((member) => member.sequence),
        );
        group = joined.map((member) =>
          member.thread === thread ? { ...member, isCurrent: member.sequence === sequence - 1 } : member,
        );
        expect(own(group, places(group, size))).toEqual(all);
      }
      for (const thread of round === 2 ? [...all].reverse() : all) {
        const leaving = group.findIndex((member) => member.thread === thread && !member.isCurrent);
        const left = without(group, leaving);
        const numbers = numbersForBoth(group, left, size);
        for (const at of [group, left]) {
          expect(own(at, numbers)).toEqual(all);
          expect(takers(at, numbers).every(({ isCurrent }) => isCurrent)).toBe(true);
        }
        group = left;
      }
    }
  },
);
