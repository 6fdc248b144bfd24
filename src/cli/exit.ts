// Exit codes: what scripts may count on.

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
export const EXIT_DAMAGED = 3;
export const EXIT_PRIVILEGE = 4;
export const EXIT_OUTPUT = 5;
