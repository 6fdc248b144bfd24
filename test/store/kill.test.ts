// kill -9 at any moment. A dozen moments here, two hundred in test/e2e-slow/kill.test.ts.

import { it } from 'vitest';
import { killAndLook } from './kill-kit.ts';

it('survives kill -9', () => killAndLook(12, 1));
