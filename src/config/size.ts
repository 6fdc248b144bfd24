// Sizes as people write them: `500MB`, `20GiB`, or a number of bytes.

import { z } from 'zod';

const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** Bytes of a size; undefined when it is none. */
export function sizeBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  if (match === null) return undefined;
  const unit = UNITS[match[2].toLowerCase() || 'b'];
  return unit === undefined ? undefined : Math.floor(Number(match[1]) * unit);
}

/** A size option; its parsed value is in bytes. */
export function sizeOption(preset: string | number) {
  return z
    .union([z.number(), z.string()])
    .default(preset)
    .transform((value, context) => {
      const bytes = typeof value === 'number' ? value : sizeBytes(value);
      if (bytes !== undefined && Number.isFinite(bytes) && bytes >= 0) return bytes;
      context.addIssue({
        code: 'custom',
        message: `${JSON.stringify(value)} is no size: write 500MB, 20GiB, or a number of bytes`,
      });
      return z.NEVER;
    });
}
