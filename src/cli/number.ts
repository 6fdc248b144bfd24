// Numbers that options take.

import { UsageError } from '../config/usage-error.ts';

/** undefined stays undefined; throws UsageError that names the option. */
export function wholeNumber(text: string | undefined, option: string, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most || text.trim() === '') {
    throw new UsageError(
      `${option} wants a whole number from ${least}${most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ''}, not '${text}'`,
    );
  }
  return value;
}
