// Where the API listens, and what that asks for.

import { readFileSync } from 'node:fs';
import type { DaemonConfig } from '../config/daemon-schema.ts';
import { UsageError } from '../config/usage-error.ts';

export interface Address {
  /** Of a socket in the file system; '' for TCP. */
  path: string;
  host: string;
  port: number;
}

/** `127.0.0.1:8145`, `[::1]:8145`, `localhost:8145`, `unix:/run/netscribe.sock`. Throws a UsageError. */
export function parseAddress(text: string): Address {
  if (text.startsWith('unix:')) return { path: text.slice('unix:'.length), host: 'localhost', port: 0 };
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  if (match === null || Number(match[3]) > 65_535)
    throw new UsageError(`api.address: '${text}' is no address; write HOST:PORT, as in 127.0.0.1:8145, or unix:/PATH`);
  return { path: '', host: match[1] ?? match[2], port: Number(match[3]) };
}

/** Whether the API can be as the configuration says. Throws a UsageError; opens nothing. */
export function checkApi({ api }: DaemonConfig): void {
  if (api.enabled) tlsFor(parseAddress(api.address), api);
}

export function isLoopback({ path, host }: Address): boolean {
  return path !== '' || host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Key material for anything but loopback. Throws a UsageError when it is missing or can not be read. */
export function tlsFor(address: Address, { tls, address: text }: DaemonConfig['api']) {
  if (tls === undefined) {
    if (isLoopback(address)) return undefined;
    throw new UsageError(
      `api.address: ${text} can be reached by others, so clients must show a certificate: set api.tls (certificate, key, client_ca), or listen on 127.0.0.1`,
    );
  }
  const read = (name: 'certificate' | 'key' | 'client_ca') => {
    try {
      return readFileSync(tls[name]);
    } catch (error) {
      throw new UsageError(`api.tls.${name}: ${(error as Error).message}`);
    }
  };
  return {
    cert: read('certificate'),
    key: read('key'),
    ca: read('client_ca'),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2' as const,
  };
}
