// Captures and oracles that are not part of the project stand in ../shared; tests that need them skip loudly without.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
export const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url));

export const hasShared = existsSync(`${SHARED}pcaps`);
if (!hasShared) console.warn(`SKIPPED: ${SHARED} is missing, so tests on real captures do not run`);

/** Path of a shared capture. */
export const capture = (name: string): string => `${SHARED}pcaps/${name}`;
