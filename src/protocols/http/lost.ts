// What the capture lacks before a message: no beginning of another one; one, perhaps; one at least.

export const NONE_LOST = 0;
export const MAYBE_LOST = 1;
export const SURELY_LOST = 2;
export type Lost = typeof NONE_LOST | typeof MAYBE_LOST | typeof SURELY_LOST;
