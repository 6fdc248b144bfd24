import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type IcmpVersion, messageName } from '../../../src/protocols/icmp/types.ts';
import { hasShared, SHARED } from '../../kit/shared.ts';

describe('messageName', () => {
  it.each([
    [4, 0, 0, 'EchoReply'],
    [4, 8, 0, 'EchoRequest'],
    [4, 8, 3, 'EchoRequest(Code: 3)'],
    [4, 3, 13, 'DestinationUnreachable(CommAdminProhibited)'],
    [4, 3, 200, 'DestinationUnreachable(Code: 200)'],
    [4, 5, 3, 'Redirect(TOS+Host)'],
    [4, 200, 1, '200(1)'],
    [6, 1, 0, 'DestinationUnreachable(NoRouteToDst)'],
    [6, 3, 0, 'TimeExceeded(HopLimitExceeded)'],
    [6, 143, 0, '143(0)'],
  ] as const)('ICMPv%i type %i code %i is %s', (version, type, code, name) => {
    expect(messageName(version, type, code)).toBe(name);
    expect(messageName(version, type, code)).toBe(name);
  });

  it.skipIf(!hasShared)('spells every message as Packetbeat does', () => {
    const folder = `${SHARED}golden/packetbeat/`;
    let seen = 0;
    for (const file of readdirSync(folder)) {
      if (!file.endsWith('.ndjson.gz')) continue;
      for (const line of gunzipSync(readFileSync(folder + file))
        .toString()
        .split('\n')) {
        if (!line.includes('"type":"icmp"')) continue;
        const { icmp } = JSON.parse(line);
        for (const half of [icmp.request, icmp.response]) {
          if (half === undefined) continue;
          seen++;
          expect(messageName(icmp.version as IcmpVersion, half.type, half.code)).toBe(half.message);
        }
      }
    }
    expect(seen).toBeGreaterThan(400);
  });
});
