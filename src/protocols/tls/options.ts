// Options of the TLS analyzer: Packetbeat's, with its names and presets.

import { z } from 'zod';
import { chosenOption, commonOptions } from '../common-options.ts';

export const PORTS = [443, 993, 995, 5223, 8443, 8883, 9243] as const;

const FINGERPRINTS = ['sha1', 'sha256', 'md5'] as const;

export const options = z.strictObject({
  // A person may have to choose a certificate before the handshake goes on, so TLS waits longer than Packetbeat's 10 s.
  ...commonOptions({ ports: PORTS, transactionTimeout: '1m' }),
  send_request: z.boolean().default(false).describe('put the ClientHello, in hexadecimal, into `request`'),
  send_response: z.boolean().default(false).describe('put the ServerHello, in hexadecimal, into `response`'),
  transaction_timeout: commonOptions({ ports: PORTS, transactionTimeout: '1m' }).transaction_timeout.describe(
    'packet time after which a handshake that has not come to its end is published as it is',
  ),
  send_certificates: z
    .boolean()
    .default(true)
    .describe('say what the certificates are: names, validity, keys, fingerprints'),
  include_raw_certificates: z
    .boolean()
    .default(false)
    .describe(
      'put the certificates themselves, in PEM, into `tls.client.certificate_chain` and `tls.server.certificate_chain`',
    ),
  include_detailed_fields: z
    .boolean()
    .default(true)
    .describe('put what the hellos say, alerts and chains into `tls.detailed`'),
  fingerprints: chosenOption(FINGERPRINTS, ['sha1']).describe('hashes of the certificates: sha1, sha256, md5'),
});

export type TlsOptions = z.output<typeof options>;
/** What the records need to know. */
export type DetailOptions = Pick<
  TlsOptions,
  | 'send_request'
  | 'send_response'
  | 'send_certificates'
  | 'include_raw_certificates'
  | 'include_detailed_fields'
  | 'fingerprints'
>;
