// The options that every protocol has, under the names that Packetbeat's users know. A protocol's own options follow them:
//
//   export const options = z.strictObject({ ...commonOptions({ ports: [53], transactionTimeout: '10s' }), include_x: z.… });

import { z } from 'zod';
import { customOptions } from '../processors/customise.ts';

const SECONDS_PER_UNIT: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
  d: 86400,
};
const DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d))+$/;
const DURATION_PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g;

/** Seconds of a duration as Go writes it (`10s`, `200ms`, `1h30m`); undefined when it is none. */
export function durationSeconds(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let seconds = 0;
  for (const [, number, unit] of text.matchAll(DURATION_PART)) seconds += Number(number) * SECONDS_PER_UNIT[unit];
  return seconds;
}

/** A duration option: `10s`, `200ms`, `1h30m`, or a number of seconds. Its parsed value is in seconds. */
export function durationOption(preset: string | number) {
  return z
    .union([z.number(), z.string()])
    .default(preset)
    .transform((value, context) => {
      const seconds = typeof value === 'number' ? value : durationSeconds(value.trim());
      if (seconds !== undefined && Number.isFinite(seconds) && seconds >= 0) return seconds;
      context.addIssue({
        code: 'custom',
        message: `${JSON.stringify(value)} is no duration: write 10s, 200ms, 1h30m, or a number of seconds`,
      });
      return z.NEVER;
    });
}

const split = (text: string) =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** Words: a list, or as one writes them on a command line: `text,json`. */
export function wordsOption() {
  return z.union([z.string().transform(split), z.array(z.string())]).default([]);
}

/** The same where there are only certain words. */
export function chosenOption<const Word extends string>(words: readonly Word[], preset: readonly Word[]) {
  return z
    .union([
      z
        .string()
        .transform(split)
        .pipe(z.array(z.enum(words))),
      z.array(z.enum(words)),
    ])
    .default([...preset]);
}

/** Ports: a list of numbers, one number, or `80,8080`. */
export function portsOption(preset: readonly number[]) {
  const port = z.int().min(1).max(65535);
  const listed = z
    .string()
    .regex(/^\s*\d+\s*(,\s*\d+\s*)*$/, 'no port: write 80, or 80,8080')
    .transform((text) => split(text).map(Number))
    .pipe(z.array(port));
  return z
    .union([port.transform((one) => [one]), listed, z.array(port)])
    .default([...preset])
    .transform((ports): readonly number[] => ports);
}

/** The shape that a protocol spreads into its own `z.strictObject`. */
export function commonOptions(preset: { ports: readonly number[]; transactionTimeout: string | number }) {
  return {
    enabled: z.boolean().default(true).describe('analyse this protocol'),
    ports: portsOption(preset.ports).describe(
      'ports where this protocol is tried first; it is recognised by content on all others',
    ),
    send_request: z.boolean().default(false).describe('put the request as it stood on the wire into `request`'),
    send_response: z.boolean().default(false).describe('put the response as it stood on the wire into `response`'),
    transaction_timeout: durationOption(preset.transactionTimeout).describe(
      'packet time after which a request without a response is published alone',
    ),
    ...customOptions,
  };
}
