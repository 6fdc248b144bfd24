// Amounts that options take: whole numbers, times, sizes.

import { LONGEST_TIMER, LONGEST_TIMER_MS } from '../config/timers.ts';
import { UsageError } from '../config/usage-error.ts';
import { durationSeconds } from '../protocols/common-options.ts';

/** A whole number above zero. */
export function count(text: string, option: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new UsageError(`${option} wants a whole number above 0, not '${text}'`);
  return value;
}

/** `20ms`, `5s`, `1m`; ms. `isForTimer`: no more than a timer can wait for. */
export function durationMs(text: string, option: string, isForTimer = true): number {
  const seconds = durationSeconds(text);
  if (seconds === undefined || seconds <= 0) {
    throw new UsageError(`${option} wants a time such as 20ms, 30s or 5m, not '${text}'`);
  }
  if (isForTimer && seconds * 1000 > LONGEST_TIMER_MS)
    throw new UsageError(`${option} is ${LONGEST_TIMER} at most, not '${text}'`);
  return seconds * 1000;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** `64KiB`, `16M`, bytes; between the two bounds. */
export function byteCount(text: string, option: string, least: number, most: number): number {
  const match = /^(\d+)\s*([kmg]?)(?:i?b)?$/i.exec(text.trim());
  if (match === null) throw new UsageError(`${option} wants a size such as 16MiB, not '${text}'`);
  const bytes = Number(match[1]) * UNITS[match[2].toLowerCase()];
  if (bytes < least || bytes > most) {
    throw new UsageError(`${option} must be between ${least / 1024}KiB and ${most / 1024 ** 2}MiB`);
  }
  return bytes;
}
