// From valid input to input that somebody made to do harm. Seeded: the same seed gives the same mutants everywhere.

import type { Direction } from '../../../src/protocols/protocol.ts';
import type { Random } from '../../kit/generate/random.ts';
import type { Exchange, Step } from './exchange.ts';

/** An exchange does not grow beyond this. */
const MAX_OCTETS = 64 * 1024;
const MAX_STEPS = 200;
const MAX_CHANGES = 5;

export interface Material {
  readonly dictionary: readonly Uint8Array[];
  /** Other exchanges to take parts from. */
  readonly others: readonly Exchange[];
}

export function mutate(exchange: Exchange, material: Material, random: Random): Exchange {
  let steps: readonly Step[] = exchange.steps;
  // Most mutants are changed a little: those come deepest.
  const changes = 1 + Math.min(random.below(MAX_CHANGES), random.below(MAX_CHANGES));
  for (let i = 0; i < changes; i++) steps = change(steps, material, random);
  return { transport: exchange.transport, steps: bounded(steps) };
}

function change(steps: readonly Step[], material: Material, random: Random): readonly Step[] {
  if (steps.length === 0) return [{ direction: 0, bytes: noise(random, 1 + random.below(64)) }];
  const at = random.below(steps.length);
  const step = steps[at];
  const put = (...instead: Step[]) => [...steps.slice(0, at), ...instead, ...steps.slice(at + 1)];
  switch (random.below(20)) {
    case 0:
      return put();
    case 1:
      return put(step, step);
    case 2:
      return put({ ...step, direction: (1 - step.direction) as Direction });
    case 3:
      return steps.map((one) => ({ ...one, direction: (1 - one.direction) as Direction }));
    case 4: {
      const cut = random.below(step.bytes.length + 1);
      return put({ ...step, bytes: step.bytes.slice(0, cut) }, { ...step, bytes: step.bytes.slice(cut) });
    }
    case 5:
      return put({ ...step, bytes: step.bytes.slice(0, random.below(step.bytes.length + 1)) });
    case 6: {
      const lost = random.below(Math.min(step.bytes.length, 2000) + 1);
      return put({ ...step, bytes: step.bytes.slice(lost), missing: lost });
    }
    case 7:
      return random.chance(0.5) ? put({ ...step, finished: true }) : put({ ...step, wait: 1 + random.below(100) });
    case 8: {
      const other = material.others.length === 0 ? undefined : material.others[random.below(material.others.length)];
      return other === undefined
        ? steps
        : [...steps.slice(0, at), ...other.steps.slice(random.below(other.steps.length + 1))];
    }
    case 9: {
      // One step joined to the next of its side: pipelining.
      const next = steps[at + 1];
      if (next === undefined || next.direction !== step.direction) return steps;
      return [...steps.slice(0, at), { ...step, bytes: joined(step.bytes, next.bytes) }, ...steps.slice(at + 2)];
    }
    default:
      return put({ ...step, bytes: changeBytes(step.bytes, material, random) });
  }
}

/** Beginning of a place in `bytes`, more often near the start, where headers are. */
function place(bytes: Uint8Array, random: Random): number {
  const limit = random.chance(0.5) ? Math.min(bytes.length, 64) : bytes.length;
  return random.below(limit + 1);
}

function changeBytes(bytes: Uint8Array, { dictionary, others }: Material, random: Random): Uint8Array {
  const at = place(bytes, random);
  const replaced = (from: number, to: number, middle: Uint8Array) =>
    joined(bytes.subarray(0, from), middle, bytes.subarray(Math.max(from, Math.min(to, bytes.length))));
  switch (random.below(14)) {
    case 0:
      return replaced(at, at + 1, Uint8Array.of(random.below(256)));
    case 1:
      return replaced(at, at + 1, Uint8Array.of((bytes[at] ?? 0) ^ (1 << random.below(8))));
    case 2:
      return changeNumber(bytes, at, 1 + random.below(4), random);
    case 3:
      return changeNumber(bytes, at, 1 + random.below(2), random);
    case 4:
    case 11:
    case 12: {
      const word = dictionary[random.below(dictionary.length)] ?? noise(random, 2);
      return replaced(at, random.chance(0.5) ? at + word.length : at, word);
    }
    case 5:
      return replaced(at, at + 1 + random.below(16), new Uint8Array(0));
    case 6:
      return replaced(at, at, noise(random, 1 + random.below(16)));
    case 7: {
      const block = bytes.slice(at, at + 1 + random.below(64));
      return replaced(at, at, repeated(block, 1 + random.below(random.chance(0.1) ? 2000 : 8)));
    }
    case 8:
      return joined(bytes, bytes);
    case 9: {
      // A block of another exchange.
      const other = others.length === 0 ? undefined : others[random.below(others.length)];
      const from = other?.steps[random.below(other.steps.length)]?.bytes;
      if (from === undefined) return bytes;
      const start = place(from, random);
      const block = from.slice(start, start + 1 + random.below(128));
      return replaced(at, random.chance(0.5) ? at + block.length : at, block);
    }
    case 10:
      return replaced(at, at + 4, new Uint8Array(random.below(5)).fill(random.chance(0.5) ? 0xff : 0));
    default: {
      const from = place(bytes, random);
      const block = bytes.slice(from, from + 1 + random.below(32));
      return replaced(at, at + block.length, block);
    }
  }
}

/** A number of `width` octets in either byte order: one more, one less, twice, half, none, the most, what is left behind it. */
function changeNumber(bytes: Uint8Array, at: number, width: number, random: Random): Uint8Array {
  if (at + width > bytes.length) return bytes;
  const isLittle = random.chance(0.2);
  // Not `slice`: of a Buffer that is no copy, and seeds are others' too.
  const changed = new Uint8Array(bytes);
  let n = 0;
  for (let i = 0; i < width; i++) n = n * 256 + bytes[isLittle ? at + width - 1 - i : at + i];
  const most = 256 ** width - 1;
  const left = bytes.length - at - width;
  const choices = [n + 1, n - 1, n * 2, Math.floor(n / 2), 0, most, left, left + 1, left - 1, Math.floor(most / 2) + 1];
  let chosen = choices[random.below(choices.length)];
  chosen = chosen < 0 ? most : chosen > most ? chosen % (most + 1) : chosen;
  for (let i = 0; i < width; i++) {
    changed[isLittle ? at + i : at + width - 1 - i] = chosen % 256;
    chosen = Math.floor(chosen / 256);
  }
  return changed;
}

export function noise(random: Random, octets: number): Uint8Array {
  return Uint8Array.from({ length: octets }, () => random.below(256));
}

function repeated(block: Uint8Array, times: number): Uint8Array {
  const all = new Uint8Array(Math.min(MAX_OCTETS, block.length * times));
  for (let at = 0; at < all.length && block.length > 0; at += block.length)
    all.set(block.subarray(0, Math.min(block.length, all.length - at)), at);
  return all;
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function bounded(steps: readonly Step[]): readonly Step[] {
  let left = MAX_OCTETS;
  const kept: Step[] = [];
  for (const step of steps.slice(0, MAX_STEPS)) {
    const bytes = step.bytes.length > left ? step.bytes.slice(0, left) : step.bytes;
    left -= bytes.length;
    kept.push({ ...step, bytes });
    if (left === 0) break;
  }
  return kept;
}
