// The parts of a host name that people group by: public suffix (eTLD), registered domain (eTLD+1), subdomain. Truth: Mozilla's
// public suffix list, both its sections, by way of tldts.

import { parse } from 'tldts';
import { asciiLower } from '../../records/text.ts';

export interface DomainParts {
  /** The public suffix: `co.uk`. Undefined when the name is nothing but a suffix. */
  readonly topLevelDomain: string | undefined;
  /** One label more than the public suffix: `example.co.uk`. */
  readonly registeredDomain: string | undefined;
  /** What stands before the registered domain; undefined when nothing does. */
  readonly subdomain: string | undefined;
}

const NONE: DomainParts = { topLevelDomain: undefined, registeredDomain: undefined, subdomain: undefined };
const HOW = {
  allowPrivateDomains: true,
  detectIp: false,
  extractHostname: false,
  mixedInputs: false,
  validateHostname: false,
} as const;
const LONGEST_CACHED_NAME = 255;
const CACHE_ENTRIES = 8192;
const cache = new Map<string, DomainParts>();

/** Parts of a name in presentation form, in the letters' own case. An escaped dot (`\.`) leaves them undefined. */
export function domainParts(name: string): DomainParts {
  const cached = cache.get(name);
  if (cached !== undefined) return cached;
  const parts = split(name);
  // Emptying now and then costs less than keeping an order, and bounds the memory all the same.
  if (cache.size >= CACHE_ENTRIES) cache.clear();
  if (name.length <= LONGEST_CACHED_NAME) cache.set(name, parts);
  return parts;
}

function split(name: string): DomainParts {
  if (name === '.' || name.includes('\\.')) return NONE;
  // ASCII alone: its lower case has the same length, so offsets fit the original.
  const { publicSuffix, domain } = parse(asciiLower(name), HOW);
  if (publicSuffix === null || domain === null) return NONE;
  const registeredAt = name.length - domain.length;
  return {
    topLevelDomain: name.slice(name.length - publicSuffix.length),
    registeredDomain: name.slice(registeredAt),
    subdomain: registeredAt > 1 ? name.slice(0, registeredAt - 1) : undefined,
  };
}
