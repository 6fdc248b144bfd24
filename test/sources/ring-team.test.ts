// Who gets a packet in a fan-out group while rings join and leave it: the kernel's order of members, and numbers that hold before and after.

import { expect, test } from 'vitest';
import { newRingTeam, numbersForBoth, places, RingShare } from '../../src/sources/ring/ring-team.ts';
import type { PacketRing } from '../../src/system/packet-ring.ts';

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

/** A ring as far as a team asks for it; `join` gives the number of its group. */
function ringOf(fd: number, join = () => 7): PacketRing {
  return {
    fd,
    join,
    shareOutLater: async () => undefined,
    takeErrorOf: () => 0,
    closeLater: async () => undefined,
  } as unknown as PacketRing;
}

test('steps of an interface go on one at a time, and those of others meanwhile', async () => {
  const team = newRingTeam(2);
  const [one, other] = [0, 1].map((number) => ({ ...team, number }));
  const gate = Promise.withResolvers<void>();
  const first = new RingShare(one, 5);
  const entering = first.tryEnter(async () => {
    await gate.promise;
    return ringOf(10);
  });
  const second = new RingShare(other, 5);
  expect(second.tryEnter(async () => ringOf(11))).toBeUndefined();
  const elsewhere = new RingShare(other, 6);
  await elsewhere.tryEnter(async () => ringOf(12));
  gate.resolve();
  await entering;
  expect([first.present, elsewhere.present]).toEqual([1, 1]);
  await second.tryEnter(async () => ringOf(13));
  expect([first.present, second.present, elsewhere.present]).toEqual([2, 2, 1]);
});

test('an interface that nobody could join for takes no place', async () => {
  const team = newRingTeam(2);
  const refused = ringOf(10, () => {
    throw new Error('the link is down');
  });
  const reasons = new Set<string>();
  for (let ifindex = 1; ifindex <= 5000; ifindex++) {
    const entering = new RingShare(team, ifindex).tryEnter(async () => refused)!;
    await entering.catch((error: Error) => reasons.add(error.message));
  }
  expect([...reasons]).toEqual(['the link is down']);
});
