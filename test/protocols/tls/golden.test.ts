// Shared captures: each TLS document of Packetbeat is one of ours, field by field, but for what is named here.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { runFiles } from '../../kit/engine.ts';
import { capture, hasShared, SHARED } from '../../kit/shared.ts';

type Flat = Record<string, unknown>;

/** Where ours differ on purpose: the field, and in which captures (all, when none is named). */
const BETTER: readonly (readonly [field: RegExp, captures: RegExp])[] = [
  // An echoed session id means nothing in TLS 1.3; before, it goes with a ticket where there is one (RFC 5077 section 3.4).
  [/^tls\.(resumed|detailed\.resumption_method)$/, /./],
  // Algorithms that Packetbeat has no name for.
  [/signature_algorithms$|supported_groups$/, /./],
  // A list of unit names is a list; names of the same kind stand in the order of the certificate; text outside of ASCII is kept.
  [/organizational_unit$|distinguished_name$|\.subject$|server_certificate_chain$/, /./],
  // TLS 1.3 in its drafts: it is not 1.2.
  [/^(status|tls\.(established|version|version_protocol|detailed\.version))$/, /draft|tls_experiment/],
  // The random of a HelloRetryRequest is not that of the ServerHello.
  [/server_hello\.random$/, /buffertoosmall/],
];

function flatten(value: object, prefix = '', into: Flat = {}): Flat {
  for (const [key, inner] of Object.entries(value)) {
    if (inner !== null && typeof inner === 'object' && !Array.isArray(inner)) flatten(inner, `${prefix}${key}.`, into);
    else into[prefix + key] = inner;
  }
  return into;
}

const connectionOf = (flat: Flat, one = 'client', other = 'server') =>
  `${flat[`${one}.ip`]} ${flat[`${one}.port`]} ${flat[`${other}.ip`]} ${flat[`${other}.port`]}`;

async function ours(name: string): Promise<Flat[]> {
  const { text } = await runFiles([capture(name)], { records: ['tls'] });
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => flatten(JSON.parse(line)));
}

describe.skipIf(!hasShared)('documents of Packetbeat', () => {
  it('are ours', async () => {
    const folder = `${SHARED}golden/packetbeat/`;
    let compared = 0;
    for (const file of readdirSync(folder).filter((one) => one.endsWith('.ndjson.gz'))) {
      const name = file.replace('.ndjson.gz', '');
      const lines = gunzipSync(readFileSync(folder + file))
        .toString()
        .split('\n')
        .filter((line) => line.includes('"type":"tls"'));
      if (lines.length === 0 || !existsSync(capture(name))) continue;
      const documents = await ours(name);
      for (const theirs of lines.map((line) => flatten(JSON.parse(line)))) {
        const own = documents.find((one) =>
          [connectionOf(one), connectionOf(one, 'server', 'client')].includes(connectionOf(theirs)),
        );
        expect(own, `${name}: ${connectionOf(theirs)}`).toBeDefined();
        for (const [field, value] of Object.entries(theirs)) {
          if (!/^tls\.|^status$|^destination\.domain$/.test(field)) continue;
          if (BETTER.some(([fields, captures]) => fields.test(field) && captures.test(name))) continue;
          expect({ name, field, value: own![field] }).toEqual({ name, field, value });
        }
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(60);
  });
});
