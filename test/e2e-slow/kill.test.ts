// kill -9 at two hundred moments.

import { it } from 'vitest';
import { killAndLook } from '../store/kill-kit.ts';

it('survives kill -9', () => killAndLook(200, 2), 1_200_000);
