import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { communityId, icmpCounterpart } from '../../src/flow/community-id.ts';
import { parseAddress } from '../../src/records/parse-address.ts';
import { hasShared, SHARED } from '../kit/shared.ts';

function id(
  source: string,
  destination: string,
  protocol: number,
  sourcePort: number,
  destinationPort: number,
  seed = 0,
) {
  const from = parseAddress(source);
  const to = parseAddress(destination);
  if (from === undefined || to === undefined) throw new Error(`no address: ${source} ${destination}`);
  return communityId(from, to, protocol, sourcePort, destinationPort, seed);
}

describe('Community ID v1', () => {
  it('gives the ids that the specification prints, both ways round', () => {
    expect(id('128.232.110.120', '66.35.250.204', 6, 34855, 80)).toBe('1:LQU9qZlK+B5F3KDmev6m5PMibrg=');
    expect(id('66.35.250.204', '128.232.110.120', 6, 80, 34855)).toBe('1:LQU9qZlK+B5F3KDmev6m5PMibrg=');
    expect(id('192.168.1.52', '8.8.8.8', 17, 54585, 53)).toBe('1:d/FP5EW3wiY1vCndhwleRRKHowQ=');
    expect(id('8.8.8.8', '192.168.1.52', 17, 53, 54585)).toBe('1:d/FP5EW3wiY1vCndhwleRRKHowQ=');
  });

  it('takes ICMP type and code, and finds the counterpart', () => {
    expect(id('192.168.0.89', '192.168.0.1', 1, 8, 0)).toBe('1:X0snYXpgwiv9TZtqg64sgzUn6Dk=');
    expect(id('192.168.0.1', '192.168.0.89', 1, 0, 0)).toBe('1:X0snYXpgwiv9TZtqg64sgzUn6Dk=');
    expect(icmpCounterpart(1, 8)).toBe(0);
    expect(icmpCounterpart(58, 136)).toBe(135);
    expect(icmpCounterpart(1, 3)).toBe(-1);
    expect(icmpCounterpart(58, 143)).toBe(-1);
  });

  it('keeps the direction of one-way ICMP messages', () => {
    expect(id('10.0.0.1', '10.0.0.2', 1, 3, 3)).not.toBe(id('10.0.0.2', '10.0.0.1', 1, 3, 3));
  });

  it('orders equal addresses by port', () => {
    expect(id('127.0.0.1', '127.0.0.1', 6, 80, 5000)).toBe(id('127.0.0.1', '127.0.0.1', 6, 5000, 80));
    expect(id('::1', '::1', 58, 128, 0)).toBe(id('::1', '::1', 58, 129, 0));
  });

  it('depends on the seed', () => {
    expect(id('10.0.0.1', '10.0.0.2', 6, 1, 2, 1)).not.toBe(id('10.0.0.1', '10.0.0.2', 6, 1, 2));
  });
});

const NUMBERS: Record<string, number> = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58, sctp: 132 };
/** A flow as the oracle of a capture lists it: protocol, a, port, b, port, … and the id last. */
type Row = (string | number | null)[];

describe.skipIf(!hasShared)('Community ID of real captures', () => {
  it('is what tshark gives for every flow', () => {
    const folder = `${SHARED}oracle/`;
    const files = readdirSync(folder);
    const wrong: unknown[] = [];
    const seen = new Map<number, number>();
    for (const file of files) {
      if (!file.endsWith('.json.gz')) continue;
      const { flows = {} } = JSON.parse(gunzipSync(readFileSync(folder + file)).toString()) as {
        flows?: { outer?: Row[]; inner?: Row[] };
      };
      for (const row of [...(flows.outer ?? []), ...(flows.inner ?? [])]) {
        const expected = row[row.length - 1];
        if (expected === null) continue;
        const protocol = typeof row[0] === 'number' ? row[0] : NUMBERS[row[0] as string];
        seen.set(protocol, (seen.get(protocol) ?? 0) + 1);
        const got = id(row[1] as string, row[3] as string, protocol, Number(row[2] ?? -1), Number(row[4] ?? -1));
        if (got !== expected) wrong.push({ file, row, got });
      }
    }
    expect(wrong).toEqual([]);
    for (const protocol of [1, 6, 17, 58, 132, 47]) expect(seen.get(protocol)).toBeGreaterThan(3);
  });
});
