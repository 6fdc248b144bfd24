// Exit codes: what scripts may count on.

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
export const EXIT_DAMAGED = 3;
export const EXIT_PRIVILEGE = 4;
export const EXIT_OUTPUT = 5;

/** What each says, as manual pages tell it. */
export const EXIT_MEANINGS: ReadonlyMap<number, string> = new Map([
  [EXIT_OK, 'done'],
  [EXIT_FAILED, 'failed'],
  [EXIT_USAGE, 'wrong usage or configuration'],
  [EXIT_DAMAGED, 'the input is damaged: everything before the damage was processed and written'],
  [EXIT_PRIVILEGE, 'a privilege or a kernel feature is missing'],
  [EXIT_OUTPUT, 'the output is incomplete'],
]);
