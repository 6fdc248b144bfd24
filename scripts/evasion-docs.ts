// npm run evasion:docs: writes docs/evasion.md from the vectors that the tests play.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { evasionPage } from './evasion-page.ts';

writeFileSync(fileURLToPath(new URL('../docs/evasion.md', import.meta.url)), evasionPage());
