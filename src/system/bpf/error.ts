// What can go wrong between us and bpf(2), in words that say what to do next.

import { getSystemErrorName } from 'node:util';

/** A BPF object can not be used here: it is not readable, the kernel lacks something, or refuses it. */
export class BpfError extends Error {
  override name = 'BpfError';
  /** Name of the errno, such as `EPERM`; empty when no system call failed. */
  readonly code: string;
  /** The end of the verifier's log, when a program was refused by it. */
  readonly verifierLog: string;

  constructor(message: string, code = '', verifierLog = '') {
    super(verifierLog === '' ? message : `${message}\n${verifierLog}`);
    this.code = code;
    this.verifierLog = verifierLog;
  }
}

/** An errno of a failed call as an error; `what` says what was tried. */
export function systemError(what: string, errno: number, verifierLog = ''): BpfError {
  const code = getSystemErrorName(-errno);
  return new BpfError(`${what}: ${code}${advice(code)}`, code, verifierLog);
}

function advice(code: string): string {
  switch (code) {
    case 'EPERM':
    case 'EACCES':
      return ' (needs CAP_BPF and CAP_PERFMON; attaching to an interface needs CAP_NET_ADMIN too)';
    case 'ENOSYS':
      return ' (this kernel has no bpf(2))';
    case 'ENOMEM':
      return ' (not enough memory for it)';
    default:
      return '';
  }
}
