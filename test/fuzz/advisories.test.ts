// Inputs that broke parsers elsewhere, through every protocol of the registry.

import { beforeAll, describe, expect, it } from 'vitest';
import { ADVISORIES, BROKEN_CAPTURES } from './advisories.ts';
import { exchange } from './kit/exchange.ts';
import type { ProtocolTarget } from './kit/protocol-target.ts';
import { check, runOnce } from './kit/rules.ts';
import { CaptureFileTarget } from './targets/capture-file.ts';
import { protocolTargets } from './targets/index.ts';

let targets: ProtocolTarget[];
beforeAll(async () => {
  targets = await protocolTargets();
});

describe.each(ADVISORIES)('$protocol: $name', ({ protocol, exchange: input, says, saysNot }) => {
  it('harms nobody', () => {
    for (const target of targets) {
      if (target.name === protocol) check(target, input);
      else runOnce(target, input);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
    const own = targets.find((target) => target.name === protocol);
    if (own === undefined) return;
    const { text } = runOnce(own, input);
    if (says !== undefined) expect(text).toMatch(says);
    if (saysNot !== undefined) expect(text).not.toMatch(saysNot);
  });
});

describe.each(BROKEN_CAPTURES)('%s', (_name, file) => {
  it('is read as far as it goes', () => {
    const outcome = check(new CaptureFileTarget(), exchange('file', [0, file]), 3);
    expect(outcome.items).toBeLessThan(2);
  });
});
