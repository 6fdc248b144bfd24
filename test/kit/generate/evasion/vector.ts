// One evasion: a capture, what we make of it, and how that is known.

import type { PlanRequest } from '../../../../src/engine/plan.ts';
import { STREAM_DEFAULTS } from '../../../../src/stream/options.ts';
import type { FragmentPolicy, TcpPolicy } from '../../../../src/stream/overlap.ts';
import type { Script } from './script.ts';

/** What must come out. */
export interface Expected {
  /** Paths of the HTTP requests, in order, without their first slash. */
  paths?: readonly (string | undefined)[];
  /** Their response codes. */
  codes?: readonly (number | undefined)[];
  /** Names of DNS questions. */
  names?: readonly string[];
  /** TCP state of each flow. */
  states?: readonly string[];
  /** Flows; 1 when not said. */
  flows?: number;
  /** Counters of the loss ledger that are more than 0; all others of TCP and fragments are 0 unless `others`. */
  events: Readonly<Record<string, number>>;
  /** The transaction was over, and published, before it was contradicted. */
  isToldBefore?: true;
  /** Fields of the first flow's document. */
  flow?: object;
}

export interface Vector {
  /** As research numbers it: I IP, T TCP overlaps, H handshakes, R resets, V the rest; a letter more for its cases. */
  id: string;
  what: string;
  /** What a receiver does. */
  receiver: string;
  /** Where that is known from; `kernel`: the test asks the running one. */
  source: 'kernel' | 'standard' | 'table';
  make: () => Script;
  expected: Expected;
  /** The expectation under other policies and options, where it differs. */
  under?: readonly { name: string; plan: PlanRequest; expected: Expected }[];
}

export const tcpPolicy = (policy: TcpPolicy): PlanRequest => ({ stream: { ...STREAM_DEFAULTS, policy } });
export const byPolicy = (
  answers: readonly (readonly [policies: readonly TcpPolicy[], expected: Expected])[],
): Vector['under'] =>
  answers.flatMap(([policies, expected]) =>
    policies.map((policy) => ({ name: policy, plan: tcpPolicy(policy), expected })),
  );
export type { FragmentPolicy };
