// Wrong usage or configuration: the user can mend it.

/** Wrong usage or configuration. The message is for people. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
