// Interfaces that a running daemon is asked to capture: what is right in netscribe.yml is right here, and what is wrong is said in the same words.

import { checkInterfaces, type Interfaces } from '../capture/interface-config.ts';
import { interfacesSchema } from './daemon-schema.ts';
import { explain } from './explain.ts';
import { UsageError } from './usage-error.ts';

/** Throws a UsageError or ConfigError. */
export function parseInterfaces(value: unknown): Interfaces {
  const parsed = interfacesSchema.safeParse(value);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) =>
      explain({ ...issue, path: ['capture', 'interfaces', ...issue.path] }),
    );
    throw new UsageError(lines.join('\n'));
  }
  checkInterfaces(parsed.data);
  return parsed.data;
}
