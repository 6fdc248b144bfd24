// All vectors, in the order of research.

import { FRAGMENTS } from './fragments.ts';
import { HANDSHAKES } from './handshakes.ts';
import { OVERLAPS } from './overlaps.ts';
import { RESETS } from './resets.ts';
import { SEGMENTS } from './segments.ts';
import type { Vector } from './vector.ts';

export const VECTORS: readonly Vector[] = [...FRAGMENTS, ...OVERLAPS, ...HANDSHAKES, ...RESETS, ...SEGMENTS];
