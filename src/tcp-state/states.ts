// States of a TCP socket and their names (include/net/tcp_states.h), spelled as in RFC 9293.

/** By the kernel's number. 12, a request that waits for its last ACK, is SYN-RECEIVED in the RFC's words. */
export const STATE_NAMES = [
  'UNKNOWN',
  'ESTABLISHED',
  'SYN-SENT',
  'SYN-RECEIVED',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'TIME-WAIT',
  'CLOSED',
  'CLOSE-WAIT',
  'LAST-ACK',
  'LISTEN',
  'CLOSING',
  'SYN-RECEIVED',
] as const;

export const UNKNOWN = 0;
export const ESTABLISHED = 1;
export const SYN_SENT = 2;
export const SYN_RECEIVED = 3;
export const CLOSED = 7;
export const LISTEN = 10;

/** Number of a state by its name, however the dash is written; undefined for another word. */
export function stateNumber(name: string): number | undefined {
  const wanted = name.toUpperCase().replaceAll('_', '-');
  const number = (STATE_NAMES as readonly string[]).indexOf(
    { CLOSE: 'CLOSED', 'SYN-RECV': 'SYN-RECEIVED', 'FIN-WAIT1': 'FIN-WAIT-1', 'FIN-WAIT2': 'FIN-WAIT-2' }[wanted] ??
      wanted,
  );
  return number > 0 ? number : undefined;
}
