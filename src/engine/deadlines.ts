// When conversations want to be told that their time is up: lists by second of packet time.

import type { Conversation } from './conversation.ts';

const NONE: readonly Conversation[] = [];

export class Deadlines {
  readonly #bySecond = new Map<number, Conversation[]>();
  #next = Number.POSITIVE_INFINITY;
  #now = 0;

  /** From now on this one is due at `seconds` (Unix time, rounded up), and at no other time. */
  set(conversation: Conversation, seconds: number): void {
    const at = Math.ceil(seconds);
    this.drop(conversation);
    let list = this.#bySecond.get(at);
    if (list === undefined) {
      list = [];
      this.#bySecond.set(at, list);
    }
    conversation.dueList = list;
    conversation.dueIndex = list.length;
    list.push(conversation);
    if (at < this.#next) this.#next = at;
  }

  /** Takes a conversation off its list, so that nothing keeps it alive. */
  drop(conversation: Conversation): void {
    const list = conversation.dueList;
    if (list === undefined) return;
    conversation.dueList = undefined;
    const last = list.pop()!;
    if (last === conversation) return;
    list[conversation.dueIndex] = last;
    last.dueIndex = conversation.dueIndex;
  }

  /** Takes off those that are due at `seconds`, in the order of their first packets. */
  take(seconds: number): readonly Conversation[] {
    // A new epoch: whoever waited for the old one's seconds has ended.
    if (seconds < this.#now) {
      this.#bySecond.clear();
      this.#next = Number.POSITIVE_INFINITY;
    }
    this.#now = seconds;
    if (seconds < this.#next) return NONE;
    const due: Conversation[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const [second, list] of this.#bySecond) {
      if (second <= seconds) {
        for (const conversation of list) {
          conversation.dueList = undefined;
          due.push(conversation);
        }
        this.#bySecond.delete(second);
      } else if (second < next) next = second;
    }
    this.#next = next;
    return due.sort((a, b) => a.firstPacket - b.firstPacket);
  }
}
